/* Expressions. */
#ifndef BTRUN_CODEGEN_LOWER_EXPR_H
#define BTRUN_CODEGEN_LOWER_EXPR_H

#include "codegen/lower/state.h"

/* Gives a scalar's value as i64, extended by its type. */
LLVMValueRef gen_value(struct function *f, struct node *node);
/* Writes any value into memory of type, which may be wider than the node's. All type->size bytes are written.
 */
void gen_value_to(struct function *f, struct node *node, LLVMValueRef to, const struct type *type);
/* Is it a text that a helper writes, its NUL included (comm)? Where nobody looks behind the NUL it can go to
 * memory that holds anything. */
bool gen_is_given_text(const struct node *node);
/* Gives a truth value as i1. */
LLVMValueRef gen_truth(struct function *f, struct node *node);

#endif
