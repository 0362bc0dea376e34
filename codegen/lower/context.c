/*
 * What the probe's context gives: arguments, registers, the return value, what is being traced.
 */
#include "codegen/bpf/context.h"
#include "codegen/bpf/helpers.h"
#include "codegen/lower/builtin.h"
#include "language/program_kinds.h"

LLVMValueRef builtin_retval(struct function *f, const struct builtin_use *use)
{
	return context_retval(f, use->node->type);
}

LLVMValueRef builtin_reg(struct function *f, const struct builtin_use *use)
{
	return context_register(f, (unsigned)use->call->literal);
}

/* The context's address as a number: for the verifier it stops being a pointer to the context. */
LLVMValueRef builtin_ctx(struct function *f, const struct builtin_use *use)
{
	if (use->node->type->form == FORM_ARGS)
		return gen_const(f, 0);
	return gen_opaque(f, LLVMBuildPtrToInt(f->b, f->bpf->context_arg, f->m->i64, ""));
}

/* The target's id: known here, unless a pattern stands for many of them. */
LLVMValueRef builtin_target(struct function *f, const struct builtin_use *use)
{
	if (f->bpf->attach->glob)
		return gen_call(f, BPF_FUNC_get_attach_cookie, f->m->i64, &f->bpf->context_arg, 1);
	return gen_const(f, (uint64_t)f->bpf->attach->index << 32);
}
