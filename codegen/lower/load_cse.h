/* Reads of maps that are not made again. */
#ifndef BTRUN_CODEGEN_LOWER_LOAD_CSE_H
#define BTRUN_CODEGEN_LOWER_LOAD_CSE_H

#include "codegen/lower/state.h"

/* Returns the value of a map's element (NODE_MAP, a scalar) that has been read already, or NULL. */
LLVMValueRef load_cse_read(struct function *f, const struct node *node);
/* Notes that it has been read now. */
void load_cse_add(struct function *f, const struct node *node, LLVMValueRef value);
/* Forgets a map that is written to; NULL: nothing is known any more. */
void load_cse_forget(struct function *f, const struct map *map);

#endif
