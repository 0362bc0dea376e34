/*
 * Reading memory that is not the program's own, by the kernel's helpers.
 */
#include "codegen/bpf/core_read.h"

#include "codegen/bpf/core.h"
#include "codegen/bpf/externs.h"
#include "codegen/bpf/gen.h"
#include "codegen/bpf/helpers.h"
#include "codegen/bpf/loss_counters.h"
#include "codegen/bpf/memory.h"
#include "codegen/llvm/blocks.h"

static LLVMValueRef read_call(
    struct function *f, enum bpf_func_id helper, LLVMValueRef to, LLVMValueRef size, LLVMValueRef address)
{
	LLVMValueRef args[3] = { to, LLVMBuildTrunc(f->b, size, f->m->i32, ""), address };

	return gen_call(f, helper, f->m->i64, args, 3);
}

/* Kernel memory first, user memory when that fails: for an address of which only its value is known. */
static LLVMValueRef read_any(struct function *f, enum bpf_func_id kernel, enum bpf_func_id user,
    LLVMValueRef to, LLVMValueRef size, LLVMValueRef address)
{
	LLVMValueRef slot = gen_alloca(f, 8, "read"), first = read_call(f, kernel, to, size, address);
	LLVMBasicBlockRef after;

	gen_store64(f, slot, first);
	gen_if(f, LLVMBuildICmp(f->b, LLVMIntSLT, first, gen_const(f, 0), ""), &after, "user");
	gen_store64(f, slot, read_call(f, user, to, size, address));
	gen_go(f, after);
	return gen_load64(f, slot);
}

static LLVMValueRef read_space(struct function *f, enum address_space space, enum bpf_func_id kernel,
    enum bpf_func_id user, LLVMValueRef to, LLVMValueRef size, LLVMValueRef address)
{
	if (space == SPACE_ANY)
		return read_any(f, kernel, user, to, size, address);
	return read_call(f, space == SPACE_USER ? user : kernel, to, size, address);
}

LLVMValueRef core_read_bytes(struct function *f, enum address_space space, LLVMValueRef to, LLVMValueRef size,
    LLVMValueRef address, struct span span)
{
	LLVMValueRef result =
	    read_space(f, space, BPF_FUNC_probe_read_kernel, BPF_FUNC_probe_read_user, to, size, address);

	loss_count_failure(f, result, LOSS_read_fault, IMAGE_NONE, span);
	return result;
}

void core_read(struct function *f, enum address_space space, LLVMValueRef to, uint32_t size,
    LLVMValueRef address, struct span span)
{
	core_read_bytes(f, space, to, gen_const(f, size), address, span);
}

LLVMValueRef core_read_string(
    struct function *f, enum address_space space, LLVMValueRef to, LLVMValueRef limit, LLVMValueRef address)
{
	LLVMValueRef result = read_space(
	    f, space, BPF_FUNC_probe_read_kernel_str, BPF_FUNC_probe_read_user_str, to, limit, address);
	LLVMValueRef empty = LLVMBuildICmp(f->b, LLVMIntEQ, result, gen_const(f, 0), "");

	/* Before 6.13 strncpy_from_user_nofault() of mm/maccess.c does not count the NUL of an empty string.
	 */
	return space != SPACE_KERNEL
		   ? LLVMBuildAdd(f->b, result, LLVMBuildZExt(f->b, empty, f->m->i64, ""), "")
		   : result;
}

/* The bits of a member, of which its bytes begin at the lowest bit of v. */
LLVMValueRef core_cut_bits(struct function *f, const struct member *m, LLVMValueRef v)
{
	unsigned left = 64 - m->bit_offset % 8 - m->bit_size;

	v = LLVMBuildShl(f->b, v, gen_const(f, left), "");
	return m->type->is_signed ? LLVMBuildAShr(f->b, v, gen_const(f, 64 - m->bit_size), "")
				  : LLVMBuildLShr(f->b, v, gen_const(f, 64 - m->bit_size), "");
}

uint32_t core_bit_bytes(const struct member *m)
{
	return (m->bit_offset % 8 + m->bit_size + 7) / 8;
}

LLVMValueRef core_read_scalar(struct function *f, enum address_space space, const struct type *type,
    LLVMValueRef address, struct span span)
{
	uint32_t top = f->bpf->stack_top;
	LLVMValueRef slot = gen_temporary(f, 8);

	core_read(f, space, slot, type->size, address, span);
	f->bpf->stack_top = top;
	return gen_load(f, type, slot);
}

LLVMValueRef core_read_bits(struct function *f, enum address_space space, const struct member *m,
    LLVMValueRef address, struct span span)
{
	LLVMValueRef slot = gen_temporary(f, 8);

	gen_store64(f, slot, gen_const(f, 0));
	core_read(f, space, slot, core_bit_bytes(m), address, span);
	return core_cut_bits(f, m, gen_load64(f, slot));
}

/* The shift that brings the sign along, where the field has one. */
static LLVMValueRef shift_right(struct function *f, const struct field_path *path, const struct type *type,
    LLVMValueRef v, LLVMValueRef bits)
{
	LLVMValueRef is_signed, with, without;

	/* libbpf calls every enum signed (1.1, bpf_core_calc_field_relo()). */
	if (!f->g->program->portable || type->form == FORM_ENUM)
		return type->is_signed ? LLVMBuildAShr(f->b, v, bits, "") : LLVMBuildLShr(f->b, v, bits, "");
	is_signed =
	    LLVMBuildICmp(f->b, LLVMIntNE, core_field_info(f, path, FIELD_SIGNED), gen_const(f, 0), "");
	with = LLVMBuildAShr(f->b, v, bits, "");
	without = LLVMBuildLShr(f->b, v, bits, "");
	return LLVMBuildSelect(f->b, is_signed, with, without, "");
}

void core_note_size(struct function *f, const struct field_path *path)
{
	const struct member *m = path->steps[path->n - 1].member;

	if (f->g->program->portable && m && !m->bit_size && m->record->name.n)
		extern_note(f, EXTERN_member_size,
		    str_format(f->g->arena, "%.*s:%.*s:%u", STR_ARG(type_kernel_name(f->g->arena, m->record)),
			STR_ARG(m->name), m->type->size));
}

LLVMValueRef core_read_field(struct function *f, const struct field_path *path, const struct type *type,
    LLVMValueRef address, struct span span)
{
	LLVMValueRef slot = gen_temporary(f, 8), value, left, right;

	left = core_field_info(f, path, FIELD_LSHIFT);
	right = core_field_info(f, path, FIELD_RSHIFT);
	gen_store64(f, slot, gen_const(f, 0));
	value = read_space(f, path->space, BPF_FUNC_probe_read_kernel, BPF_FUNC_probe_read_user, slot,
	    core_field_info(f, path, FIELD_BYTE_SIZE), address);
	loss_count_failure(f, value, LOSS_read_fault, IMAGE_NONE, span);
	value = LLVMBuildShl(f->b, gen_load64(f, slot), left, "");
	return shift_right(f, path, type, value, right);
}
