#include "codegen/bpf/helpers.h"

#include <string.h>

/* Is a helper's result the same throughout a program, which stays on its CPU? LLVM may call once for several
 * uses then. */
static bool is_constant(enum bpf_func_id helper)
{
	return helper == BPF_FUNC_get_current_pid_tgid || helper == BPF_FUNC_get_current_uid_gid ||
	       helper == BPF_FUNC_get_smp_processor_id || helper == BPF_FUNC_get_current_task ||
	       helper == BPF_FUNC_get_current_task_btf || helper == BPF_FUNC_get_current_cgroup_id ||
	       helper == BPF_FUNC_get_numa_node_id;
}

static void mark_constant(struct function *f, LLVMValueRef call)
{
	static const char *const names[] = { "memory", "nounwind", "willreturn" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		unsigned kind = LLVMGetEnumAttributeKindForName(names[i], strlen(names[i]));

		/* memory: 0 is none */
		LLVMAddCallSiteAttribute(
		    call, LLVMAttributeFunctionIndex, LLVMCreateEnumAttribute(f->m->context, kind, 0));
	}
}

LLVMValueRef gen_call(
    struct function *f, enum bpf_func_id helper, LLVMTypeRef result, LLVMValueRef *args, unsigned n)
{
	LLVMTypeRef types[5];
	LLVMValueRef v;

	for (unsigned i = 0; i < n; i++)
		types[i] = LLVMTypeOf(args[i]);
	/* The kernel's calling convention for helpers: a call of the helper's number. */
	v = LLVMBuildCall2(f->b, LLVMFunctionType(result, types, n, 0),
	    LLVMBuildIntToPtr(f->b, gen_const(f, helper), f->m->ptr, ""), args, n, "");
	if (is_constant(helper))
		mark_constant(f, v);
	/* Before 6.4 the verifier puts calls of the map's own functions in the place of these two, which
	 * return an int: an error's upper half is then 0. */
	if (helper == BPF_FUNC_map_update_elem || helper == BPF_FUNC_map_delete_elem)
		v = LLVMBuildSExt(f->b, LLVMBuildTrunc(f->b, v, f->m->i32, ""), f->m->i64, "");
	return v;
}
