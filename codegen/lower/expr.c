/*
 * Expressions. Scalars (integers, pointers, probe and func) are computed in 64 bits as i64;
 * everything else (text, inet, arrays) is written to memory that the caller names.
 */
#include "codegen/gen.h"

#include <string.h>

#define STACK_TEMPORARY 64 /* bytes; what is larger goes to the scratch region */

bool gen_is_scalar(const struct type *type)
{
	return type_has(type, TRAIT_SCALAR);
}

LLVMValueRef gen_scratch(struct gen *g, uint32_t size)
{
	LLVMValueRef base;

	base = LLVMBuildLoad2(g->b, g->ptr, g->scratch_slot, "");
	base = gen_offset(g, base, g->scratch_top);
	g->scratch_used = true;
	g->scratch_top += round_8(size);
	if (g->scratch_top > g->scratch_size)
		g->scratch_size = g->scratch_top;
	return base;
}

LLVMValueRef gen_temporary(struct gen *g, uint32_t size)
{
	uint32_t at = g->stack_top, room = round_8(size);

	if (size > STACK_TEMPORARY || at + room > g->stack_region)
		return gen_scratch(g, size);
	g->stack_top += room;
	return gen_offset(g, g->stack, at);
}

/* Cut to the type's width and extended again: what a cast to it does. */
static LLVMValueRef convert(struct gen *g, LLVMValueRef v, const struct type *to)
{
	LLVMTypeRef narrow;

	if (to->form == FORM_BOOL)
		return LLVMBuildZExt(
		    g->b, LLVMBuildICmp(g->b, LLVMIntNE, v, gen_const(g, 0), ""), g->i64, "");
	if (to->size >= 8)
		return v;
	narrow = gen_int_type(g, to->size);
	v = LLVMBuildTrunc(g->b, v, narrow, "");
	return to->is_signed ? LLVMBuildSExt(g->b, v, g->i64, "") : LLVMBuildZExt(g->b, v, g->i64, "");
}

static LLVMValueRef from_truth(struct gen *g, LLVMValueRef truth)
{
	return LLVMBuildZExt(g->b, truth, g->i64, "");
}

/* && and || evaluate the right side only when it decides. */
static LLVMValueRef logical(struct gen *g, struct node *node)
{
	bool is_and = node->binary.op == OP_LAND;
	LLVMValueRef left = gen_truth(g, node->binary.left), first, second;
	LLVMBasicBlockRef from_first, from_second;
	LLVMBasicBlockRef right = gen_block(g, "right"), after = gen_block(g, "after");
	bool keeps = g->keeps_reads;

	first = from_truth(g, left);
	from_first = LLVMGetInsertBlock(g->b);
	LLVMBuildCondBr(g->b, left, is_and ? right : after, is_and ? after : right);
	LLVMPositionBuilderAtEnd(g->b, right);
	/* Where a predicate is true, both sides of its && have been evaluated. */
	g->keeps_reads &= is_and;
	second = from_truth(g, gen_truth(g, node->binary.right));
	g->keeps_reads = keeps;
	from_second = LLVMGetInsertBlock(g->b);
	gen_go(g, after);
	return gen_either(g, first, from_first, second, from_second);
}

/* The bytes of a text, filled up with NULs to a multiple of 8. */
static LLVMValueRef padded_text(struct gen *g, struct node *node, uint32_t size)
{
	LLVMValueRef to = gen_temporary(g, size);
	struct type text = { .form = FORM_STRING, .size = size };

	/* An array that is no text is compared as far as it goes. */
	gen_value_to(g, node, to, &text);
	return to;
}

static uint64_t word_of(struct str s, uint32_t at)
{
	uint64_t word = 0;

	for (uint32_t i = 0; i < 8; i++)
		word |= (uint64_t)(at + i < s.n ? (unsigned char)s.p[at + i] : 0) << (8 * i);
	return word;
}

static uint32_t text_room(const struct node *node)
{
	uint32_t size = node->type->size + (node->type->form == FORM_ARRAY);

	return round_8(size);
}

/* Texts are equal when all their words are: both are filled up with NULs. */
static LLVMValueRef compare_texts(struct gen *g, struct node *node)
{
	struct node *left = node->binary.left, *right = node->binary.right;
	uint32_t a = text_room(left), b = text_room(right), size = a > b ? a : b;
	LLVMValueRef x, y = NULL, difference = NULL;

	if (left->kind == NODE_STRING) {
		struct node *swap = left;

		left = right;
		right = swap;
	}
	/* Behind the NUL of a literal there are only NULs, in both. */
	if (right->kind == NODE_STRING && a > b)
		size = b;
	x = right->kind == NODE_STRING && a > b ? padded_text(g, left, a) : padded_text(g, left, size);
	if (right->kind != NODE_STRING || size > UNROLL_LIMIT)
		y = padded_text(g, right, size);
	if (size > UNROLL_LIMIT)
		return LLVMBuildICmp(g->b, node->binary.op == OP_EQ ? LLVMIntEQ : LLVMIntNE,
		    gen_difference(g, x, y, size), gen_const(g, 0), "");
	for (uint32_t at = 0; at < size; at += 8) {
		LLVMValueRef v = gen_load64(g, gen_offset(g, x, at));
		LLVMValueRef w =
		    y ? gen_load64(g, gen_offset(g, y, at)) : gen_const(g, word_of(right->string.text, at));
		LLVMValueRef d = LLVMBuildXor(g->b, v, w, "");

		difference = difference ? LLVMBuildOr(g->b, difference, d, "") : d;
	}
	return LLVMBuildICmp(
	    g->b, node->binary.op == OP_EQ ? LLVMIntEQ : LLVMIntNE, difference, gen_const(g, 0), "");
}

static LLVMIntPredicate predicate(enum op op, bool is_signed)
{
	switch ((int)op) {
	case OP_EQ:
		return LLVMIntEQ;
	case OP_NE:
		return LLVMIntNE;
	case OP_LT:
		return is_signed ? LLVMIntSLT : LLVMIntULT;
	case OP_LE:
		return is_signed ? LLVMIntSLE : LLVMIntULE;
	case OP_GT:
		return is_signed ? LLVMIntSGT : LLVMIntUGT;
	}
	return is_signed ? LLVMIntSGE : LLVMIntUGE;
}

static bool signed_together(struct gen *g, const struct node *a, const struct node *b)
{
	return type_common(g->program->types, a->type, b->type)->is_signed;
}

static LLVMValueRef compare(struct gen *g, struct node *node)
{
	if (node->binary.left->type->form == FORM_ARRAY && !type_is_text(node->binary.left->type))
		return compare_texts(g, node);
	if (type_is_text(node->binary.left->type))
		return compare_texts(g, node);
	LLVMValueRef left = gen_value(g, node->binary.left), right = gen_value(g, node->binary.right);

	gen_place(g, node->span);
	return LLVMBuildICmp(g->b,
	    predicate(node->binary.op, signed_together(g, node->binary.left, node->binary.right)), left,
	    right, "");
}

LLVMValueRef gen_truth(struct gen *g, struct node *node)
{
	if (node->kind == NODE_BINARY && node->binary.op >= OP_EQ && node->binary.op <= OP_GE)
		return compare(g, node);
	return LLVMBuildICmp(g->b, LLVMIntNE, gen_value(g, node), gen_const(g, 0), "");
}

static LLVMValueRef magnitude(struct gen *g, LLVMValueRef v)
{
	LLVMValueRef negative = LLVMBuildICmp(g->b, LLVMIntSLT, v, gen_const(g, 0), "");

	return LLVMBuildSelect(g->b, negative, LLVMBuildNeg(g->b, v, ""), v, "");
}

/* A division of which the instruction set says what by zero gives (0, and the dividend for a
 * remainder), where LLVM calls it undefined: so it must not see a plain udiv. */
static LLVMValueRef divide_unsigned(struct gen *g, LLVMValueRef a, LLVMValueRef b, bool remainder)
{
	LLVMValueRef zero = LLVMBuildICmp(g->b, LLVMIntEQ, b, gen_const(g, 0), "");
	LLVMValueRef safe = LLVMBuildSelect(g->b, zero, gen_const(g, 1), b, "");

	if (remainder)
		return LLVMBuildSelect(g->b, zero, a, LLVMBuildURem(g->b, a, safe, ""), "");
	return LLVMBuildSelect(g->b, zero, gen_const(g, 0), LLVMBuildUDiv(g->b, a, safe, ""), "");
}

/* BPF before its fourth version divides unsigned only. */
static LLVMValueRef divide(struct gen *g, LLVMValueRef a, LLVMValueRef b, bool remainder, bool is_signed)
{
	LLVMValueRef v, sign, negative;

	if (!is_signed)
		return divide_unsigned(g, a, b, remainder);
	v = divide_unsigned(g, magnitude(g, a), magnitude(g, b), remainder);
	sign = remainder ? a : LLVMBuildXor(g->b, a, b, "");
	negative = LLVMBuildICmp(g->b, LLVMIntSLT, sign, gen_const(g, 0), "");
	return LLVMBuildSelect(g->b, negative, LLVMBuildNeg(g->b, v, ""), v, "");
}

static LLVMValueRef scaled(struct gen *g, struct node *pointer, LLVMValueRef v)
{
	const struct type *target = pointer->type->target;

	return LLVMBuildMul(g->b, v, core_stride(g, pointer, target), "");
}

LLVMValueRef gen_operate(struct gen *g, enum op op, LLVMValueRef a, LLVMValueRef b, bool is_signed)
{
	LLVMValueRef bits = LLVMBuildAnd(g->b, b, gen_const(g, 63), "");

	switch ((int)op) {
	case OP_ADD:
		return LLVMBuildAdd(g->b, a, b, "");
	case OP_SUB:
		return LLVMBuildSub(g->b, a, b, "");
	case OP_MUL:
		return LLVMBuildMul(g->b, a, b, "");
	case OP_DIV:
	case OP_MOD:
		return divide(g, a, b, op == OP_MOD, is_signed);
	case OP_SHL:
		return LLVMBuildShl(g->b, a, bits, "");
	case OP_SHR:
		return is_signed ? LLVMBuildAShr(g->b, a, bits, "") : LLVMBuildLShr(g->b, a, bits, "");
	case OP_AND:
		return LLVMBuildAnd(g->b, a, b, "");
	case OP_OR:
		return LLVMBuildOr(g->b, a, b, "");
	}
	return LLVMBuildXor(g->b, a, b, "");
}

bool gen_is_signed(struct gen *g, enum op op, const struct type *a, const struct type *b)
{
	/* A shift's sign is that of what is shifted. */
	if (op == OP_SHR)
		return a->is_signed || a->size < 8;
	return type_common(g->program->types, a, b)->is_signed;
}

static LLVMValueRef binary(struct gen *g, struct node *node)
{
	struct node *left = node->binary.left, *right = node->binary.right;
	enum op op = node->binary.op;

	if (op == OP_LAND || op == OP_LOR)
		return logical(g, node);
	if (op >= OP_EQ && op <= OP_GE)
		return from_truth(g, compare(g, node));
	LLVMValueRef a = gen_value(g, left), b = gen_value(g, right);

	gen_place(g, node->span);
	if (left->type->form == FORM_PTR && right->type->form != FORM_PTR)
		b = scaled(g, left, b);
	else if (right->type->form == FORM_PTR && left->type->form != FORM_PTR)
		a = scaled(g, right, a);
	return gen_operate(g, op, a, b, gen_is_signed(g, op, left->type, right->type));
}

static LLVMValueRef unary(struct gen *g, struct node *node)
{
	LLVMValueRef v;

	switch ((int)node->unary.op) {
	case OP_DEREF:
		return core_value(g, node);
	case OP_ADDRESS:
		return core_address(g, node->unary.operand);
	case OP_LNOT:
		return from_truth(g, LLVMBuildNot(g->b, gen_truth(g, node->unary.operand), ""));
	}
	v = gen_value(g, node->unary.operand);
	return node->unary.op == OP_NEG ? LLVMBuildNeg(g->b, v, "") : LLVMBuildNot(g->b, v, "");
}

/* Both branches into one slot; to is the caller's memory when the type is no scalar. */
static LLVMValueRef ternary(struct gen *g, struct node *node, LLVMValueRef to)
{
	LLVMBasicBlockRef yes = gen_block(g, "yes"), no = gen_block(g, "no"), after = gen_block(g, "after");
	bool scalar = gen_is_scalar(node->type), nothing = node->type->form == FORM_VOID;
	LLVMValueRef slot = scalar ? gen_alloca(g, 8, "ternary") : to;
	struct node *branches[2] = { node->ternary.yes, node->ternary.no };
	LLVMBasicBlockRef blocks[2] = { yes, no };
	bool keeps = g->keeps_reads;

	LLVMBuildCondBr(g->b, gen_truth(g, node->ternary.condition), yes, no);
	g->keeps_reads = false;
	for (int i = 0; i < 2; i++) {
		LLVMPositionBuilderAtEnd(g->b, blocks[i]);
		if (scalar)
			gen_store64(g, slot, gen_value(g, branches[i]));
		else if (nothing)
			gen_value(g, branches[i]);
		else
			gen_value_to(g, branches[i], to, node->type);
		gen_go(g, after);
	}
	g->keeps_reads = keeps;
	return scalar ? gen_load64(g, slot) : NULL;
}

/* Keys are compared byte by byte by the kernel, so every byte of them is written. */
LLVMValueRef gen_key(struct gen *g, struct node *node)
{
	const struct type *key = node->map.map->key;
	uint32_t size = key ? round_8(key->size) : 8, i = 0;
	LLVMValueRef to = gen_temporary(g, size);

	gen_zero(g, to, size);
	for (struct node *k = node->map.keys; k && key; k = k->next, i++)
		gen_value_to(g, k, gen_offset(g, to, key->offsets[i]), key->items[i]);
	return to;
}

LLVMValueRef gen_element_value(struct gen *g, const struct map *map, LLVMValueRef key, LLVMValueRef to)
{
	LLVMValueRef args[2] = { g->maps.v[map->index], key }, element, v = NULL;
	const struct type *type = map->value;
	LLVMBasicBlockRef after, before, found;

	if (type_is_aggregation(type))
		return gen_aggregate_value(g, type, args);
	element = gen_call(g, HELPER_MAP_LOOKUP, g->ptr, args, 2);
	if (to)
		gen_zero(g, to, type->size);
	before = LLVMGetInsertBlock(g->b);
	gen_if(g, LLVMBuildIsNotNull(g->b, element, ""), &after, "found");
	if (to)
		gen_copy(g, to, element, type->size);
	else
		v = gen_load(g, type, element);
	found = LLVMGetInsertBlock(g->b);
	gen_go(g, after);
	return to ? NULL : gen_either(g, gen_const(g, 0), before, v, found);
}

static LLVMValueRef map_value(struct gen *g, struct node *node, LLVMValueRef to)
{
	LLVMValueRef v = to ? NULL : load_cse_read(g, node), key;

	if (v)
		return v;
	key = gen_key(g, node);
	gen_place(g, node->span);
	v = gen_element_value(g, node->map.map, key, to);
	if (v)
		load_cse_add(g, node, v);
	return v;
}

static void write_literal(struct gen *g, struct str text, LLVMValueRef to, uint32_t size)
{
	uint32_t used = (uint32_t)text.n + 1 > size ? size : (uint32_t)text.n + 1;

	for (uint32_t at = 0, bytes; at < used; at += bytes) {
		for (bytes = 8; bytes > size - at; bytes /= 2)
			;
		LLVMBuildStore(
		    g->b, LLVMConstInt(gen_int_type(g, bytes), word_of(text, at), 0), gen_offset(g, to, at));
		used = used > at + bytes ? used : at + bytes;
	}
}

/* A variable, map element, member ... that is in memory, of its own type -> to. */
static LLVMValueRef memory_value(struct gen *g, struct node *node, LLVMValueRef to)
{
	switch ((int)node->kind) {
	case NODE_STRING:
		gen_zero(g, to, node->type->size);
		write_literal(g, node->string.text, to, node->type->size);
		return NULL;
	case NODE_MEMBER:
		if (node->member.object->type->form == FORM_ARGS && g->program_kind == PROGRAM_tracepoint &&
		    !node->member.member->data_loc && !node->member.member->rel_loc) {
			args_copy_field(g, node, to);
			return NULL;
		}
	}
	if (core_is_local(node))
		core_local_copy(g, node, to);
	else if (portable_copies(g, node))
		portable_copy(g, node, to);
	else
		core_read(g, core_space(g, node), to, node->type->size, core_address(g, node), node->span);
	return NULL;
}

static void tuple(struct gen *g, struct node *node, LLVMValueRef to, const struct type *type)
{
	uint32_t i = 0;

	gen_zero(g, to, type->size);
	for (struct node *e = node->tuple.elements; e; e = e->next, i++)
		gen_value_to(g, e, gen_offset(g, to, type->offsets[i]), type->items[i]);
}

/* A tuple whose elements are narrower than those of where it goes. */
static void widen_tuple(
    struct gen *g, LLVMValueRef from, const struct type *type, LLVMValueRef to, const struct type *wanted)
{
	gen_zero(g, to, wanted->size);
	for (uint32_t i = 0; i < type->elements; i++) {
		LLVMValueRef item = gen_offset(g, from, type->offsets[i]);
		LLVMValueRef target = gen_offset(g, to, wanted->offsets[i]);

		if (gen_is_scalar(type->items[i]))
			gen_store(g, wanted->items[i], target, gen_load(g, type->items[i], item));
		else if (type->items[i]->form == FORM_TUPLE)
			widen_tuple(g, item, type->items[i], target, wanted->items[i]);
		else
			gen_copy_aligned(g, target, item, type->items[i]->size, 1);
	}
}

/* Integers, pointers; an integer as an array of its bytes, and the other way. */
static LLVMValueRef cast(struct gen *g, struct node *node, LLVMValueRef to)
{
	struct node *operand = node->cast.operand;
	LLVMValueRef v, bytes;

	if (type_is_aggregation(operand->type))
		return convert(g, gen_value(g, operand), node->type);
	if (node->type->form == FORM_ARRAY) {
		v = gen_value(g, operand);
		gen_zero(g, to, node->type->size);
		for (uint32_t at = 0; at < node->type->size && at < 8; at++) {
			bytes = LLVMBuildLShr(g->b, v, gen_const(g, 8 * at), "");
			LLVMBuildStore(g->b, LLVMBuildTrunc(g->b, bytes, g->i8, ""), gen_offset(g, to, at));
		}
		return NULL;
	}
	if (!gen_is_scalar(operand->type)) {
		bytes = gen_temporary(g, operand->type->size < 8 ? 8 : operand->type->size);
		gen_zero(g, bytes, 8);
		gen_value_to(g, operand, bytes, operand->type);
		return convert(g, gen_load64(g, bytes), node->type);
	}
	return convert(g, gen_value(g, operand), node->type);
}

static LLVMValueRef integer(struct gen *g, const struct node *node)
{
	static const enum image_extern_kind kinds[] = {
		[ORIGIN_ENUM] = EXTERN_enum_value,
		[ORIGIN_SIZE] = EXTERN_type_size,
		[ORIGIN_OFFSET] = EXTERN_member_offset,
	};

	if (!g->program->portable || node->integer.origin == ORIGIN_SCRIPT)
		return gen_const(g, node->integer.value);
	return extern_load(g, kinds[node->integer.origin], node->integer.named);
}

/* to is NULL for a scalar, whose value is returned. */
static LLVMValueRef expression(struct gen *g, struct node *node, LLVMValueRef to)
{
	gen_place(g, node->span);
	switch (node->kind) {
	case NODE_INT:
		return integer(g, node);
	case NODE_IDENT:
	case NODE_CALL:
		return builtin_value(g, node, to);
	case NODE_VARIABLE:
		if (to)
			return memory_value(g, node, to);
		return gen_load(
		    g, node->variable.variable->type, g->variables[node->variable.variable->index]);
	case NODE_MAP:
		return map_value(g, node, to);
	case NODE_UNARY:
		return to ? memory_value(g, node, to) : unary(g, node);
	case NODE_BINARY:
		return binary(g, node);
	case NODE_STEP:
		return gen_step(g, node);
	case NODE_TERNARY:
		return ternary(g, node, to);
	case NODE_CAST:
		return cast(g, node, to);
	case NODE_MEMBER:
	case NODE_INDEX:
		return to ? memory_value(g, node, to) : core_value(g, node);
	case NODE_STRING:
		return memory_value(g, node, to);
	case NODE_TUPLE:
		tuple(g, node, to, node->type);
		return NULL;
	case NODE_PARAM:
		return param_load(g, node->param.row, node->type, to);
	case NODE_SIZEOF:
	case NODE_EXPR:
	case NODE_ASSIGN:
	case NODE_IF:
	case NODE_BLOCK:
	case NODE_WHILE:
	case NODE_RANGE:
	case NODE_UNROLL:
	case NODE_BREAK:
	case NODE_CONTINUE:
	case NODE_RETURN:
		break;
	}
	return gen_const(g, 0);
}

LLVMValueRef gen_value(struct gen *g, struct node *node)
{
	return expression(g, node, NULL);
}

/* What a helper writes ends with its NUL: the bytes behind it are whatever was there before
 * (bpf_get_current_comm() fills them only since Linux 6.2). */
static bool leaves_rest(const struct node *node)
{
	return node->kind == NODE_CALL || node->kind == NODE_IDENT || node->kind == NODE_TERNARY;
}

bool gen_is_given_text(const struct node *node)
{
	return node->kind == NODE_IDENT && node->type->form == FORM_STRING;
}

void gen_value_to(struct gen *g, struct node *node, LLVMValueRef to, const struct type *type)
{
	if (gen_is_scalar(node->type)) {
		gen_store(g, type, to, gen_value(g, node));
		return;
	}
	if (type->form == FORM_TUPLE && node->kind == NODE_TUPLE) {
		tuple(g, node, to, type);
		return;
	}
	if (type->form == FORM_TUPLE && type != node->type) {
		LLVMValueRef narrow = gen_temporary(g, node->type->size);

		expression(g, node, narrow);
		widen_tuple(g, narrow, node->type, to, type);
		return;
	}
	if (type->size > node->type->size || leaves_rest(node))
		gen_zero(g, to, type->size);
	expression(g, node, to);
}
