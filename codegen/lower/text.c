/*
 * The builtins that read or make text and bytes.
 */
#include <string.h>

#include "codegen/lower/builtin.h"

/* Of a number, only where the probe is says what it points into. */
static enum address_space string_space(const struct gen *g, const struct node *address)
{
	if (address->type->form == FORM_PTR)
		return address->type->space;
	if (gen_is_scalar(address->type))
		return g->unit->user_memory ? SPACE_USER : SPACE_ANY;
	return core_space(g, address);
}

static LLVMValueRef minimum(struct gen *g, LLVMValueRef a, LLVMValueRef b)
{
	return LLVMBuildSelect(g->b, LLVMBuildICmp(g->b, LLVMIntULT, a, b, ""), a, b, "");
}

/* A string that filled its room: was there more of it? Only then is one more byte read. What the script
 * itself wants to be cut, by wanted (bytes with the NUL, or NULL), is no loss. */
static void count_cut(
    struct gen *g, struct node *node, LLVMValueRef from, LLVMValueRef result, LLVMValueRef wanted)
{
	LLVMValueRef last, full, size = gen_const(g, node->type->size);
	LLVMBasicBlockRef after, inner;

	full = LLVMBuildICmp(g->b, LLVMIntEQ, result, size, "");
	if (wanted)
		full = LLVMBuildAnd(g->b, full, LLVMBuildICmp(g->b, LLVMIntUGT, wanted, size, ""), "");
	gen_if(g, full, &after, "full");
	last = gen_temporary(g, 8);
	gen_store64(g, last, gen_const(g, 0));
	core_read(g, string_space(g, node->call.args), last, 1,
	    LLVMBuildAdd(g->b, from, gen_const(g, node->type->size - 1), ""), node->span);
	gen_if(g, LLVMBuildICmp(g->b, LLVMIntNE, gen_load64(g, last), gen_const(g, 0), ""), &inner, "cut");
	loss_count(g, LOSS_truncated, IMAGE_NONE, node->span);
	gen_go(g, inner);
	gen_go(g, after);
}

/* Is it text that we have already, in a variable, a literal, another string's value? */
static bool in_memory(const struct node *address)
{
	/* An array of a tracepoint's record is copied as a whole. */
	if (address->kind == NODE_MEMBER && address->member.object->type->form == FORM_ARGS &&
	    address->type->form == FORM_ARRAY)
		return true;
	return address->type->form == FORM_STRING ||
	       (!gen_is_scalar(address->type) && core_is_local(address));
}

LLVMValueRef gen_string_result(struct gen *g, struct node *node, LLVMValueRef to)
{
	struct node *address = node->call.args;
	LLVMValueRef from, limit = gen_const(g, node->type->size), wanted = NULL, result;

	if (node->kind != NODE_CALL || !node->call.call->reads_text || in_memory(address))
		return NULL;
	from = gen_is_scalar(address->type) ? gen_value(g, address) : core_address(g, address);
	if (address->next) {
		wanted = LLVMBuildAdd(g->b, gen_value(g, address->next), gen_const(g, 1), "");
		limit = minimum(g, wanted, limit);
	}
	result = core_read_string(g, string_space(g, address), to, limit, from);
	loss_count_failure(g, result, LOSS_read_fault, IMAGE_NONE, node->span);
	count_cut(g, node, from, result, wanted);
	return result;
}

/* The first length bytes of a text of ours: what is behind them becomes NUL. */
static void cut_text(struct gen *g, LLVMValueRef to, LLVMValueRef from, uint32_t size, LLVMValueRef length)
{
	for (uint32_t at = 0; at < size; at += 8) {
		LLVMValueRef word = gen_load64(g, gen_offset(g, from, at)), left, bits, mask;

		left = LLVMBuildSub(g->b, length, gen_const(g, at), "");
		bits =
		    LLVMBuildAnd(g->b, LLVMBuildShl(g->b, left, gen_const(g, 3), ""), gen_const(g, 63), "");
		mask = LLVMBuildSub(g->b, LLVMBuildShl(g->b, gen_const(g, 1), bits, ""), gen_const(g, 1), "");
		mask = LLVMBuildSelect(g->b, LLVMBuildICmp(g->b, LLVMIntSGE, left, gen_const(g, 8), ""),
		    gen_const(g, UINT64_MAX), mask, "");
		mask = LLVMBuildSelect(g->b, LLVMBuildICmp(g->b, LLVMIntSLE, left, gen_const(g, 0), ""),
		    gen_const(g, 0), mask, "");
		gen_store64(g, gen_offset(g, to, at), LLVMBuildAnd(g->b, word, mask, ""));
	}
}

LLVMValueRef builtin_str(struct gen *g, const struct builtin_use *use)
{
	struct node *text = use->args;
	uint32_t size = use->node->type->size, room = (text->type->size + 8) / 8 * 8;
	struct type whole = { .form = FORM_STRING, .size = room };
	LLVMValueRef from, cut, length;

	if (!in_memory(text)) {
		gen_string_result(g, use->node, use->to);
		return NULL;
	}
	if (!text->next && size >= text->type->size) {
		gen_value_to(g, text, use->to, use->node->type);
		return NULL;
	}
	from = gen_temporary(g, room);
	cut = gen_temporary(g, room);
	gen_value_to(g, text, from, &whole);
	length = gen_const(g, size - 1);
	if (text->next)
		length = minimum(g, gen_value(g, text->next), length);
	cut_text(g, cut, from, room, length);
	gen_copy(g, use->to, cut, size < room ? size : room);
	return NULL;
}

static void inet_family(struct gen *g, LLVMValueRef to, LLVMValueRef family)
{
	LLVMBuildStore(g->b, LLVMBuildTrunc(g->b, family, g->i32, ""), to);
}

LLVMValueRef builtin_ntop(struct gen *g, const struct builtin_use *use)
{
	struct node *family = use->args->next ? use->args : NULL,
		    *address = family ? family->next : use->args;
	bool number = type_is_integer(address->type);
	uint32_t size = number ? 4 : address->type->size;
	LLVMValueRef value = number ? gen_value(g, address) : NULL, bytes = gen_offset(g, use->to, 4);

	gen_zero(g, use->to, sizeof(struct inet_value));
	inet_family(g, use->to, family ? gen_value(g, family) : gen_const(g, size == 4 ? 2 : 10));
	if (number)
		LLVMBuildStore(g->b, LLVMBuildTrunc(g->b, value, g->i32, ""), bytes);
	else
		gen_value_to(g, address, bytes, address->type);
	return NULL;
}

/* bytes of memory at the address that the argument is or has -> to. */
static LLVMValueRef read_bytes(
    struct gen *g, struct node *address, LLVMValueRef to, LLVMValueRef n, struct span span)
{
	LLVMValueRef from = gen_is_scalar(address->type) ? gen_value(g, address) : core_address(g, address);

	return core_read_bytes(g, string_space(g, address), to, n, from, span);
}

/* The bytes that the argument is itself: of our own memory, or a tracepoint's field. */
static bool is_at_hand(const struct gen *g, const struct node *address)
{
	return !gen_is_scalar(address->type) &&
	       (core_is_local(address) ||
		   (g->program_kind == PROGRAM_tracepoint && address->kind == NODE_MEMBER &&
		       address->member.object->type->form == FORM_ARGS));
}

/* A length that is asked for, of what fits; more is a loss. */
static LLVMValueRef limited(struct gen *g, LLVMValueRef length, LLVMValueRef most, struct span span)
{
	LLVMBasicBlockRef after;

	gen_if(g, LLVMBuildICmp(g->b, LLVMIntUGT, length, most, ""), &after, "cut");
	loss_count(g, LOSS_truncated, IMAGE_NONE, span);
	gen_go(g, after);
	return minimum(g, length, most);
}

LLVMValueRef builtin_buf(struct gen *g, const struct builtin_use *use)
{
	struct node *address = use->args, *length = address->next;
	uint32_t most = use->node->type->elements;
	LLVMValueRef n = gen_const(g, most), bytes = gen_offset(g, use->to, 4), failed;
	LLVMBasicBlockRef after;

	gen_zero(g, use->to, use->node->type->size);
	if (length && !use->call->literal)
		n = limited(g, gen_value(g, length), n, use->node->span);
	LLVMBuildStore(g->b, LLVMBuildTrunc(g->b, n, g->i32, ""), use->to);
	if (is_at_hand(g, address)) {
		LLVMValueRef copy = gen_temporary(g, round_8(address->type->size));

		gen_value_to(g, address, copy, address->type);
		gen_copy_aligned(g, bytes, copy, most < address->type->size ? most : address->type->size, 4);
		return NULL;
	}
	failed = LLVMBuildICmp(
	    g->b, LLVMIntSLT, read_bytes(g, address, bytes, n, use->node->span), gen_const(g, 0), "");
	gen_if(g, failed, &after, "unread");
	LLVMBuildStore(g->b, gen_const32(g, UINT32_MAX), use->to);
	gen_go(g, after);
	return NULL;
}

LLVMValueRef builtin_pton(struct gen *g, const struct builtin_use *use)
{
	struct str bytes = use->call->text;

	for (uint32_t i = 0; i < bytes.n; i++)
		LLVMBuildStore(
		    g->b, LLVMConstInt(g->i8, (unsigned char)bytes.p[i], 0), gen_offset(g, use->to, i));
	return NULL;
}

LLVMValueRef builtin_macaddr(struct gen *g, const struct builtin_use *use)
{
	struct node *address = use->args;

	gen_zero(g, use->to, use->node->type->size);
	if (is_at_hand(g, address))
		gen_value_to(g, address, use->to, address->type);
	else
		read_bytes(g, address, use->to, gen_const(g, 6), use->node->span);
	return NULL;
}

/* 0 when the first n characters are the same, as C's: what is behind a NUL does not count. */
LLVMValueRef builtin_strncmp(struct gen *g, const struct builtin_use *use)
{
	struct node *a = use->args, *b = a->next;
	uint32_t size = a->type->size > b->type->size ? a->type->size : b->type->size;
	uint64_t n = (uint64_t)use->call->literal < size ? (uint64_t)use->call->literal : size;
	struct type text = { .form = FORM_STRING, .size = (size + 8) / 8 * 8 };
	uint64_t looped = 0;
	LLVMValueRef x = gen_temporary(g, text.size), y = gen_temporary(g, text.size),
		     difference = gen_const(g, 0);

	gen_value_to(g, a, x, &text);
	gen_value_to(g, b, y, &text);
	if (n > UNROLL_LIMIT) {
		looped = n / 8 * 8;
		difference = gen_difference(g, x, y, (uint32_t)looped);
	}
	for (uint64_t at = looped; at < n; at += 8) {
		LLVMValueRef d = LLVMBuildXor(g->b, gen_load64(g, gen_offset(g, x, (uint32_t)at)),
		    gen_load64(g, gen_offset(g, y, (uint32_t)at)), "");

		if (n - at < 8)
			d = LLVMBuildAnd(g->b, d, gen_const(g, (1ull << (8 * (n - at))) - 1), "");
		difference = LLVMBuildOr(g->b, difference, d, "");
	}
	return LLVMBuildZExt(
	    g->b, LLVMBuildICmp(g->b, LLVMIntNE, difference, gen_const(g, 0), ""), g->i64, "");
}

/* 1 when v is 0, else 0, without a branch: the verifier would follow both sides of each. */
static LLVMValueRef is_nothing(struct gen *g, LLVMValueRef v)
{
	v = LLVMBuildOr(g->b, v, LLVMBuildNeg(g->b, v, ""), "");
	return LLVMBuildXor(g->b, LLVMBuildLShr(g->b, v, gen_const(g, 63), ""), gen_const(g, 1), "");
}

static uint64_t bytes_of(struct str text, size_t at)
{
	uint64_t word = 0;

	memcpy(&word, text.p + at, text.n - at < 8 ? text.n - at : 8);
	return word;
}

/* Does a literal stand here? */
static LLVMValueRef literal_here(struct gen *g, LLVMValueRef place, struct str text)
{
	LLVMValueRef difference = gen_const(g, 0);

	for (size_t at = 0; at < text.n; at += 8) {
		LLVMValueRef d = LLVMBuildXor(g->b, gen_load64(g, gen_offset(g, place, (uint32_t)at)),
		    gen_const(g, bytes_of(text, at)), "");

		if (text.n - at < 8)
			d = LLVMBuildAnd(g->b, d, gen_const(g, (1ull << (8 * (text.n - at))) - 1), "");
		difference = LLVMBuildOr(g->b, difference, d, "");
	}
	return is_nothing(g, difference);
}

/* for (slot = 0; slot < size; slot++) with a body between these two. */
static LLVMValueRef each_begin(struct gen *g, LLVMValueRef slot, LLVMBasicBlockRef *head)
{
	*head = gen_block(g, "place");
	gen_store64(g, slot, gen_const(g, 0));
	gen_go(g, *head);
	return gen_load64(g, slot);
}

static void each_end(struct gen *g, LLVMValueRef slot, LLVMBasicBlockRef head, uint32_t size)
{
	LLVMBasicBlockRef after = gen_block(g, "after");
	LLVMValueRef next = LLVMBuildAdd(g->b, gen_load64(g, slot), gen_const(g, 1), "");

	gen_store64(g, slot, next);
	LLVMBuildCondBr(g->b, LLVMBuildICmp(g->b, LLVMIntULT, next, gen_const(g, size), ""), head, after);
	LLVMPositionBuilderAtEnd(g->b, after);
}

/* The same of a text that is known only then: up to its NUL. */
static LLVMValueRef text_here(struct gen *g, LLVMValueRef place, LLVMValueRef needle, uint32_t size)
{
	LLVMValueRef slot = gen_alloca(g, 8, "j"), going = gen_alloca(g, 8, "going"),
		     differs = gen_alloca(g, 8, "differs"), j, a, b, mask;
	struct type byte = { .form = FORM_INT, .size = 1 };
	LLVMBasicBlockRef head;

	gen_store64(g, going, gen_const(g, UINT64_MAX));
	gen_store64(g, differs, gen_const(g, 0));
	j = each_begin(g, slot, &head);
	a = gen_load(g, &byte, LLVMBuildInBoundsGEP2(g->b, g->i8, place, &j, 1, ""));
	b = gen_load(g, &byte, LLVMBuildInBoundsGEP2(g->b, g->i8, needle, &j, 1, ""));
	mask = LLVMBuildSub(g->b, is_nothing(g, b), gen_const(g, 1), "");
	mask = LLVMBuildAnd(g->b, gen_load64(g, going), mask, "");
	gen_store64(g, going, mask);
	a = LLVMBuildAnd(g->b, LLVMBuildXor(g->b, a, b, ""), mask, "");
	gen_store64(g, differs, LLVMBuildOr(g->b, gen_load64(g, differs), a, ""));
	each_end(g, slot, head, size);
	return is_nothing(g, gen_load64(g, differs));
}

LLVMValueRef builtin_strcontains(struct gen *g, const struct builtin_use *use)
{
	struct node *hay = use->args, *needle = hay->next;
	bool literal = needle->kind == NODE_STRING;
	uint32_t n = needle->type->size;
	/* Behind the text NULs, as many as a comparison at its last byte goes on. */
	struct type hay_type = { .form = FORM_STRING, .size = (hay->type->size + n + 16) / 8 * 8 },
		    needle_type = { .form = FORM_STRING, .size = (n + 8) / 8 * 8 };
	LLVMValueRef x = gen_scratch(g, hay_type.size), y = literal ? NULL : gen_scratch(g, needle_type.size),
		     slot = gen_alloca(g, 8, "i"), found = gen_alloca(g, 8, "found"), i, here;
	LLVMBasicBlockRef head;

	gen_value_to(g, hay, x, &hay_type);
	if (y)
		gen_value_to(g, needle, y, &needle_type);
	gen_store64(g, found, gen_const(g, 0));
	i = each_begin(g, slot, &head);
	here = LLVMBuildInBoundsGEP2(g->b, g->i8, x, &i, 1, "");
	here = literal ? literal_here(g, here, needle->string.text) : text_here(g, here, y, n);
	gen_store64(g, found, LLVMBuildOr(g->b, gen_load64(g, found), here, ""));
	each_end(g, slot, head, hay->type->size);
	return gen_load64(g, found);
}

/* bpf_d_path() wants the kernel's own pointer, of which the verifier knows what it points to. */
LLVMValueRef builtin_path(struct gen *g, const struct builtin_use *use)
{
	LLVMValueRef args[3] = { NULL, use->to, gen_const32(g, use->node->type->size) }, result;
	LLVMBasicBlockRef after, done = gen_block(g, "path_done");

	gen_zero(g, use->to, use->node->type->size);
	args[0] = btf_load_pointer(g, use->args, done);
	result = gen_call(g, HELPER_PATH, g->i64, args, 3);
	loss_count_failure(g, result, LOSS_read_fault, IMAGE_NONE, use->node->span);
	/* What does not fit leaves its end there. */
	gen_if(g, LLVMBuildICmp(g->b, LLVMIntSLT, result, gen_const(g, 0), ""), &after, "no_path");
	gen_zero(g, use->to, use->node->type->size);
	gen_go(g, after);
	gen_go(g, done);
	return NULL;
}
