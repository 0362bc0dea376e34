/* The builtins of stacks and of user symbols. */
#include <linux/bpf.h>

#include "codegen/bpf/ids.h"
#include "codegen/bpf/stacks.h"
#include "codegen/llvm/build.h"
#include "codegen/lower/builtin.h"
#include "codegen/lower/expr.h"
#include "language/program_kinds.h"

LLVMValueRef builtin_kstack(struct function *f, const struct builtin_use *use)
{
	return stack_take(
	    f, program_kinds[f->bpf->program_kind].frames, use->node->type->frames, use->node->span);
}

/* A number that only the process can explain: the number, and the process. */
static LLVMValueRef with_process(struct function *f, const struct builtin_use *use, LLVMValueRef number)
{
	LLVMValueRef pid = gen_pid_tgid(f);

	gen_store64(f, use->to, number);
	gen_store64(f, gen_offset(f, use->to, 8), LLVMBuildLShr(f->b, pid, gen_const(f, 32), ""));
	return NULL;
}

LLVMValueRef builtin_ustack(struct function *f, const struct builtin_use *use)
{
	return with_process(
	    f, use, stack_take(f, BPF_F_USER_STACK, use->node->type->frames, use->node->span));
}

LLVMValueRef builtin_ksym(struct function *f, const struct builtin_use *use)
{
	return gen_value(f, use->args);
}

LLVMValueRef builtin_usym(struct function *f, const struct builtin_use *use)
{
	return with_process(f, use, gen_value(f, use->args));
}
