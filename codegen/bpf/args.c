/*
 * The members of args: what the probe's context gives by name.
 */
#include "codegen/gen.h"

/* The tracepoint's field from byte at on, as the struct that relocs.c recognises. is_number: it is the
 * field's whole value, not a part of it. */
static LLVMValueRef tracepoint_load(
    struct gen *g, const struct member *m, uint32_t at, uint32_t size, bool is_number)
{
	const struct attach *a = g->attach;
	struct str record =
	    str_format(g->arena, "btrun_tp__%.*s__%.*s", STR_ARG(a->category), STR_ARG(a->event));
	enum image_loc loc = m->data_loc ? LOC_DATA : m->rel_loc ? LOC_REL : LOC_NONE;
	struct str field = str_format(
	    g->arena, "%.*s+%u+%u+%u+%u", STR_ARG(m->name), at, m->field_size, is_number ? size : 0, loc);
	uint64_t bits = 8ull * size;
	LLVMMetadataRef di = core_describe_record(g, record, false, m->bit_offset / 8 + m->field_size, field,
	    m->bit_offset + 8ull * at, bits, false, core_describe_int(g, "int", size, 7));
	LLVMValueRef pointer = core_preserve(g, g->context_arg, di, false);
	LLVMValueRef v = LLVMBuildLoad2(g->b, gen_int_type(g, size), pointer, "");

	LLVMSetVolatile(v, 1);
	return v;
}

static LLVMValueRef tracepoint_value(struct gen *g, struct node *node)
{
	const struct member *m = node->member.member;
	LLVMValueRef v;

	if (m->data_loc || m->rel_loc) {
		v = LLVMBuildZExt(g->b, tracepoint_load(g, m, 0, 4, false), g->i64, "");
		v = LLVMBuildAnd(g->b, v, gen_const(g, 0xffff), "");
		if (m->rel_loc)
			v = LLVMBuildAdd(g->b, v, gen_const(g, m->bit_offset / 8 + 4), "");
		return LLVMBuildAdd(g->b, LLVMBuildPtrToInt(g->b, g->context_arg, g->i64, ""), v, "");
	}
	return core_extend(g, m->type, tracepoint_load(g, m, 0, m->type->size, true));
}

/* A load of 8 bytes of the context, as a struct that relocs.c recognises: where there is one such parameter
 * more before it, it lies 8 bytes on. */
LLVMValueRef args_typed_load(struct gen *g, const struct member *m)
{
	struct str record = str_format(g->arena, "btrun_fn__%.*s", STR_ARG(g->attach->function));
	struct str field = str_format(g->arena, "%.*s+0+8+0+0", STR_ARG(m->name));
	uint32_t end = 8 * (m->arg_index + 1);
	LLVMMetadataRef di = core_describe_record(g, record, false, end, field, 64ull * m->arg_index, 64,
	    false, core_describe_int(g, "long", 8, 7));

	return gen_volatile(g, g->ptr, core_preserve(g, g->context_arg, di, false));
}

/* Which of the function's parameters has that name, where the image runs. */
static LLVMValueRef parameter_number(struct gen *g, const struct member *m)
{
	return extern_load(g, EXTERN_parameter,
	    str_format(
		g->arena, "%.*s:%.*s:%u", STR_ARG(g->attach->function), STR_ARG(m->name), m->type->size));
}

/* bpf_get_func_arg() and bpf_get_func_ret() give scalars, whatever the verifier knows of the argument. */
static LLVMValueRef function_value(struct gen *g, const struct member *m)
{
	LLVMValueRef slot = gen_temporary(g, 8),
		     args[3] = { g->context_arg, gen_const32(g, m->arg_index), slot };
	LLVMValueRef v;

	if (g->program->portable && !m->is_retval)
		args[1] = LLVMBuildTrunc(g->b, parameter_number(g, m), g->i32, "");
	if (m->is_retval) {
		args[1] = slot;
		gen_call(g, HELPER_FUNC_RET, g->i64, args, 2);
	} else {
		gen_call(g, HELPER_FUNC_ARG, g->i64, args, 3);
	}
	v = gen_load64(g, slot);
	if (m->is_retval)
		btf_load_retval(g, v);
	else
		btf_load_argument(g, v, m->arg_index);
	if (m->type->size == 8)
		return v;
	return core_extend(g, m->type, LLVMBuildTrunc(g->b, v, gen_int_type(g, m->type->size), ""));
}

/* A member of an iterator's context, where CO-RE finds it: a pointer into the kernel, of which the verifier
 * knows the type. */
LLVMValueRef args_iter_load(struct gen *g, const struct member *m)
{
	struct str record = str_format(g->arena, "bpf_iter__%.*s", STR_ARG(g->attach->event));
	LLVMMetadataRef di = core_describe_record(g, record, false, m->bit_offset / 8 + m->type->size,
	    m->name, m->bit_offset, 8ull * m->type->size, false, core_describe_type(g, m->type));
	LLVMValueRef v = LLVMBuildLoad2(
	    g->b, gen_int_type(g, m->type->size), core_preserve(g, g->context_arg, di, false), "");

	LLVMSetVolatile(v, 1);
	return v;
}

/* Through memory that the verifier does not follow, which makes a plain number of the pointer. */
static LLVMValueRef laundered(struct gen *g, LLVMValueRef v)
{
	LLVMValueRef room = gen_scratch(g, 8), store = LLVMBuildStore(g->b, v, room);

	LLVMSetVolatile(store, 1);
	return gen_volatile(g, g->i64, room);
}

static LLVMValueRef iter_value(struct gen *g, const struct member *m)
{
	LLVMValueRef v = args_iter_load(g, m);

	return m->type->form == FORM_PTR ? laundered(g, v) : core_extend(g, m->type, v);
}

/* A register or a place on the stack holds no more than the parameter: the other bits are anything. */
static LLVMValueRef parameter_value(struct gen *g, const struct member *m)
{
	LLVMValueRef v = gen_entry_argument(g, m->arg_index);

	if (m->type->size == 8)
		return v;
	return core_extend(g, m->type, LLVMBuildTrunc(g->b, v, gen_int_type(g, m->type->size), ""));
}

LLVMValueRef args_value(struct gen *g, struct node *node)
{
	if (g->program_kind == PROGRAM_iter)
		return iter_value(g, node->member.member);
	if (g->program_kind == PROGRAM_uprobe)
		return parameter_value(g, node->member.member);
	return g->program_kind == PROGRAM_tracepoint ? tracepoint_value(g, node)
						     : function_value(g, node->member.member);
}

/* A char array of a tracepoint, element by element: needs no helper, so it works under lockdown. */
void args_copy_field(struct gen *g, struct node *node, LLVMValueRef to)
{
	const struct member *m = node->member.member;
	uint32_t element = m->type->target ? m->type->target->size : 1;
	/* Not 8: the stack takes no 8 bytes at an address of 4, where ntop() has an address. */
	uint32_t bytes = element % 4 == 0 ? 4 : element % 2 == 0 ? 2 : 1;

	/* An element at a time: that it is aligned on every kernel is all that is certain of an array's
	 * place. */
	for (uint32_t at = 0; at < m->type->size; at += bytes)
		LLVMBuildStore(g->b, tracepoint_load(g, m, at, bytes, false), gen_offset(g, to, at));
}
