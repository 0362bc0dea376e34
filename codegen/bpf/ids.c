#include "codegen/bpf/ids.h"

#include "codegen/bpf/externs.h"
#include "codegen/bpf/gen.h"
#include "codegen/bpf/helpers.h"
#include "codegen/llvm/blocks.h"

/* As btrun itself sees them: in a container they are those of its PID namespace, and 0 for a process outside.
 * Which of the two calls is made is a constant to the verifier. */
LLVMValueRef ids_ask(struct function *f)
{
	LLVMValueRef inode = extern_load(f, EXTERN_pidns_inode, STR("")), given = gen_alloca(f, 8, "given"),
		     args[4] = { NULL, inode, given, gen_const32(f, 8) }, in_ours, in_all;
	LLVMBasicBlockRef ours = gen_block(f, "namespace"), all = gen_block(f, "initial"),
			  after = gen_block(f, "after");

	LLVMBuildCondBr(f->b, LLVMBuildICmp(f->b, LLVMIntNE, inode, gen_const(f, 0), ""), ours, all);
	LLVMPositionBuilderAtEnd(f->b, ours);
	args[0] = extern_load(f, EXTERN_pidns_device, STR(""));
	/* struct bpf_pidns_info: u32 pid, u32 tgid: the helper gives zeros when it fails */
	gen_call(f, BPF_FUNC_get_ns_current_pid_tgid, f->m->i64, args, 4);
	in_ours = gen_load64(f, given);
	LLVMBuildBr(f->b, after);
	LLVMPositionBuilderAtEnd(f->b, all);
	in_all = gen_call(f, BPF_FUNC_get_current_pid_tgid, f->m->i64, NULL, 0);
	gen_go(f, after);
	return gen_either(f, in_ours, ours, in_all, all);
}

LLVMValueRef gen_pid_tgid(struct function *f)
{
	f->bpf->ids_used = true;
	return gen_load64(f, f->bpf->ids);
}
