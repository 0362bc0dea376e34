#ifndef BTRUN_CODEGEN_LOWER_TEXT_H
#define BTRUN_CODEGEN_LOWER_TEXT_H

#include "codegen/lower/state.h"

/* Makes str() into memory of its type's size; the helper's result: bytes with the NUL, or negative. NULL
 * when the node is no such call. */
LLVMValueRef gen_string_result(struct function *f, struct node *node, LLVMValueRef to);

#endif
