#include "codegen/bpf/context.h"

#include "codegen/bpf/btf_load.h"
#include "codegen/bpf/core_read.h"
#include "codegen/bpf/gen.h"
#include "codegen/bpf/helpers.h"
#include "codegen/bpf/loss_counters.h"
#include "codegen/bpf/memory.h"
#include "language/program_kinds.h"

LLVMValueRef context_register(struct function *f, unsigned number)
{
	uint32_t offset = f->g->program->arch->registers[number].offset;
	LLVMValueRef v = LLVMBuildLoad2(f->b, f->m->i64, gen_offset(f, f->bpf->context_arg, offset), "");

	LLVMSetVolatile(v, 1);
	return v;
}

static LLVMValueRef from_helper(struct function *f, enum bpf_func_id helper, LLVMValueRef number)
{
	uint32_t top = f->bpf->stack_top;
	LLVMValueRef slot = gen_temporary(f, 8),
		     args[3] = { f->bpf->context_arg, number ? number : slot, slot };

	gen_call(f, helper, f->m->i64, args, number ? 3 : 2);
	f->bpf->stack_top = top;
	return gen_load64(f, slot);
}

/* The size of a parameter; 0 when BTF does not know it. */
static uint32_t param_size(struct function *f, uint32_t number)
{
	struct btf_info info;
	struct str name;
	uint32_t type;

	if (!f->bpf->attach->in_btf || number >= f->bpf->attach->n_params)
		return 0;
	btf_param(f->g->program->btf, f->bpf->attach->proto, number, &name, &type);
	btf_info(f->g->program->btf, type, &info);
	return info.size;
}

static LLVMValueRef register_argument(struct function *f, uint32_t number)
{
	return context_register(f, f->g->program->arch->arguments[number]);
}

static LLVMValueRef trampoline_argument(struct function *f, uint32_t number)
{
	LLVMValueRef v = from_helper(f, BPF_FUNC_get_func_arg, gen_const32(f, number));
	uint32_t size = param_size(f, number);

	btf_load_argument(f, v, number);
	/* 6.1's trampoline stores only the bytes of the parameter. */
	if (size < 8)
		v = LLVMBuildZExt(f->b, LLVMBuildTrunc(f->b, v, gen_int_type(f, size), ""), f->m->i64, "");
	return v;
}

/* The context of a raw tracepoint is its arguments, 8 bytes each; a pointer among them is laundered into a
 * number. */
static LLVMValueRef raw_argument(struct function *f, uint32_t number)
{
	LLVMValueRef v = gen_volatile(f, f->m->i64, gen_offset(f, f->bpf->context_arg, 8 * number));

	return gen_opaque(f, v);
}

/* Reads an argument that no register holds: at a function's entry they lie on the stack. */
static LLVMValueRef stack_argument(struct function *f, uint32_t number)
{
	uint32_t top = f->bpf->stack_top;
	const struct arch *arch = f->g->program->arch;
	LLVMValueRef slot = gen_temporary(f, 8), at;

	at = LLVMBuildAdd(f->b, context_register(f, arch->stack_pointer),
	    gen_const(f, arch->first_on_stack + 8 * (uint64_t)number), "");
	core_read(f, f->bpf->user_memory ? SPACE_USER : SPACE_KERNEL, slot, 8, at, f->bpf->attach->span);
	f->bpf->stack_top = top;
	return gen_load64(f, slot);
}

LLVMValueRef context_entry_argument(struct function *f, uint32_t place)
{
	uint32_t n = f->g->program->arch->n_arguments;

	return place < n ? register_argument(f, place) : stack_argument(f, place - n);
}

static LLVMValueRef usdt_argument(struct function *f, unsigned number)
{
	uint32_t top = f->bpf->stack_top;
	LLVMValueRef slot = gen_temporary(f, 8), result;
	LLVMValueRef args[3] = { f->bpf->context_arg, gen_const(f, number), slot };

	gen_store64(f, slot, gen_const(f, 0));
	result = gen_call_function(f, f->g->usdt_function, args, 3);
	loss_count_failure(f, result, LOSS_read_fault, IMAGE_NONE, f->bpf->attach->span);
	f->bpf->stack_top = top;
	return gen_load64(f, slot);
}

LLVMValueRef context_argument(struct function *f, uint32_t number, bool on_stack)
{
	if (on_stack)
		return stack_argument(f, number);
	switch (program_kinds[f->bpf->program_kind].context) {
	case CONTEXT_TRAMPOLINE:
		return trampoline_argument(f, number);
	case CONTEXT_ARGUMENTS:
		return raw_argument(f, number);
	case CONTEXT_USDT:
		return usdt_argument(f, number);
	case CONTEXT_NONE:
	case CONTEXT_REGISTERS:
	case CONTEXT_RECORD:
	case CONTEXT_OBJECT:
		break;
	}
	return register_argument(f, number);
}

LLVMValueRef context_retval(struct function *f, const struct type *type)
{
	LLVMValueRef v;

	if (program_kinds[f->bpf->program_kind].context == CONTEXT_REGISTERS) {
		v = context_register(f, f->g->program->arch->result);
	} else {
		v = from_helper(f, BPF_FUNC_get_func_ret, NULL);
		btf_load_retval(f, v);
	}
	if (type->size == 8)
		return v;
	return gen_extend(f, type, LLVMBuildTrunc(f->b, v, gen_int_type(f, type->size), ""));
}
