/*
 * The members of args: what the probe's context gives by name.
 */
#include "codegen/bpf/args.h"

#include "codegen/bpf/btf_load.h"
#include "codegen/bpf/context.h"
#include "codegen/bpf/core.h"
#include "codegen/bpf/externs.h"
#include "codegen/bpf/gen.h"
#include "codegen/bpf/helpers.h"
#include "codegen/bpf/memory.h"
#include "codegen/llvm/debug_info.h"

/* The tracepoint's field from byte at on, as the struct that relocs.c recognises. is_number: it is the
 * field's whole value, not a part of it. */
static LLVMValueRef tracepoint_load(
    struct function *f, const struct member *m, uint32_t at, uint32_t size, bool is_number)
{
	const struct attach *a = f->bpf->attach;
	struct str record =
	    str_format(f->g->arena, "btrun_tp__%.*s__%.*s", STR_ARG(a->category), STR_ARG(a->event));
	enum image_loc loc = m->data_loc ? LOC_DATA : m->rel_loc ? LOC_REL : LOC_NONE;
	struct str field = str_format(
	    f->g->arena, "%.*s+%u+%u+%u+%u", STR_ARG(m->name), at, m->field_size, is_number ? size : 0, loc);
	uint64_t bits = 8ull * size;
	LLVMMetadataRef di = describe_record(f->m, record, false, m->bit_offset / 8 + m->field_size, field,
	    m->bit_offset + 8ull * at, bits, false, describe_int(f->m, "int", size, 7));
	LLVMValueRef pointer = core_preserve(f, f->bpf->context_arg, di, false);
	LLVMValueRef v = LLVMBuildLoad2(f->b, gen_int_type(f, size), pointer, "");

	LLVMSetVolatile(v, 1);
	return v;
}

static LLVMValueRef tracepoint_value(struct function *f, const struct member *m)
{
	LLVMValueRef v;

	if (m->data_loc || m->rel_loc) {
		v = LLVMBuildZExt(f->b, tracepoint_load(f, m, 0, 4, false), f->m->i64, "");
		v = LLVMBuildAnd(f->b, v, gen_const(f, 0xffff), "");
		if (m->rel_loc)
			v = LLVMBuildAdd(f->b, v, gen_const(f, m->bit_offset / 8 + 4), "");
		return LLVMBuildAdd(f->b, LLVMBuildPtrToInt(f->b, f->bpf->context_arg, f->m->i64, ""), v, "");
	}
	return gen_extend(f, m->type, tracepoint_load(f, m, 0, m->type->size, true));
}

/* A load of 8 bytes of the context, as a struct that relocs.c recognises: where the
 * parameters before it take one slot more, it lies 8 bytes on. */
LLVMValueRef args_typed_load(struct function *f, const struct member *m)
{
	struct str record = str_format(f->g->arena, "btrun_fn__%.*s", STR_ARG(f->bpf->attach->function));
	struct str field = str_format(f->g->arena, "%.*s+0+8+0+0", STR_ARG(m->name));
	uint32_t end = 8 * (m->arg_index + 1);
	LLVMMetadataRef di = describe_record(f->m, record, false, end, field, 64ull * m->arg_index, 64, false,
	    describe_int(f->m, "long", 8, 7));

	return gen_volatile(f, f->m->ptr, core_preserve(f, f->bpf->context_arg, di, false));
}

/* Loads the slot in which the parameter of that name begins, where the image runs. */
static LLVMValueRef parameter_slot(struct function *f, const struct member *m)
{
	return extern_load(f, EXTERN_parameter,
	    str_format(f->g->arena, "%.*s:%.*s:%u", STR_ARG(f->bpf->attach->function), STR_ARG(m->name),
		m->type->size));
}

/* bpf_get_func_arg() and bpf_get_func_ret() give scalars, whatever the verifier knows of the argument. */
static LLVMValueRef function_value(struct function *f, const struct member *m)
{
	LLVMValueRef slot = gen_temporary(f, 8),
		     args[3] = { f->bpf->context_arg, gen_const32(f, m->arg_index), slot };
	LLVMValueRef v;

	if (f->g->program->portable && !m->is_retval)
		args[1] = LLVMBuildTrunc(f->b, parameter_slot(f, m), f->m->i32, "");
	if (m->is_retval) {
		args[1] = slot;
		gen_call(f, BPF_FUNC_get_func_ret, f->m->i64, args, 2);
	} else {
		gen_call(f, BPF_FUNC_get_func_arg, f->m->i64, args, 3);
	}
	v = gen_load64(f, slot);
	if (m->is_retval)
		btf_load_retval(f, v);
	else
		btf_load_argument(f, v, m->arg_index);
	if (m->type->size == 8)
		return v;
	return gen_extend(f, m->type, LLVMBuildTrunc(f->b, v, gen_int_type(f, m->type->size), ""));
}

/* A member of an iterator's context, where CO-RE finds it: a pointer into the kernel, of which the verifier
 * knows the type. */
LLVMValueRef args_iter_load(struct function *f, const struct member *m)
{
	struct str record = str_format(f->g->arena, "bpf_iter__%.*s", STR_ARG(f->bpf->attach->event));
	LLVMMetadataRef di = describe_record(f->m, record, false, m->bit_offset / 8 + m->type->size, m->name,
	    m->bit_offset, 8ull * m->type->size, false, core_describe_type(f->m, m->type));
	LLVMValueRef v = LLVMBuildLoad2(
	    f->b, gen_int_type(f, m->type->size), core_preserve(f, f->bpf->context_arg, di, false), "");

	LLVMSetVolatile(v, 1);
	return v;
}

/* Through memory that the verifier does not follow, which makes a plain number of the pointer. */
static LLVMValueRef laundered(struct function *f, LLVMValueRef v)
{
	LLVMValueRef room = gen_scratch(f, 8), store = LLVMBuildStore(f->b, v, room);

	LLVMSetVolatile(store, 1);
	return gen_volatile(f, f->m->i64, room);
}

static LLVMValueRef iter_value(struct function *f, const struct member *m)
{
	LLVMValueRef v = args_iter_load(f, m);

	return m->type->form == FORM_PTR ? laundered(f, v) : gen_extend(f, m->type, v);
}

/* A register or a place on the stack holds no more than the parameter: the other bits are anything. */
static LLVMValueRef parameter_value(struct function *f, const struct member *m)
{
	LLVMValueRef v = context_entry_argument(f, m->arg_index);

	if (m->type->size == 8)
		return v;
	return gen_extend(f, m->type, LLVMBuildTrunc(f->b, v, gen_int_type(f, m->type->size), ""));
}

LLVMValueRef args_value(struct function *f, const struct member *m)
{
	if (f->bpf->program_kind == PROGRAM_iter)
		return iter_value(f, m);
	if (f->bpf->program_kind == PROGRAM_uprobe)
		return parameter_value(f, m);
	return f->bpf->program_kind == PROGRAM_tracepoint ? tracepoint_value(f, m) : function_value(f, m);
}

/* A char array of a tracepoint, element by element: needs no helper, so it works under lockdown. */
void args_copy_field(struct function *f, const struct member *m, LLVMValueRef to)
{
	uint32_t element = m->type->target ? m->type->target->size : 1;
	/* Not 8: the stack takes no 8 bytes at an address of 4, where ntop() has an address. */
	uint32_t bytes = element % 4 == 0 ? 4 : element % 2 == 0 ? 2 : 1;

	/* An element at a time: that it is aligned on every kernel is all that is certain of an array's
	 * place. */
	for (uint32_t at = 0; at < m->type->size; at += bytes)
		LLVMBuildStore(f->b, tracepoint_load(f, m, at, bytes, false), gen_offset(f, to, at));
}
