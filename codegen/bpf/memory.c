#include "codegen/bpf/memory.h"

#include "base/round.h"
#include "codegen/bpf/gen.h"
#include "codegen/bpf/helpers.h"
#include "codegen/llvm/blocks.h"

#define STACK_TEMPORARY 64 /* bytes; what is larger goes to the scratch region */

/* Bytes that are copied by a loop: the verifier walks through all its rounds. What is longer the helper
 * copies, which a kernel that is locked down for confidentiality does not have. */
#define LOOP_LIMIT 8192

/* Returns 8, 4, 2 or 1: bytes that are taken at once, at this place of size bytes. */
static uint32_t word_at(uint32_t at, uint32_t size)
{
	uint32_t bytes = 8;

	while (bytes > size - at)
		bytes /= 2;
	return bytes;
}

LLVMValueRef gen_load(struct function *f, const struct type *type, LLVMValueRef from)
{
	LLVMValueRef v = LLVMBuildLoad2(f->b, gen_int_type(f, type->size), from, "");

	LLVMSetAlignment(v, 1 << __builtin_ctz(type->size));
	if (type->size == 8)
		return v;
	return type->is_signed ? LLVMBuildSExt(f->b, v, f->m->i64, "")
			       : LLVMBuildZExt(f->b, v, f->m->i64, "");
}

void gen_store(struct function *f, const struct type *type, LLVMValueRef to, LLVMValueRef value)
{
	LLVMTypeRef t = gen_int_type(f, type->size);

	if (type->size < 8)
		value = LLVMBuildTrunc(f->b, value, t, "");
	LLVMBuildStore(f->b, value, to);
}

/* Zeros bytes by one call, where stores would be too many. A read that fails gives zeros, and no process has
 * memory at the last address. */
static void zero_by_failed_read(struct function *f, LLVMValueRef to, uint32_t size)
{
	LLVMValueRef args[3] = { to, gen_const32(f, size), gen_const(f, UINT64_MAX) };

	gen_call(f, BPF_FUNC_probe_read_user, f->m->i64, args, 3);
}

void gen_zero(struct function *f, LLVMValueRef to, uint32_t size)
{
	if (size > UNROLL_LIMIT) {
		zero_by_failed_read(f, to, size);
		return;
	}
	for (uint32_t at = 0; at < size; at += word_at(at, size))
		LLVMBuildStore(
		    f->b, LLVMConstInt(gen_int_type(f, word_at(at, size)), 0, 0), gen_offset(f, to, at));
}

LLVMValueRef gen_difference(struct function *f, LLVMValueRef a, LLVMValueRef b, uint32_t size)
{
	LLVMValueRef slot = gen_alloca(f, 8, "difference"), x, y;
	struct word_loop loop;

	gen_store64(f, slot, gen_const(f, 0));
	word_loop_begin(f, &loop);
	x = gen_load64(f, LLVMBuildInBoundsGEP2(f->b, f->m->i8, a, &loop.index, 1, ""));
	y = gen_load64(f, LLVMBuildInBoundsGEP2(f->b, f->m->i8, b, &loop.index, 1, ""));
	/* To the end, whatever it is: a way out of each round would be a branch more that the verifier keeps,
	 * and it keeps 8192. */
	x = LLVMBuildOr(f->b, LLVMBuildXor(f->b, x, y, ""), gen_load64(f, slot), "");
	gen_store64(f, slot, x);
	word_loop_end(f, &loop, size);
	return gen_load64(f, slot);
}

/* The verifier takes only aligned loads and stores of the stack. */
static uint32_t aligned_word_at(uint32_t at, uint32_t size, uint32_t align)
{
	uint32_t bytes = word_at(at, size);

	return bytes < align ? bytes : align;
}

static void copy_word(struct function *f, LLVMValueRef to, LLVMValueRef from, uint32_t bytes, uint32_t align)
{
	LLVMValueRef v = LLVMBuildLoad2(f->b, gen_int_type(f, bytes), from, "");

	LLVMSetAlignment(v, align);
	LLVMSetAlignment(LLVMBuildStore(f->b, v, to), align);
}

void gen_copy_aligned(struct function *f, LLVMValueRef to, LLVMValueRef from, uint32_t size, uint32_t align)
{
	uint32_t looped = size > UNROLL_LIMIT ? size / 8 * 8 : 0, bytes;
	LLVMValueRef args[3] = { to, gen_const32(f, size), from };
	struct word_loop loop;

	if (size > LOOP_LIMIT) {
		gen_call(f, BPF_FUNC_probe_read_kernel, f->m->i64, args, 3);
		return;
	}
	if (looped) {
		word_loop_begin(f, &loop);
		copy_word(f, LLVMBuildInBoundsGEP2(f->b, f->m->i8, to, &loop.index, 1, ""),
		    LLVMBuildInBoundsGEP2(f->b, f->m->i8, from, &loop.index, 1, ""), 8, align);
		word_loop_end(f, &loop, looped);
	}
	for (uint32_t at = looped; at < size; at += bytes) {
		bytes = aligned_word_at(at, size, align);
		copy_word(f, gen_offset(f, to, at), gen_offset(f, from, at), bytes, bytes);
	}
}

void gen_copy(struct function *f, LLVMValueRef to, LLVMValueRef from, uint32_t size)
{
	gen_copy_aligned(f, to, from, size, 8);
}

#define EACH_BYTE(value) ((value)*0x0101010101010101ull)

/* Gives all bits of a word that stand before its first byte that is 0: the lowest bit of v - 0x01... that
 * was borrowed for is that byte's. */
static LLVMValueRef before_nul(struct function *f, LLVMValueRef v)
{
	LLVMValueRef nul = LLVMBuildSub(f->b, v, gen_const(f, EACH_BYTE(1)), "");

	nul = LLVMBuildAnd(f->b, nul, LLVMBuildNot(f->b, v, ""), "");
	nul = LLVMBuildAnd(f->b, nul, gen_const(f, EACH_BYTE(0x80)), "");
	return LLVMBuildAnd(
	    f->b, LLVMBuildSub(f->b, nul, gen_const(f, 1), ""), LLVMBuildNot(f->b, nul, ""), "");
}

/* Ends one word of a text: before is all ones when no word before it has a NUL, else 0; NULL: there is none.
 * Gives the bits that are kept. */
static LLVMValueRef end_word(struct function *f, LLVMValueRef at, uint32_t bytes, LLVMValueRef before)
{
	LLVMTypeRef type = gen_int_type(f, bytes);
	LLVMValueRef v = LLVMBuildLoad2(f->b, type, at, ""), mask;

	/* What a shorter word does not have must not look like its NUL. */
	if (bytes < 8)
		v = LLVMBuildOr(
		    f->b, LLVMBuildZExt(f->b, v, f->m->i64, ""), gen_const(f, UINT64_MAX << (8 * bytes)), "");
	mask = before_nul(f, v);
	mask = before ? LLVMBuildAnd(f->b, mask, before, "") : mask;
	v = LLVMBuildAnd(f->b, v, mask, "");
	LLVMBuildStore(f->b, bytes < 8 ? LLVMBuildTrunc(f->b, v, type, "") : v, at);
	return mask;
}

/* Turns a word's mask into the next one's before: where there is a NUL the highest bit is not kept. Opaque:
 * LLVM would make a branch of it, of which the verifier follows both sides. */
static LLVMValueRef before_next(struct function *f, LLVMValueRef mask)
{
	return gen_opaque(f, LLVMBuildAShr(f->b, mask, gen_const(f, 63), ""));
}

static LLVMValueRef end_words_looped(struct function *f, LLVMValueRef text, uint32_t size)
{
	LLVMValueRef slot = gen_alloca(f, 8, "before"), at;
	struct word_loop loop;

	gen_store64(f, slot, gen_const(f, UINT64_MAX));
	word_loop_begin(f, &loop);
	at = LLVMBuildInBoundsGEP2(f->b, f->m->i8, text, &loop.index, 1, "");
	gen_store64(f, slot, before_next(f, end_word(f, at, 8, gen_load64(f, slot))));
	word_loop_end(f, &loop, size);
	return gen_load64(f, slot);
}

void gen_end_text(struct function *f, LLVMValueRef text, uint32_t size)
{
	uint32_t looped = size > UNROLL_LIMIT ? size / 8 * 8 : 0;
	LLVMValueRef before = looped ? end_words_looped(f, text, looped) : NULL, mask;

	for (uint32_t at = looped; at < size; at += word_at(at, size)) {
		mask = end_word(f, gen_offset(f, text, at), word_at(at, size), before);
		before = at + word_at(at, size) < size ? before_next(f, mask) : NULL;
	}
}

LLVMValueRef gen_extend(struct function *f, const struct type *t, LLVMValueRef v)
{
	if (LLVMTypeOf(v) == f->m->i64)
		return v;
	return t->is_signed ? LLVMBuildSExt(f->b, v, f->m->i64, "") : LLVMBuildZExt(f->b, v, f->m->i64, "");
}

void gen_add_word(struct function *f, const struct map *map, LLVMValueRef element, LLVMValueRef by)
{
	if (map_kinds[map->kind].traits & MAP_IS_PER_CPU)
		gen_store64(f, element, LLVMBuildAdd(f->b, gen_load64(f, element), by, ""));
	else
		LLVMBuildAtomicRMW(f->b, LLVMAtomicRMWBinOpAdd, element, by, LLVMAtomicOrderingMonotonic, 0);
}

LLVMValueRef gen_scratch(struct function *f, uint32_t size)
{
	LLVMValueRef base = LLVMBuildLoad2(f->b, f->m->ptr, f->bpf->scratch_slot, "");

	base = gen_offset(f, base, f->bpf->scratch_top);
	f->bpf->scratch_used = true;
	f->bpf->scratch_top += round_8(size);
	if (f->bpf->scratch_top > f->bpf->scratch_size)
		f->bpf->scratch_size = f->bpf->scratch_top;
	return base;
}

LLVMValueRef gen_temporary(struct function *f, uint32_t size)
{
	uint32_t at = f->bpf->stack_top, room = round_8(size);

	if (size > STACK_TEMPORARY || at + room > f->g->stack_region)
		return gen_scratch(f, size);
	f->bpf->stack_top += room;
	return gen_offset(f, f->bpf->stack, at);
}

bool gen_is_scalar(const struct type *type)
{
	return type_has(type, TRAIT_SCALAR);
}
