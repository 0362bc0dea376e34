#ifndef BTRUN_CODEGEN_LOWER_STMT_H
#define BTRUN_CODEGEN_LOWER_STMT_H

#include "codegen/lower/state.h"

void gen_block_statements(struct function *f, struct node *statements);
/* Ends the program here. */
void gen_return(struct function *f);

#endif
