/* What the generators of language/builtins.def share: builtin_X returns a scalar's value, or writes to the
 * memory that it is given. */
#ifndef BTRUN_CODEGEN_LOWER_BUILTIN_H
#define BTRUN_CODEGEN_LOWER_BUILTIN_H

#include "codegen/lower/state.h"

struct builtin_use {
	struct node *node;
	struct call *call;
	struct node *args; /* list; NULL for a variable */
	LLVMValueRef to;   /* where a value goes that is no scalar, of the node's type */
};

typedef LLVMValueRef builtin_generator(struct function *f, const struct builtin_use *use);

#define BUILTIN(name, forms, signature, where, rule, generator, event) builtin_generator generator;
#include "language/builtins.def"
#undef BUILTIN

/* Gives the value of a call, or of a builtin variable. */
LLVMValueRef builtin_value(struct function *f, struct node *node, LLVMValueRef to);

#endif
