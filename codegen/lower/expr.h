/* Expressions. */
#ifndef BTRUN_CODEGEN_LOWER_EXPR_H
#define BTRUN_CODEGEN_LOWER_EXPR_H

#include "codegen/lower/state.h"

/* Gives a scalar's value as i64, extended by its type. */
LLVMValueRef gen_value(struct function *f, struct node *node);
/* Writes any value into memory of type, which may be wider than the node's. All type->size bytes are written.
 * Behind the NUL of a text there are only NULs. */
void gen_value_to(struct function *f, struct node *node, LLVMValueRef to, const struct type *type);
/* The same, with the bytes of an array of char as they are: for those who look at bytes, or print no further
 * than the NUL. */
void gen_bytes_to(struct function *f, struct node *node, LLVMValueRef to, const struct type *type);
/* Is it a text that a helper writes, its NUL included (comm)? Where nobody looks behind the NUL it can go to
 * memory that holds anything. */
bool gen_is_given_text(const struct node *node);
/* Gives a truth value as i1. */
LLVMValueRef gen_truth(struct function *f, struct node *node);

#endif
