#ifndef BTRUN_CODEGEN_LOWER_SEQ_PRINTF_H
#define BTRUN_CODEGEN_LOWER_SEQ_PRINTF_H

#include "codegen/lower/state.h"

/* Makes the printf() of a pinned iterator. */
void seq_printf(struct function *f, struct node *node);

#endif
