/*
 * Expressions. Scalars (integers, pointers, probe and func) are computed in 64 bits as i64;
 * everything else (text, inet, arrays) is written to memory that the caller names.
 */
#include "codegen/lower/expr.h"

#include <string.h>

#include "base/round.h"
#include "codegen/bpf/args.h"
#include "codegen/bpf/core.h"
#include "codegen/bpf/core_read.h"
#include "codegen/bpf/externs.h"
#include "codegen/bpf/memory.h"
#include "codegen/llvm/blocks.h"
#include "codegen/lower/assign.h"
#include "codegen/lower/builtin.h"
#include "codegen/lower/member.h"
#include "codegen/lower/operate.h"
#include "codegen/lower/portable.h"

/* Cut to the type's width and extended again: what a cast to it does. */
static LLVMValueRef convert(struct function *f, LLVMValueRef v, const struct type *to)
{
	LLVMTypeRef narrow;

	if (to->form == FORM_BOOL)
		return LLVMBuildZExt(
		    f->b, LLVMBuildICmp(f->b, LLVMIntNE, v, gen_const(f, 0), ""), f->m->i64, "");
	if (to->size >= 8)
		return v;
	narrow = gen_int_type(f, to->size);
	v = LLVMBuildTrunc(f->b, v, narrow, "");
	return to->is_signed ? LLVMBuildSExt(f->b, v, f->m->i64, "") : LLVMBuildZExt(f->b, v, f->m->i64, "");
}

static LLVMValueRef from_truth(struct function *f, LLVMValueRef truth)
{
	return LLVMBuildZExt(f->b, truth, f->m->i64, "");
}

/* && and || evaluate the right side only when it decides. */
static LLVMValueRef logical(struct function *f, struct node *node)
{
	bool is_and = node->binary.op == OP_LAND;
	LLVMValueRef left = gen_truth(f, node->binary.left), first, second;
	LLVMBasicBlockRef from_first, from_second;
	LLVMBasicBlockRef right = gen_block(f, "right"), after = gen_block(f, "after");
	bool keeps = f->lower->keeps_reads;

	first = from_truth(f, left);
	from_first = LLVMGetInsertBlock(f->b);
	LLVMBuildCondBr(f->b, left, is_and ? right : after, is_and ? after : right);
	LLVMPositionBuilderAtEnd(f->b, right);
	/* Where a predicate is true, both sides of its && have been evaluated. */
	f->lower->keeps_reads &= is_and;
	second = from_truth(f, gen_truth(f, node->binary.right));
	f->lower->keeps_reads = keeps;
	from_second = LLVMGetInsertBlock(f->b);
	gen_go(f, after);
	return gen_either(f, first, from_first, second, from_second);
}

/* The bytes of a text, filled up with NULs to a multiple of 8. */
static LLVMValueRef padded_text(struct function *f, struct node *node, uint32_t size)
{
	LLVMValueRef to = gen_temporary(f, size);
	struct type text = { .form = FORM_STRING, .size = size };

	/* An array that is no text is compared as far as it goes. */
	gen_value_to(f, node, to, &text);
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
static LLVMValueRef compare_texts(struct function *f, struct node *node)
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
	x = right->kind == NODE_STRING && a > b ? padded_text(f, left, a) : padded_text(f, left, size);
	if (right->kind != NODE_STRING || size > UNROLL_LIMIT)
		y = padded_text(f, right, size);
	if (size > UNROLL_LIMIT)
		return LLVMBuildICmp(f->b, node->binary.op == OP_EQ ? LLVMIntEQ : LLVMIntNE,
		    gen_difference(f, x, y, size), gen_const(f, 0), "");
	for (uint32_t at = 0; at < size; at += 8) {
		LLVMValueRef v = gen_load64(f, gen_offset(f, x, at));
		LLVMValueRef w =
		    y ? gen_load64(f, gen_offset(f, y, at)) : gen_const(f, word_of(right->string.text, at));
		LLVMValueRef d = LLVMBuildXor(f->b, v, w, "");

		difference = difference ? LLVMBuildOr(f->b, difference, d, "") : d;
	}
	return LLVMBuildICmp(
	    f->b, node->binary.op == OP_EQ ? LLVMIntEQ : LLVMIntNE, difference, gen_const(f, 0), "");
}

static LLVMIntPredicate predicate(enum op op, bool is_signed)
{
	static const LLVMIntPredicate predicates[][2] = {
		[OP_EQ] = { LLVMIntEQ, LLVMIntEQ },
		[OP_NE] = { LLVMIntNE, LLVMIntNE },
		[OP_LT] = { LLVMIntULT, LLVMIntSLT },
		[OP_LE] = { LLVMIntULE, LLVMIntSLE },
		[OP_GT] = { LLVMIntUGT, LLVMIntSGT },
		[OP_GE] = { LLVMIntUGE, LLVMIntSGE },
	};

	return predicates[op][is_signed];
}

static bool signed_together(struct function *f, const struct node *a, const struct node *b)
{
	return type_common(f->g->program->types, a->type, b->type)->is_signed;
}

static LLVMValueRef compare(struct function *f, struct node *node)
{
	if (node->binary.left->type->form == FORM_ARRAY && !type_is_text(node->binary.left->type))
		return compare_texts(f, node);
	if (type_is_text(node->binary.left->type))
		return compare_texts(f, node);
	LLVMValueRef left = gen_value(f, node->binary.left), right = gen_value(f, node->binary.right);

	gen_place(f, node->span);
	return LLVMBuildICmp(f->b,
	    predicate(node->binary.op, signed_together(f, node->binary.left, node->binary.right)), left,
	    right, "");
}

LLVMValueRef gen_truth(struct function *f, struct node *node)
{
	if (node->kind == NODE_BINARY && node->binary.op >= OP_EQ && node->binary.op <= OP_GE)
		return compare(f, node);
	return LLVMBuildICmp(f->b, LLVMIntNE, gen_value(f, node), gen_const(f, 0), "");
}

static LLVMValueRef scaled(struct function *f, struct node *pointer, LLVMValueRef v)
{
	const struct type *target = pointer->type->target;

	return LLVMBuildMul(f->b, v, core_stride(f, target), "");
}

static LLVMValueRef binary(struct function *f, struct node *node)
{
	struct node *left = node->binary.left, *right = node->binary.right;
	enum op op = node->binary.op;

	if (op == OP_LAND || op == OP_LOR)
		return logical(f, node);
	if (op >= OP_EQ && op <= OP_GE)
		return from_truth(f, compare(f, node));
	LLVMValueRef a = gen_value(f, left), b = gen_value(f, right);

	gen_place(f, node->span);
	if (left->type->form == FORM_PTR && right->type->form != FORM_PTR)
		b = scaled(f, left, b);
	else if (right->type->form == FORM_PTR && left->type->form != FORM_PTR)
		a = scaled(f, right, a);
	return gen_operate(f, op, a, b, gen_is_signed(f, op, left->type, right->type));
}

static LLVMValueRef unary(struct function *f, struct node *node)
{
	LLVMValueRef v;

	if (node->unary.op == OP_DEREF)
		return gen_member_value(f, node);
	if (node->unary.op == OP_ADDRESS)
		return gen_address(f, node->unary.operand);
	if (node->unary.op == OP_LNOT)
		return from_truth(f, LLVMBuildNot(f->b, gen_truth(f, node->unary.operand), ""));
	v = gen_value(f, node->unary.operand);
	return node->unary.op == OP_NEG ? LLVMBuildNeg(f->b, v, "") : LLVMBuildNot(f->b, v, "");
}

/* Both branches into one slot; to is the caller's memory when the type is no scalar. */
static LLVMValueRef ternary(struct function *f, struct node *node, LLVMValueRef to)
{
	LLVMBasicBlockRef yes = gen_block(f, "yes"), no = gen_block(f, "no"), after = gen_block(f, "after");
	bool scalar = gen_is_scalar(node->type), nothing = node->type->form == FORM_VOID;
	LLVMValueRef slot = scalar ? gen_alloca(f, 8, "ternary") : to;
	struct node *branches[2] = { node->ternary.yes, node->ternary.no };
	LLVMBasicBlockRef blocks[2] = { yes, no };
	bool keeps = f->lower->keeps_reads;

	LLVMBuildCondBr(f->b, gen_truth(f, node->ternary.condition), yes, no);
	f->lower->keeps_reads = false;
	for (int i = 0; i < 2; i++) {
		LLVMPositionBuilderAtEnd(f->b, blocks[i]);
		if (scalar)
			gen_store64(f, slot, gen_value(f, branches[i]));
		else if (nothing)
			gen_value(f, branches[i]);
		else
			gen_value_to(f, branches[i], to, node->type);
		gen_go(f, after);
	}
	f->lower->keeps_reads = keeps;
	return scalar ? gen_load64(f, slot) : NULL;
}

static void write_literal(struct function *f, struct str text, LLVMValueRef to, uint32_t size)
{
	uint32_t used = (uint32_t)text.n + 1 > size ? size : (uint32_t)text.n + 1;

	for (uint32_t at = 0, bytes; at < used; at += bytes) {
		for (bytes = 8; bytes > size - at; bytes /= 2)
			;
		LLVMBuildStore(
		    f->b, LLVMConstInt(gen_int_type(f, bytes), word_of(text, at), 0), gen_offset(f, to, at));
		used = used > at + bytes ? used : at + bytes;
	}
}

/* Is it an array in a tracepoint's record? */
static bool is_tracepoint_array(const struct function *f, const struct node *node)
{
	return node->path && node->path->begin == PATH_ARGS && f->bpf->program_kind == PROGRAM_tracepoint &&
	       !node->member.member->data_loc && !node->member.member->rel_loc;
}

/* Writes a variable, map element, member ... that is in memory, of its own type -> to. */
static LLVMValueRef memory_value(struct function *f, struct node *node, LLVMValueRef to)
{
	if (node->kind == NODE_STRING) {
		gen_zero(f, to, node->type->size);
		write_literal(f, node->string.text, to, node->type->size);
		return NULL;
	}
	if (is_tracepoint_array(f, node)) {
		args_copy_field(f, node->member.member, to);
		return NULL;
	}
	if (gen_is_local(node))
		gen_local_copy(f, node, to);
	else if (portable_copies(f, node))
		portable_copy(f, node, to);
	else
		core_read(f, gen_space(node), to, node->type->size, gen_address(f, node), node->span);
	return NULL;
}

static void tuple(struct function *f, struct node *node, LLVMValueRef to, const struct type *type)
{
	uint32_t i = 0;

	gen_zero(f, to, type->size);
	for (struct node *e = node->tuple.elements; e; e = e->next, i++)
		gen_value_to(f, e, gen_offset(f, to, type->offsets[i]), type->items[i]);
}

/* A tuple whose elements are narrower than those of where it goes. */
static void widen_tuple(struct function *f, LLVMValueRef from, const struct type *type, LLVMValueRef to,
    const struct type *wanted)
{
	gen_zero(f, to, wanted->size);
	for (uint32_t i = 0; i < type->elements; i++) {
		LLVMValueRef item = gen_offset(f, from, type->offsets[i]);
		LLVMValueRef target = gen_offset(f, to, wanted->offsets[i]);

		if (gen_is_scalar(type->items[i]))
			gen_store(f, wanted->items[i], target, gen_load(f, type->items[i], item));
		else if (type->items[i]->form == FORM_TUPLE)
			widen_tuple(f, item, type->items[i], target, wanted->items[i]);
		else
			gen_copy(f, target, item, type->items[i]->size);
	}
}

/* Integers, pointers; an integer as an array of its bytes, and the other way. */
static LLVMValueRef cast(struct function *f, struct node *node, LLVMValueRef to)
{
	struct node *operand = node->cast.operand;
	LLVMValueRef v, bytes;

	if (type_is_aggregation(operand->type))
		return convert(f, gen_value(f, operand), node->type);
	if (node->type->form == FORM_ARRAY) {
		v = gen_value(f, operand);
		gen_zero(f, to, node->type->size);
		for (uint32_t at = 0; at < node->type->size && at < 8; at++) {
			bytes = LLVMBuildLShr(f->b, v, gen_const(f, 8 * at), "");
			LLVMBuildStore(
			    f->b, LLVMBuildTrunc(f->b, bytes, f->m->i8, ""), gen_offset(f, to, at));
		}
		return NULL;
	}
	if (!gen_is_scalar(operand->type)) {
		bytes = gen_temporary(f, operand->type->size < 8 ? 8 : operand->type->size);
		gen_zero(f, bytes, 8);
		gen_bytes_to(f, operand, bytes, operand->type);
		return convert(f, gen_load64(f, bytes), node->type);
	}
	return convert(f, gen_value(f, operand), node->type);
}

static LLVMValueRef integer(struct function *f, const struct node *node)
{
	static const enum image_extern_kind kinds[] = {
		[ORIGIN_ENUM] = EXTERN_enum_value,
		[ORIGIN_SIZE] = EXTERN_type_size,
		[ORIGIN_OFFSET] = EXTERN_member_offset,
	};

	if (!f->g->program->portable || node->integer.origin == ORIGIN_SCRIPT)
		return gen_const(f, node->integer.value);
	return extern_load(f, kinds[node->integer.origin], node->integer.named);
}

/* to is NULL for a scalar, whose value is returned. */
static LLVMValueRef expression(struct function *f, struct node *node, LLVMValueRef to)
{
	gen_place(f, node->span);
	switch (node->kind) {
	case NODE_INT:
		return integer(f, node);
	case NODE_IDENT:
	case NODE_CALL:
		return builtin_value(f, node, to);
	case NODE_VARIABLE:
		if (to)
			return memory_value(f, node, to);
		return gen_load(
		    f, node->variable.variable->type, f->lower->variables[node->variable.variable->index]);
	case NODE_MAP:
		return gen_map_value(f, node, to);
	case NODE_UNARY:
		return to ? memory_value(f, node, to) : unary(f, node);
	case NODE_BINARY:
		return binary(f, node);
	case NODE_STEP:
		return gen_step(f, node);
	case NODE_TERNARY:
		return ternary(f, node, to);
	case NODE_CAST:
		return cast(f, node, to);
	case NODE_MEMBER:
	case NODE_INDEX:
		return to ? memory_value(f, node, to) : gen_member_value(f, node);
	case NODE_STRING:
		return memory_value(f, node, to);
	case NODE_TUPLE:
		tuple(f, node, to, node->type);
		return NULL;
	case NODE_PARAM:
		return param_load(f, node->param.row, node->type, to);
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
	return gen_const(f, 0);
}

LLVMValueRef gen_value(struct function *f, struct node *node)
{
	return expression(f, node, NULL);
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

void gen_bytes_to(struct function *f, struct node *node, LLVMValueRef to, const struct type *type)
{
	if (gen_is_scalar(node->type)) {
		gen_store(f, type, to, gen_value(f, node));
		return;
	}
	if (type->form == FORM_TUPLE && node->kind == NODE_TUPLE) {
		tuple(f, node, to, type);
		return;
	}
	if (type->form == FORM_TUPLE && type != node->type) {
		LLVMValueRef narrow = gen_temporary(f, node->type->size);

		expression(f, node, narrow);
		widen_tuple(f, narrow, node->type, to, type);
		return;
	}
	if (type->size > node->type->size || leaves_rest(node))
		gen_zero(f, to, type->size);
	expression(f, node, to);
}

/* Is it an array of char as it lies in somebody's memory, with anything behind its NUL? */
static bool is_open_text(const struct node *node)
{
	return node->type->form == FORM_ARRAY && type_is_text(node->type) && node->kind != NODE_MAP &&
	       node->kind != NODE_TERNARY;
}

void gen_value_to(struct function *f, struct node *node, LLVMValueRef to, const struct type *type)
{
	gen_bytes_to(f, node, to, type);
	if (is_open_text(node))
		gen_end_text(f, to, node->type->size);
}
