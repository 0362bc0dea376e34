/* Members, elements and dereferences, along their paths. */
#ifndef BTRUN_CODEGEN_LOWER_MEMBER_H
#define BTRUN_CODEGEN_LOWER_MEMBER_H

#include "codegen/lower/state.h"

/* Gives the address (i64) of a member, element or dereference. */
LLVMValueRef gen_address(struct function *f, struct node *node);
/* Gives the value of one that is a scalar. */
LLVMValueRef gen_member_value(struct function *f, struct node *node);
/* Returns the memory that a node's address is in. */
enum address_space gen_space(const struct node *node);
/* Does a value lie in our own memory: in a variable, a map's value, a tuple? */
bool gen_is_local(const struct node *node);
/* Copies a struct, array, tuple ... of our own memory -> to. */
void gen_local_copy(struct function *f, struct node *node, LLVMValueRef to);
/* Gives the address of a member, or the pointer that it is, with the type that the verifier knows. In an
 * iterator it goes to missing when its object is none. */
LLVMValueRef gen_kernel_pointer(struct function *f, struct node *node, LLVMBasicBlockRef missing);
/* Returns the variable that a value is read from, casts of the same size aside; NULL: from none. */
const struct variable *gen_variable_of(const struct node *node);

#endif
