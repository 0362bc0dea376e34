#include "codegen/lower/builtin.h"

#include "codegen/bpf/context.h"

static builtin_generator *const generators[] = {
#define BUILTIN(name, forms, signature, where, rule, generator, event) [BUILTIN_##name] = generator,
#include "language/builtins.def"
#undef BUILTIN
};

LLVMValueRef builtin_value(struct function *f, struct node *node, LLVMValueRef to)
{
	bool is_call = node->kind == NODE_CALL;
	struct builtin_use use = {
		.node = node,
		.call = is_call ? node->call.call : node->ident.call,
		.args = is_call ? node->call.args : NULL,
		.to = to,
	};

	if (use.call->is_arg)
		return context_argument(f, use.call->number, use.call->on_stack);
	return generators[use.call->builtin](f, &use);
}
