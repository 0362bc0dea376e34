/*
 * The builtins that read or make text and bytes.
 */
#include "codegen/lower/text.h"

#include <errno.h>
#include <string.h>

#include "analysis/field_path.h"
#include "base/round.h"
#include "codegen/bpf/core_read.h"
#include "codegen/bpf/helpers.h"
#include "codegen/bpf/loss_counters.h"
#include "codegen/bpf/memory.h"
#include "codegen/llvm/blocks.h"
#include "codegen/lower/builtin.h"
#include "codegen/lower/expr.h"
#include "codegen/lower/member.h"

/* Returns the memory that text is read from. */
static enum address_space string_space(const struct function *f, const struct node *address)
{
	if (address->type->form == FORM_PTR)
		return address->type->space;
	if (gen_is_scalar(address->type))
		return number_space(f->lower->unit, true);
	return gen_space(address);
}

static LLVMValueRef minimum(struct function *f, LLVMValueRef a, LLVMValueRef b)
{
	return LLVMBuildSelect(f->b, LLVMBuildICmp(f->b, LLVMIntULT, a, b, ""), a, b, "");
}

/* Counts a string that was cut. One that has filled its room may have more: only then is one more byte
 * read. What the script itself wants to be cut, by wanted (bytes with the NUL, or NULL), is no loss. */
static void count_cut(
    struct function *f, struct node *node, LLVMValueRef from, LLVMValueRef result, LLVMValueRef wanted)
{
	LLVMValueRef last, full, size = gen_const(f, node->type->size);
	LLVMBasicBlockRef after, inner;

	full = LLVMBuildICmp(f->b, LLVMIntEQ, result, size, "");
	if (wanted)
		full = LLVMBuildAnd(f->b, full, LLVMBuildICmp(f->b, LLVMIntUGT, wanted, size, ""), "");
	gen_if(f, full, &after, "full");
	last = gen_temporary(f, 8);
	gen_store64(f, last, gen_const(f, 0));
	core_read(f, string_space(f, node->call.args), last, 1,
	    LLVMBuildAdd(f->b, from, gen_const(f, node->type->size - 1), ""), node->span);
	gen_if(f, LLVMBuildICmp(f->b, LLVMIntNE, gen_load64(f, last), gen_const(f, 0), ""), &inner, "cut");
	loss_count(f, LOSS_truncated, IMAGE_NONE, node->span);
	gen_go(f, inner);
	gen_go(f, after);
}

/* Tells whether the text is in our memory already: in a variable, a literal, another string's value. */
static bool in_memory(const struct node *address)
{
	/* An array of a tracepoint's record is copied as a whole. */
	if (address->path && address->path->begin == PATH_ARGS && address->type->form == FORM_ARRAY)
		return true;
	return address->type->form == FORM_STRING || (!gen_is_scalar(address->type) && gen_is_local(address));
}

LLVMValueRef gen_string_result(struct function *f, struct node *node, LLVMValueRef to)
{
	struct node *address = node->call.args;
	LLVMValueRef from, limit = gen_const(f, node->type->size), wanted = NULL, result;

	if (node->kind != NODE_CALL || !node->call.call->reads_text || in_memory(address))
		return NULL;
	from = gen_is_scalar(address->type) ? gen_value(f, address) : gen_address(f, address);
	if (address->next) {
		wanted = LLVMBuildAdd(f->b, gen_value(f, address->next), gen_const(f, 1), "");
		limit = minimum(f, wanted, limit);
	}
	result = core_read_string(f, string_space(f, address), to, limit, from);
	loss_count_failure(f, result, LOSS_read_fault, IMAGE_NONE, node->span);
	count_cut(f, node, from, result, wanted);
	return result;
}

/* Copies the first length bytes of a text of ours; what is behind them becomes NUL. */
static void cut_text(
    struct function *f, LLVMValueRef to, LLVMValueRef from, uint32_t size, LLVMValueRef length)
{
	for (uint32_t at = 0; at < size; at += 8) {
		LLVMValueRef word = gen_load64(f, gen_offset(f, from, at)), left, bits, mask;

		left = LLVMBuildSub(f->b, length, gen_const(f, at), "");
		bits =
		    LLVMBuildAnd(f->b, LLVMBuildShl(f->b, left, gen_const(f, 3), ""), gen_const(f, 63), "");
		mask = LLVMBuildSub(f->b, LLVMBuildShl(f->b, gen_const(f, 1), bits, ""), gen_const(f, 1), "");
		mask = LLVMBuildSelect(f->b, LLVMBuildICmp(f->b, LLVMIntSGE, left, gen_const(f, 8), ""),
		    gen_const(f, UINT64_MAX), mask, "");
		mask = LLVMBuildSelect(f->b, LLVMBuildICmp(f->b, LLVMIntSLE, left, gen_const(f, 0), ""),
		    gen_const(f, 0), mask, "");
		gen_store64(f, gen_offset(f, to, at), LLVMBuildAnd(f->b, word, mask, ""));
	}
}

LLVMValueRef builtin_str(struct function *f, const struct builtin_use *use)
{
	struct node *text = use->args;
	uint32_t size = use->node->type->size, room = (text->type->size + 8) / 8 * 8;
	struct type whole = { .form = FORM_STRING, .size = room };
	LLVMValueRef from, cut, length;

	if (!in_memory(text)) {
		gen_string_result(f, use->node, use->to);
		return NULL;
	}
	if (!text->next && size >= text->type->size) {
		gen_value_to(f, text, use->to, use->node->type);
		return NULL;
	}
	from = gen_temporary(f, room);
	cut = gen_temporary(f, room);
	gen_value_to(f, text, from, &whole);
	length = gen_const(f, size - 1);
	if (text->next)
		length = minimum(f, gen_value(f, text->next), length);
	cut_text(f, cut, from, room, length);
	gen_copy(f, use->to, cut, size < room ? size : room);
	return NULL;
}

static void inet_family(struct function *f, LLVMValueRef to, LLVMValueRef family)
{
	LLVMBuildStore(f->b, LLVMBuildTrunc(f->b, family, f->m->i32, ""), to);
}

/* Copies an address to its place, which is at 4, where the stack takes no words of 8 bytes. */
static void address_bytes(struct function *f, struct node *address, LLVMValueRef to)
{
	uint32_t size = address->type->size;
	LLVMValueRef copy;

	if (!gen_is_local(address)) {
		gen_bytes_to(f, address, to, address->type);
		return;
	}
	copy = gen_temporary(f, round_8(size));
	gen_bytes_to(f, address, copy, address->type);
	gen_copy_aligned(f, to, copy, size, 4);
}

LLVMValueRef builtin_ntop(struct function *f, const struct builtin_use *use)
{
	struct node *family = use->args->next ? use->args : NULL,
		    *address = family ? family->next : use->args;
	bool number = type_is_integer(address->type);
	uint32_t size = number ? 4 : address->type->size;
	LLVMValueRef value = number ? gen_value(f, address) : NULL, bytes = gen_offset(f, use->to, 4);

	gen_zero(f, use->to, sizeof(struct inet_value));
	inet_family(f, use->to, family ? gen_value(f, family) : gen_const(f, size == 4 ? 2 : 10));
	if (number)
		LLVMBuildStore(f->b, LLVMBuildTrunc(f->b, value, f->m->i32, ""), bytes);
	else
		address_bytes(f, address, bytes);
	return NULL;
}

/* Reads n bytes of the memory that the argument points to, or is. */
static LLVMValueRef read_bytes(
    struct function *f, struct node *address, LLVMValueRef to, LLVMValueRef n, struct span span)
{
	LLVMValueRef from = gen_is_scalar(address->type) ? gen_value(f, address) : gen_address(f, address);

	return core_read_bytes(f, string_space(f, address), to, n, from, span);
}

/* Tells whether the argument's bytes need no helper: they are in our own memory, or a tracepoint's field. */
static bool is_at_hand(const struct function *f, const struct node *address)
{
	return !gen_is_scalar(address->type) &&
	       (gen_is_local(address) || (f->bpf->program_kind == PROGRAM_tracepoint && address->path &&
					     address->path->begin == PATH_ARGS));
}

/* Returns how much of a length that is asked for fits; more is counted as a loss. */
static LLVMValueRef limited(struct function *f, LLVMValueRef length, LLVMValueRef most, struct span span)
{
	LLVMBasicBlockRef after;

	gen_if(f, LLVMBuildICmp(f->b, LLVMIntUGT, length, most, ""), &after, "cut");
	loss_count(f, LOSS_truncated, IMAGE_NONE, span);
	gen_go(f, after);
	return minimum(f, length, most);
}

LLVMValueRef builtin_buf(struct function *f, const struct builtin_use *use)
{
	struct node *address = use->args, *length = address->next;
	uint32_t most = use->node->type->elements;
	LLVMValueRef n = gen_const(f, most), bytes = gen_offset(f, use->to, 4), failed;
	LLVMBasicBlockRef after;

	gen_zero(f, use->to, use->node->type->size);
	if (length && !use->call->literal)
		n = limited(f, gen_value(f, length), n, use->node->span);
	LLVMBuildStore(f->b, LLVMBuildTrunc(f->b, n, f->m->i32, ""), use->to);
	if (is_at_hand(f, address)) {
		LLVMValueRef copy = gen_temporary(f, round_8(address->type->size));

		gen_bytes_to(f, address, copy, address->type);
		gen_copy_aligned(f, bytes, copy, most < address->type->size ? most : address->type->size, 4);
		return NULL;
	}
	failed = LLVMBuildICmp(
	    f->b, LLVMIntSLT, read_bytes(f, address, bytes, n, use->node->span), gen_const(f, 0), "");
	gen_if(f, failed, &after, "unread");
	LLVMBuildStore(f->b, gen_const32(f, UINT32_MAX), use->to);
	gen_go(f, after);
	return NULL;
}

LLVMValueRef builtin_pton(struct function *f, const struct builtin_use *use)
{
	struct str bytes = use->call->text;

	for (uint32_t i = 0; i < bytes.n; i++)
		LLVMBuildStore(
		    f->b, LLVMConstInt(f->m->i8, (unsigned char)bytes.p[i], 0), gen_offset(f, use->to, i));
	return NULL;
}

LLVMValueRef builtin_macaddr(struct function *f, const struct builtin_use *use)
{
	struct node *address = use->args;

	gen_zero(f, use->to, use->node->type->size);
	if (is_at_hand(f, address))
		gen_bytes_to(f, address, use->to, address->type);
	else
		read_bytes(f, address, use->to, gen_const(f, 6), use->node->span);
	return NULL;
}

/* Returns 0 when the first n characters are the same; as in C, what is behind a NUL does not count. */
LLVMValueRef builtin_strncmp(struct function *f, const struct builtin_use *use)
{
	struct node *a = use->args, *b = a->next;
	uint32_t size = a->type->size > b->type->size ? a->type->size : b->type->size;
	uint64_t n = (uint64_t)use->call->literal < size ? (uint64_t)use->call->literal : size;
	struct type text = { .form = FORM_STRING, .size = (size + 8) / 8 * 8 };
	uint64_t looped = 0;
	LLVMValueRef x = gen_temporary(f, text.size), y = gen_temporary(f, text.size),
		     difference = gen_const(f, 0);

	gen_value_to(f, a, x, &text);
	gen_value_to(f, b, y, &text);
	if (n > UNROLL_LIMIT) {
		looped = n / 8 * 8;
		difference = gen_difference(f, x, y, (uint32_t)looped);
	}
	for (uint64_t at = looped; at < n; at += 8) {
		LLVMValueRef d = LLVMBuildXor(f->b, gen_load64(f, gen_offset(f, x, (uint32_t)at)),
		    gen_load64(f, gen_offset(f, y, (uint32_t)at)), "");

		if (n - at < 8)
			d = LLVMBuildAnd(f->b, d, gen_const(f, (1ull << (8 * (n - at))) - 1), "");
		difference = LLVMBuildOr(f->b, difference, d, "");
	}
	return LLVMBuildZExt(
	    f->b, LLVMBuildICmp(f->b, LLVMIntNE, difference, gen_const(f, 0), ""), f->m->i64, "");
}

/* Returns 1 when v is 0, else 0, without a branch: the verifier would follow both sides of each. */
static LLVMValueRef is_nothing(struct function *f, LLVMValueRef v)
{
	v = LLVMBuildOr(f->b, v, LLVMBuildNeg(f->b, v, ""), "");
	return LLVMBuildXor(f->b, LLVMBuildLShr(f->b, v, gen_const(f, 63), ""), gen_const(f, 1), "");
}

static uint64_t bytes_of(struct str text, size_t at)
{
	uint64_t word = 0;

	memcpy(&word, text.p + at, text.n - at < 8 ? text.n - at : 8);
	return word;
}

/* Tells whether a literal stands at the place. */
static LLVMValueRef literal_here(struct function *f, LLVMValueRef place, struct str text)
{
	LLVMValueRef difference = gen_const(f, 0);

	for (size_t at = 0; at < text.n; at += 8) {
		LLVMValueRef d = LLVMBuildXor(f->b, gen_load64(f, gen_offset(f, place, (uint32_t)at)),
		    gen_const(f, bytes_of(text, at)), "");

		if (text.n - at < 8)
			d = LLVMBuildAnd(f->b, d, gen_const(f, (1ull << (8 * (text.n - at))) - 1), "");
		difference = LLVMBuildOr(f->b, difference, d, "");
	}
	return is_nothing(f, difference);
}

/* Begins the loop for (slot = 0; slot < size; slot++); each_end() stands behind its body. */
static LLVMValueRef each_begin(struct function *f, LLVMValueRef slot, LLVMBasicBlockRef *head)
{
	*head = gen_block(f, "place");
	gen_store64(f, slot, gen_const(f, 0));
	gen_go(f, *head);
	return gen_load64(f, slot);
}

static void each_end(struct function *f, LLVMValueRef slot, LLVMBasicBlockRef head, uint32_t size)
{
	LLVMBasicBlockRef after = gen_block(f, "after");
	LLVMValueRef next = LLVMBuildAdd(f->b, gen_load64(f, slot), gen_const(f, 1), "");

	gen_store64(f, slot, next);
	LLVMBuildCondBr(f->b, LLVMBuildICmp(f->b, LLVMIntULT, next, gen_const(f, size), ""), head, after);
	LLVMPositionBuilderAtEnd(f->b, after);
}

/* Tells whether a text that is known only then stands at the place, up to its NUL. */
static LLVMValueRef text_here(struct function *f, LLVMValueRef place, LLVMValueRef needle, uint32_t size)
{
	LLVMValueRef slot = gen_alloca(f, 8, "j"), going = gen_alloca(f, 8, "going"),
		     differs = gen_alloca(f, 8, "differs"), j, a, b, mask;
	struct type byte = { .form = FORM_INT, .size = 1 };
	LLVMBasicBlockRef head;

	gen_store64(f, going, gen_const(f, UINT64_MAX));
	gen_store64(f, differs, gen_const(f, 0));
	j = each_begin(f, slot, &head);
	a = gen_load(f, &byte, LLVMBuildInBoundsGEP2(f->b, f->m->i8, place, &j, 1, ""));
	b = gen_load(f, &byte, LLVMBuildInBoundsGEP2(f->b, f->m->i8, needle, &j, 1, ""));
	mask = LLVMBuildSub(f->b, is_nothing(f, b), gen_const(f, 1), "");
	mask = LLVMBuildAnd(f->b, gen_load64(f, going), mask, "");
	gen_store64(f, going, mask);
	a = LLVMBuildAnd(f->b, LLVMBuildXor(f->b, a, b, ""), mask, "");
	gen_store64(f, differs, LLVMBuildOr(f->b, gen_load64(f, differs), a, ""));
	each_end(f, slot, head, size);
	return is_nothing(f, gen_load64(f, differs));
}

LLVMValueRef builtin_strcontains(struct function *f, const struct builtin_use *use)
{
	struct node *hay = use->args, *needle = hay->next;
	bool literal = needle->kind == NODE_STRING;
	uint32_t n = needle->type->size;
	/* Behind the text NULs, as many as a comparison at its last byte goes on. */
	struct type hay_type = { .form = FORM_STRING, .size = (hay->type->size + n + 16) / 8 * 8 },
		    needle_type = { .form = FORM_STRING, .size = (n + 8) / 8 * 8 };
	LLVMValueRef x = gen_scratch(f, hay_type.size), y = literal ? NULL : gen_scratch(f, needle_type.size),
		     slot = gen_alloca(f, 8, "i"), found = gen_alloca(f, 8, "found"), i, here;
	LLVMBasicBlockRef head;

	gen_value_to(f, hay, x, &hay_type);
	if (y)
		gen_value_to(f, needle, y, &needle_type);
	gen_store64(f, found, gen_const(f, 0));
	i = each_begin(f, slot, &head);
	here = LLVMBuildInBoundsGEP2(f->b, f->m->i8, x, &i, 1, "");
	here = literal ? literal_here(f, here, needle->string.text) : text_here(f, here, y, n);
	gen_store64(f, found, LLVMBuildOr(f->b, gen_load64(f, found), here, ""));
	each_end(f, slot, head, hay->type->size);
	return gen_load64(f, found);
}

/* bpf_d_path() wants the kernel's own pointer, of which the verifier knows what it points to. */
LLVMValueRef builtin_path(struct function *f, const struct builtin_use *use)
{
	LLVMValueRef args[3] = { NULL, use->to, gen_const32(f, use->node->type->size) }, result, too_long;
	LLVMBasicBlockRef after, done = gen_block(f, "path_done");

	gen_zero(f, use->to, use->node->type->size);
	args[0] = gen_kernel_pointer(f, use->args, done);
	result = gen_call(f, BPF_FUNC_d_path, f->m->i64, args, 3);
	/* What does not fit leaves its end there (since 5.14): the folders next to the file tell more than
	 * the root. */
	too_long = LLVMBuildICmp(f->b, LLVMIntEQ, result, gen_const(f, (uint64_t)-ENAMETOOLONG), "");
	gen_if(f, too_long, &after, "long_path");
	loss_count(f, LOSS_truncated, IMAGE_NONE, use->node->span);
	gen_go(f, done);
	LLVMPositionBuilderAtEnd(f->b, after);
	loss_count_failure(f, result, LOSS_read_fault, IMAGE_NONE, use->node->span);
	gen_if(f, LLVMBuildICmp(f->b, LLVMIntSLT, result, gen_const(f, 0), ""), &after, "no_path");
	gen_zero(f, use->to, use->node->type->size);
	gen_go(f, after);
	gen_go(f, done);
	return NULL;
}
