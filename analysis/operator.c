/*
 * The types of operators and casts. Integer arithmetic is done in 64 bits (type_common()).
 */
#include <inttypes.h>

#include "analysis/field_path.h"
#include "analysis/compilation.h"

static bool is_numeric(const struct type *t)
{
	return type_is_integer(t) || t->form == FORM_PTR;
}

static bool is_comparison(enum op op)
{
	return op >= OP_EQ && op <= OP_GE;
}

static const struct type *mismatch(
    struct compilation *c, enum op op, struct span at, const struct type *left, const struct type *right)
{
	struct str l = type_text(c->arena, left), r = type_text(c->arena, right);

	problem_error(
	    c, at, "%.*s %s %.*s: there is no such operation", STR_ARG(l), ast_op_text(op), STR_ARG(r));
	if (type_is_text(left) && (type_is_text(right) || !is_comparison(op)))
		problem_hint(c, "strings can be compared with == and != only");
	else if (type_is_text(left) != type_is_text(right) && is_comparison(op))
		problem_hint(c,
		    "compare strings with strings and numbers with numbers; str(address) reads a string, "
		    "and a number is written without quotes");
	else if (left->form == FORM_FLOAT || right->form == FORM_FLOAT)
		problem_hint(c,
		    "floating-point numbers can be printed and kept, and are keys; BPF calculates "
		    "with integers alone");
	else if (left->form == FORM_INET || right->form == FORM_INET)
		problem_hint(c, "what ntop() gives is for printing and for keys; compare the address that it "
				"was made from");
	else
		problem_hint(c, "cast pointers with (uint64) to calculate with them as numbers");
	return c->error;
}

/* retval is unsigned for a kretprobe, and "retval < 0" a favourite. */
static void warn_never_below_zero(
    struct compilation *c, enum op op, struct span at, const struct type *left, const struct node *right_node)
{
	int64_t value;

	if ((op != OP_LT && op != OP_GE) || !right_node || !fold_int(right_node, &value) || value)
		return;
	if (left->form != FORM_INT || left->is_signed || left->size != 8)
		return;
	problem_warning(c, at, "this is uint64, which is never below 0");
	problem_hint(c, "cast it to compare it as a signed number: (int64)... or (int32)...");
}

static const struct type *pointer_sum(
    struct compilation *c, enum op op, struct span at, const struct type *left, const struct type *right)
{
	if (left->form == FORM_PTR && type_is_integer(right) && (op == OP_ADD || op == OP_SUB))
		return left;
	if (right->form == FORM_PTR && type_is_integer(left) && op == OP_ADD)
		return right;
	return mismatch(c, op, at, left, right);
}

const struct type *infer_operation(struct compilation *c, enum op op, struct span at, const struct type *left,
    const struct node *left_node, const struct type *right, const struct node *right_node)
{
	int64_t value;

	if (is_unknown(c, left) || is_unknown(c, right))
		return c->error;
	if (type_is_text(left) && type_is_text(right) && (op == OP_EQ || op == OP_NE))
		return type_bool(c->types);
	if (left->form == FORM_ARRAY && right->form == FORM_ARRAY && left->size == right->size &&
	    left->target->size == right->target->size && (op == OP_EQ || op == OP_NE))
		return type_bool(c->types);
	if (!is_numeric(left) || !is_numeric(right))
		return mismatch(c, op, at, left, right);
	if (op == OP_LAND || op == OP_LOR)
		return type_bool(c->types);
	if (is_comparison(op)) {
		warn_never_below_zero(c, op, at, left, right_node);
		return type_bool(c->types);
	}
	if (left->form == FORM_PTR || right->form == FORM_PTR)
		return pointer_sum(c, op, at, left, right);
	if ((op == OP_DIV || op == OP_MOD) && right_node && fold_int(right_node, &value) && !value) {
		problem_error(c, right_node->span, "division by zero");
		problem_hint(c, "divide by something that is not 0");
		return c->error;
	}
	/* What is shifted decides, as in C. */
	if (op == OP_SHL || op == OP_SHR)
		return type_common(c->types, left, left);
	return type_common(c->types, left, right);
}

const struct type *infer_binary(struct compilation *c, struct node *node)
{
	struct node *left = node->binary.left, *right = node->binary.right;

	if (node->binary.op == OP_LAND || node->binary.op == OP_LOR) {
		infer_condition(c, left);
		infer_condition(c, right);
		return type_bool(c->types);
	}
	infer_value(c, left);
	infer_value(c, right);
	return infer_operation(c, node->binary.op, node->span, left->type, left, right->type, right);
}

static const struct type *infer_deref(struct compilation *c, struct node *node, const struct type *type)
{
	struct str text = type_text(c->arena, type);

	/* An integer is the address of a u64, as kaddr() gives them. */
	if (type_is_integer(type))
		return type_int(c->types, 8, false);
	if (type->form == FORM_PTR && type->target->size)
		return type->target;
	problem_error(c, node->span, "%.*s can't be dereferenced", STR_ARG(text));
	problem_hint(c, "cast it to a pointer to what lies there, as in *(uint32 *)...");
	return c->error;
}

static const struct type *infer_address(struct compilation *c, struct node *node, const struct type *type)
{
	const struct node *operand = node->unary.operand;

	if ((operand->kind == NODE_MEMBER && operand->member.member->record->form != FORM_ARGS &&
		!operand->member.member->bit_size) ||
	    operand->kind == NODE_INDEX || (operand->kind == NODE_UNARY && operand->unary.op == OP_DEREF))
		return type_ptr(c->types, type, infer_space(operand));
	problem_error(c, node->span, "this has no address in memory");
	problem_hint(c, "& takes members of structs and elements of arrays");
	return c->error;
}

static const struct type *infer_minus(struct compilation *c, struct node *node, const struct type *type)
{
	struct str text = type_text(c->arena, type);

	if (type_is_integer(type))
		return node->unary.op == OP_NEG ? type_int(c->types, 8, true)
						: type_common(c->types, type, type);
	problem_error(c, node->span, "%s needs an integer, and this is %.*s", ast_op_text(node->unary.op),
	    STR_ARG(text));
	problem_hint(c, "cast it, as in %s(uint64)...", ast_op_text(node->unary.op));
	return c->error;
}

const struct type *infer_unary(struct compilation *c, struct node *node)
{
	const struct type *type;

	if (node->unary.op == OP_LNOT) {
		infer_condition(c, node->unary.operand);
		return type_bool(c->types);
	}
	type = infer_value(c, node->unary.operand);
	if (is_unknown(c, type))
		return type;
	if (node->unary.op == OP_DEREF) {
		portable_address(c, node->unary.operand);
		return infer_deref(c, node, type);
	}
	if (node->unary.op == OP_ADDRESS)
		return infer_address(c, node, type);
	return infer_minus(c, node, type);
}

static const struct type *common_branch(struct compilation *c, const struct node *yes, const struct node *no)
{
	struct inferred_type inferred = { 0 };
	const struct type *a = yes->type, *b = no->type;

	if (a == b)
		return a;
	if (type_is_integer(a) && type_is_integer(b))
		return type_common(c->types, a, b);
	if (a->form == FORM_VOID || b->form == FORM_VOID || !inferred_stored(c, a) || !inferred_stored(c, b))
		return NULL;
	inferred_take(c, &inferred, inferred_stored(c, a), inferred_is_literal(yes), yes->span);
	return inferred_take(c, &inferred, inferred_stored(c, b), inferred_is_literal(no), no->span)
		   ? inferred.type
		   : NULL;
}

const struct type *infer_ternary(struct compilation *c, struct node *node)
{
	struct node *yes = node->ternary.yes, *no = node->ternary.no;
	const struct type *type;
	bool changed;

	infer_condition(c, node->ternary.condition);
	infer_expr(c, yes);
	infer_expr(c, no);
	if (is_unknown(c, yes->type) || is_unknown(c, no->type))
		return c->error;
	changed = c->changed;
	type = common_branch(c, yes, no);
	c->changed = changed;
	if (!type) {
		struct str a = type_text(c->arena, yes->type), b = type_text(c->arena, no->type);

		problem_error(c, node->span, "the two sides of ?: are %.*s and %.*s", STR_ARG(a), STR_ARG(b));
		problem_hint(c, "both have to be numbers, or strings, or addresses");
		return c->error;
	}
	return type_is_text(type) ? type_string_for(c->types, type) : type;
}

static enum btf_shape tag_shape(enum type_tag tag)
{
	switch (tag) {
	case TAG_NONE:
		return BTF_SHAPE_VOID;
	case TAG_STRUCT:
		return BTF_SHAPE_STRUCT;
	case TAG_UNION:
		return BTF_SHAPE_UNION;
	case TAG_ENUM:
		return BTF_SHAPE_ENUM;
	}
	return BTF_SHAPE_VOID;
}

static const struct type *no_type(struct compilation *c, const struct type_syntax *syntax)
{
	static const char *const tags[] = { "type", "struct", "union", "enum" };
	struct near_found n = { c->arena, { .wanted = syntax->name }, STR("") };

	problem_error(c, syntax->span, "unknown %s %.*s", tags[syntax->tag], STR_ARG(syntax->name));
	if (!c->program->btf) {
		problem_hint(c,
		    "this kernel has no BTF (/sys/kernel/btf/vmlinux), where its types are described: "
		    "it needs CONFIG_DEBUG_INFO_BTF=y");
		return c->error;
	}
	btf_each_name(c->program->btf, tag_shape(syntax->tag), near_offer_found, &n);
	problem_hint_near(c, &n.near, "the kernel's BTF has none of that name");
	return c->error;
}

/* Of an address that the script made from a number: what a system call was given lies in user memory. */
static enum address_space space_of_number(struct compilation *c, const struct type *target)
{
	return number_space(c->unit, target->is_char);
}

/* Looks once for each type: a kernel has 100,000 types and more. */
static bool has_namesake(struct compilation *c, const struct type *type)
{
	for (size_t i = 0; i < c->types_alone.n; i++)
		if (c->types_alone.v[i] == type)
			return false;
	if (btf_next_namesake(c->program->btf, type->btf_id))
		return true;
	vec_push(c->arena, &c->types_alone, type);
	return false;
}

/* Files of the kernel may each have a struct of that name. */
static void warn_namesakes(struct compilation *c, const struct type_syntax *syntax, const struct type *type)
{
	struct str sizes = STR(""), text;
	struct btf_info info;
	unsigned n = 0;

	if (!has_namesake(c, type))
		return;
	for (uint32_t id = type->btf_id; id; id = btf_next_namesake(c->program->btf, id)) {
		btf_info(c->program->btf, id, &info);
		sizes = str_format(c->arena, "%.*s%s%" PRIu32, STR_ARG(sizes), n++ ? ", " : "", info.size);
	}
	text = str_format(c->arena, "the kernel has %u of %.*s, of %.*s bytes: one of %" PRIu32 " is taken",
	    n, STR_ARG(type_text(c->arena, type)), STR_ARG(sizes), type->size);
	if (problem_is_recorded(c, text))
		return;
	problem_warning(c, syntax->span, "%.*s", STR_ARG(text));
	problem_hint(c,
	    "what args and members lead to has the right one; of another, define what you need of it in the "
	    "script");
}

static const struct type *syntax_type(
    struct compilation *c, const struct type_syntax *syntax, const enum address_space *space, uint32_t whole)
{
	const struct type *type = syntax->tag == TAG_NONE
				      ? type_by_word(c->types, syntax->name)
				      : type_named(c->types, tag_shape(syntax->tag), syntax->name);

	/* 0.17's scripts write (task_struct *) too. */
	if (!type && syntax->tag == TAG_NONE)
		type = type_named(c->types, BTF_SHAPE_STRUCT, syntax->name);
	if (!type)
		return no_type(c, syntax);
	if (type_is_kernels(type) && c->program->btf)
		warn_namesakes(c, syntax, type);
	for (unsigned i = 0; i < syntax->pointers; i++)
		type = type_ptr(c->types, type, space ? *space : space_of_number(c, type));
	/* An array without a number of elements is as long as what is cast to it. */
	if (syntax->is_array)
		type = type_array(c->types, type,
		    syntax->elements                    ? syntax->elements
		    : type->size && whole >= type->size ? whole / type->size
							: 1);
	return type;
}

const struct type *infer_type_syntax(struct compilation *c, const struct type_syntax *syntax)
{
	return syntax_type(c, syntax, NULL, 0);
}

static bool can_cast(const struct type *to, const struct type *from)
{
	bool bytes = from->form == FORM_ARRAY && type_is_integer(from->target) && from->size <= 8;

	if (to->form == FORM_PTR || type_is_integer(to))
		return is_numeric(from) || (bytes && type_is_integer(to) && from->size == to->size) ||
		       type_is_aggregation(from);
	return to->form == FORM_ARRAY && type_is_integer(to->target) && type_is_integer(from) &&
	       to->size <= 8;
}

const struct type *infer_cast(struct compilation *c, struct node *node)
{
	const struct type *from = infer_value(c, node->cast.operand), *to;
	enum address_space space;
	struct str a, b;

	if (is_unknown(c, from))
		return from;
	space = from->space;
	to = syntax_type(
	    c, node->cast.to, is_numeric(from) && from->form != FORM_PTR ? NULL : &space, from->size);
	if (to->form == FORM_PTR)
		portable_address(c, node->cast.operand);
	if (is_unknown(c, to) || can_cast(to, from))
		return to;
	a = type_text(c->arena, from);
	b = type_text(c->arena, to);
	problem_error(c, node->span, "%.*s can't be cast to %.*s", STR_ARG(a), STR_ARG(b));
	if (to->form == FORM_STRUCT || to->form == FORM_UNION)
		problem_hint(c, "cast to a pointer to it: (%.*s *)", STR_ARG(b));
	else
		problem_hint(c, "casts go between integers, pointers and arrays of up to 8 bytes");
	return c->error;
}
