/*
 * What the probe's context gives: arguments, registers, the return value, what is being traced.
 */
#include "codegen/lower/builtin.h"

/* Loads a register, a number of the architecture's, from the context. */
static LLVMValueRef gen_register(struct gen *g, unsigned number)
{
	uint32_t offset = g->program->arch->registers[number].offset;
	LLVMValueRef v = LLVMBuildLoad2(g->b, g->i64, gen_offset(g, g->context_arg, offset), "");

	LLVMSetVolatile(v, 1);
	return v;
}

static LLVMValueRef from_helper(struct gen *g, enum helper helper, LLVMValueRef number)
{
	uint32_t top = g->stack_top;
	LLVMValueRef slot = gen_temporary(g, 8), args[3] = { g->context_arg, number ? number : slot, slot };

	gen_call(g, helper, g->i64, args, number ? 3 : 2);
	g->stack_top = top;
	return gen_load64(g, slot);
}

LLVMValueRef builtin_retval(struct gen *g, const struct builtin_use *use)
{
	const struct type *type = use->node->type;
	LLVMValueRef v;

	if (program_kinds[g->program_kind].context == CONTEXT_REGISTERS)
		return gen_register(g, g->program->arch->result);
	v = from_helper(g, HELPER_FUNC_RET, NULL);
	btf_load_retval(g, v);
	if (type->size == 8)
		return v;
	v = LLVMBuildTrunc(g->b, v, gen_int_type(g, type->size), "");
	return type->is_signed ? LLVMBuildSExt(g->b, v, g->i64, "") : LLVMBuildZExt(g->b, v, g->i64, "");
}

/* The size of a parameter; 0 when BTF does not know it. */
static uint32_t param_size(struct gen *g, uint32_t number)
{
	struct btf_info info;
	struct str name;
	uint32_t type;

	if (!g->attach->in_btf || number >= g->attach->n_params)
		return 0;
	btf_param(g->program->btf, g->attach->proto, number, &name, &type);
	btf_info(g->program->btf, type, &info);
	return info.size;
}

static LLVMValueRef register_argument(struct gen *g, uint32_t number)
{
	return gen_register(g, g->program->arch->arguments[number]);
}

static LLVMValueRef trampoline_argument(struct gen *g, uint32_t number)
{
	LLVMValueRef v = from_helper(g, HELPER_FUNC_ARG, gen_const32(g, number));
	uint32_t size = param_size(g, number);

	btf_load_argument(g, v, number);
	/* 6.1's trampoline stores only the bytes of the parameter. */
	if (size < 8)
		v = LLVMBuildZExt(g->b, LLVMBuildTrunc(g->b, v, gen_int_type(g, size), ""), g->i64, "");
	return v;
}

/* The context of a raw tracepoint is its arguments, 8 bytes each; a pointer among them is laundered into a
 * number. */
static LLVMValueRef raw_argument(struct gen *g, uint32_t number)
{
	LLVMValueRef v = gen_volatile(g, g->i64, gen_offset(g, g->context_arg, 8 * number));

	return gen_opaque(g, v);
}

/* Reads an argument that no register holds: at a function's entry they lie on the stack. */
static LLVMValueRef stack_argument(struct gen *g, uint32_t number)
{
	uint32_t top = g->stack_top;
	const struct arch *arch = g->program->arch;
	LLVMValueRef slot = gen_temporary(g, 8), at;

	at = LLVMBuildAdd(g->b, gen_register(g, arch->stack_pointer),
	    gen_const(g, arch->first_on_stack + 8 * (uint64_t)number), "");
	core_read(g, g->unit->user_memory ? SPACE_USER : SPACE_KERNEL, slot, 8, at, g->attach->span);
	g->stack_top = top;
	return gen_load64(g, slot);
}

LLVMValueRef gen_entry_argument(struct gen *g, uint32_t place)
{
	uint32_t n = g->program->arch->n_arguments;

	return place < n ? register_argument(g, place) : stack_argument(g, place - n);
}

static LLVMValueRef usdt_argument(struct gen *g, unsigned number)
{
	uint32_t top = g->stack_top;
	LLVMValueRef slot = gen_temporary(g, 8), result;
	LLVMValueRef args[3] = { g->context_arg, gen_const(g, number), slot };

	gen_store64(g, slot, gen_const(g, 0));
	result =
	    LLVMBuildCall2(g->b, LLVMGlobalGetValueType(g->usdt_function), g->usdt_function, args, 3, "");
	loss_count_failure(g, result, LOSS_read_fault, IMAGE_NONE, g->attach->span);
	g->stack_top = top;
	return gen_load64(g, slot);
}

LLVMValueRef gen_argument(struct gen *g, const struct call *call)
{
	if (call->on_stack)
		return stack_argument(g, call->number);
	switch (program_kinds[g->program_kind].context) {
	case CONTEXT_TRAMPOLINE:
		return trampoline_argument(g, call->number);
	case CONTEXT_ARGUMENTS:
		return raw_argument(g, call->number);
	case CONTEXT_USDT:
		return usdt_argument(g, call->number);
	case CONTEXT_NONE:
	case CONTEXT_REGISTERS:
	case CONTEXT_RECORD:
	case CONTEXT_OBJECT:
		break;
	}
	return register_argument(g, call->number);
}

LLVMValueRef builtin_reg(struct gen *g, const struct builtin_use *use)
{
	return gen_register(g, (unsigned)use->call->literal);
}

/* The context's address as a number: for the verifier it stops being a pointer to the context. */
LLVMValueRef builtin_ctx(struct gen *g, const struct builtin_use *use)
{
	if (use->node->type->form == FORM_ARGS)
		return gen_const(g, 0);
	return gen_opaque(g, LLVMBuildPtrToInt(g->b, g->context_arg, g->i64, ""));
}

/* The target's id: known here, unless a pattern stands for many of them. */
LLVMValueRef builtin_target(struct gen *g, const struct builtin_use *use)
{
	if (g->attach->glob)
		return gen_call(g, HELPER_ATTACH_COOKIE, g->i64, &g->context_arg, 1);
	return gen_const(g, (uint64_t)g->attach->index << 32);
}
