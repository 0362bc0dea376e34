/*
 * What the generators of language/builtins.def share: builtins.c, context.c (what the probe gives), text.c,
 * aggregate.c and stack.c have them.
 */
#ifndef BTRUN_CODEGEN_BUILTIN_H
#define BTRUN_CODEGEN_BUILTIN_H

#include "codegen/gen.h"

struct builtin_use {
	struct node *node;
	struct call *call;
	struct node *args; /* list; NULL for a variable */
	LLVMValueRef to;   /* where a value goes that is no scalar, of the node's type */
};

typedef LLVMValueRef builtin_generator(struct gen *g, const struct builtin_use *use);

#define BUILTIN(name, forms, signature, where, rule, generator, event) builtin_generator generator;
#include "language/builtins.def"
#undef BUILTIN

/* argN and sargN, which have no row. */
LLVMValueRef gen_argument(struct gen *g, const struct call *call);

#endif
