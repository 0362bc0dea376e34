/*
 * The types of expressions: names, members, indexes, casts.
 */
#include "analysis/compilation.h"

static const struct type *infer_int(struct compilation *c, struct node *node)
{
	/* What has taken the place of a constant or of an option has its type already. */
	return node->type ? node->type : type_int(c->types, 8, !node->integer.is_unsigned);
}

static const struct type *unknown_name(struct compilation *c, struct node *node)
{
	struct str_near near = { .wanted = node->ident.name };

	builtin_near(c, &near, BUILTIN_IS_VAR);
	problem_error(c, node->span, "unknown name %.*s", STR_ARG(node->ident.name));
	problem_hint_near(c, &near,
	    "it is no builtin variable, no #define, no constant of the UAPI headers or of a kernel enum");
	return c->error;
}

static const struct type *infer_ident(struct compilation *c, struct node *node)
{
	const struct builtin *builtin = builtin_find(node->ident.name, NULL);
	const struct type *type;
	bool is_arg;

	if (builtin)
		return infer_builtin(c, node, NULL);
	type = infer_argn(c, node, node->ident.name, &is_arg);
	if (is_arg)
		return type;
	return unknown_name(c, node);
}

static const struct type *infer_variable(struct compilation *c, struct node *node)
{
	const struct variable_info *info = (const struct variable_info *)node->variable.variable;

	return info && info->inferred.type ? info->inferred.type : c->error;
}

static const struct type *infer_map(struct compilation *c, struct node *node)
{
	const struct type *type;
	struct str text;

	map_use_keys(c, node);
	type = map_read(c, node);
	if (is_unknown(c, type) || !type_is_aggregation(type))
		return type;
	/* The sum over all CPUs, as a number. */
	if (type->form != FORM_HIST && type->form != FORM_LHIST && type->form != FORM_STATS)
		return type_int(c->types, 8, type->is_signed || type->form == FORM_COUNT);
	text = type_text(c->arena, type);
	problem_error(
	    c, node->span, "%.*s holds a %.*s, which is no number", STR_ARG(node->map.name), STR_ARG(text));
	problem_hint(c, "print(%.*s) shows it; count(), sum(), avg(), min() and max() can be read",
	    STR_ARG(node->map.name));
	return c->error;
}

/* Pointers in user memory point into user memory. */
static const struct type *in_space(struct compilation *c, const struct type *type, enum address_space space)
{
	if (space != SPACE_USER && space != SPACE_ANY)
		return type;
	if (type->form == FORM_PTR)
		return type_ptr(c->types, in_space(c, type->target, space), space);
	return type;
}

/* What an lvalue is reached through, or NULL. */
static const struct node *reached_through(const struct node *node)
{
	if (node->kind == NODE_MEMBER)
		return node->member.object;
	if (node->kind == NODE_INDEX)
		return node->index.object;
	return node->kind == NODE_UNARY && node->unary.op == OP_DEREF ? node->unary.operand : NULL;
}

enum address_space infer_space(const struct node *node)
{
	const struct node *object = reached_through(node);

	while (object && object->type->form != FORM_PTR && object->type->form != FORM_ARGS)
		object = reached_through(object);
	return object ? object->type->space : SPACE_KERNEL;
}

#define KERNEL_STRUCTS "bpftool btf dump file /sys/kernel/btf/vmlinux format c shows the kernel's structs"
#define MEMBERS_SHOWN 8

/* Returns what a record has, for a hint: its definition is in the script or a header. */
static struct str member_names(struct compilation *c, const struct type *record)
{
	const struct member *members;
	uint32_t n = type_members(c->types, record, &members);
	struct str text = STR("it has no members");

	for (uint32_t i = 0; i < n && i < MEMBERS_SHOWN; i++)
		text = str_format(c->arena, "%.*s%s%.*s", STR_ARG(i ? text : STR("it has")), i ? ", " : " ",
		    STR_ARG(members[i].name));
	return n > MEMBERS_SHOWN ? str_format(c->arena, "%.*s and others", STR_ARG(text)) : text;
}

static void no_member(struct compilation *c, const struct node *node, const struct type *record)
{
	struct str_near near = { .wanted = node->member.name };
	struct str text = type_text(c->arena, record);

	type_near_member(c->types, record, &near);
	/* The kernel renames what it keeps: nr_running became nr_queued. */
	near.kin = near.n == 0 && !record->defined;
	if (near.kin)
		type_near_member(c->types, record, &near);
	if (record->form == FORM_ARGS) {
		const struct attach *attach = c->unit->attaches.v[0];

		problem_error(c, node->member.name_span, "%.*s has no argument %.*s", STR_ARG(attach->text),
		    STR_ARG(node->member.name));
		problem_hint_near(c, &near, NULL);
		problem_hint(c, "btrun -lv '%.*s' lists them", STR_ARG(attach->text));
		return;
	}
	problem_error(
	    c, node->member.name_span, "%.*s has no member %.*s", STR_ARG(text), STR_ARG(node->member.name));
	problem_hint_near(c, &near, record->defined ? member_names(c, record).p : KERNEL_STRUCTS);
}

/* $t.1: a tuple's elements have numbers for names. */
static const struct type *infer_element(struct compilation *c, struct node *node, const struct type *tuple)
{
	struct member *member = arena_one(c->arena, struct member);
	struct str text = type_text(c->arena, tuple);
	uint32_t number = 0;
	bool is_number = node->member.name.n < 5;

	for (size_t i = 0; i < node->member.name.n && is_number; i++) {
		is_number = node->member.name.p[i] >= '0' && node->member.name.p[i] <= '9';
		number = number * 10 + (uint32_t)(node->member.name.p[i] - '0');
	}
	if (!is_number || number >= tuple->elements) {
		problem_error(c, node->member.name_span, "%.*s has no element %.*s", STR_ARG(text),
		    STR_ARG(node->member.name));
		problem_hint(c, "its elements are .0 to .%u", tuple->elements - 1);
		return c->error;
	}
	member->record = tuple;
	member->name = node->member.name;
	member->type = tuple->items[number];
	member->bit_offset = 8 * tuple->offsets[number];
	node->member.member = member;
	return member->type;
}

static const struct type *infer_member(struct compilation *c, struct node *node)
{
	const struct type *object = infer_value(c, node->member.object), *record;
	struct str text;

	if (is_unknown(c, object))
		return object;
	if (object->form == FORM_TUPLE)
		return infer_element(c, node, object);
	record = object->form == FORM_PTR ? object->target : object;
	if (record->form != FORM_STRUCT && record->form != FORM_UNION && record->form != FORM_ARGS) {
		text = type_text(c->arena, object);
		problem_error(c, node->member.object->span, "%.*s has no members", STR_ARG(text));
		problem_hint(c, "cast it to a pointer to a struct: ((struct NAME *)...)->%.*s",
		    STR_ARG(node->member.name));
		return c->error;
	}
	node->member.member = type_member(c->types, record, node->member.name);
	if (!node->member.member) {
		no_member(c, node, record);
		return c->error;
	}
	portable_member(c, node, record);
	if (node->member.member->rel_loc && c->options->portable) {
		problem_error(c, node->span, "where %.*s lies can't be found on another kernel",
		    STR_ARG(node->member.name));
		problem_hint(c, "run the script on the kernel that it is compiled on");
		return c->error;
	}
	if (node->member.member->unreachable ||
	    (record->form == FORM_ARGS && node->member.member->type->form == FORM_FLOAT)) {
		problem_error(c, node->span, "%.*s is not in a register or on the stack as one value",
		    STR_ARG(node->member.name));
		problem_hint(c, "floating-point numbers and structs that are passed by value can't be read");
		return c->error;
	}
	return record->form == FORM_ARGS ? node->member.member->type
					 : in_space(c, node->member.member->type, infer_space(node));
}

static bool index_in_bounds(struct compilation *c, const struct node *node, const struct type *object)
{
	int64_t index;

	/* An array of no elements ends a struct and is as long as it is. */
	if (object->form != FORM_ARRAY || !object->elements || !fold_int(node->index.index, &index))
		return true;
	if (index >= 0 && index < object->elements)
		return true;
	problem_error(c, node->index.index->span, "index %lld is outside of an array of %u", (long long)index,
	    object->elements);
	problem_hint(c, "its last element is [%u]", object->elements - 1);
	return false;
}

static const struct type *infer_index(struct compilation *c, struct node *node)
{
	const struct type *object = infer_value(c, node->index.object);
	const struct type *index = infer_value(c, node->index.index);
	struct str text;

	if (is_unknown(c, object) || is_unknown(c, index))
		return c->error;
	text = type_text(c->arena, object);
	if (object->form != FORM_ARRAY && object->form != FORM_STRING &&
	    (object->form != FORM_PTR || !object->target->size)) {
		problem_error(c, node->index.object->span, "%.*s can't be indexed", STR_ARG(text));
		problem_hint(c, "arrays, strings and pointers to something of a known size can");
		return c->error;
	}
	if (!type_is_integer(index)) {
		problem_error(c, node->index.index->span, "an index is an integer");
		problem_hint(c, "cast it, as in [(uint64)...]");
		return c->error;
	}
	if (!index_in_bounds(c, node, object))
		return c->error;
	if (object->form == FORM_STRING)
		return type_by_word(c->types, STR("char"));
	return in_space(c, object->target, infer_space(node));
}

static void measure(struct compilation *c, struct node *node, const struct type *type, uint64_t value)
{
	c->has_sizes = true;
	if (!c->measures)
		return;
	node->sizeof_.measured = type;
	node->sizeof_.value = value;
}

static const struct type *infer_offsetof(struct compilation *c, struct node *node, const struct type *record)
{
	const struct member *member = NULL;
	struct str text = type_text(c->arena, record);

	if (record->form == FORM_STRUCT || record->form == FORM_UNION)
		member = type_member(c->types, record, node->sizeof_.member);
	if (!member || member->bit_size) {
		problem_error(c, node->span, "%.*s has no member %.*s with an offset", STR_ARG(text),
		    STR_ARG(node->sizeof_.member));
		problem_hint(c, "as in offsetof(struct sock, sk_err)");
		return c->error;
	}
	measure(c, node, record, member->bit_offset / 8);
	return type_int(c->types, 8, true);
}

static const struct type *infer_sizeof(struct compilation *c, struct node *node)
{
	const struct type *type = node->sizeof_.of_type ? infer_type_syntax(c, node->sizeof_.of_type)
							: infer_value(c, node->sizeof_.of_expr);

	if (is_unknown(c, type))
		return type;
	if (node->sizeof_.member.n)
		return infer_offsetof(c, node, type);
	if (type_is_incomplete(type)) {
		problem_error(
		    c, node->span, "the size of %.*s is not known", STR_ARG(type_text(c->arena, type)));
		problem_hint(c, "define it, or include the header that does");
		return c->error;
	}
	measure(c, node, type, type->size);
	return type_int(c->types, 8, true);
}

static const struct type *infer_step(struct compilation *c, struct node *node)
{
	struct node *target = node->step.target;
	const struct type *type;
	struct str text;

	if (target->kind == NODE_MAP) {
		struct map_info *info = (struct map_info *)target->map.map;

		map_use_keys(c, target);
		if (!info->value.type)
			inferred_take(c, &info->value, type_int(c->types, 8, true), false, target->span);
	} else if (target->kind != NODE_VARIABLE) {
		problem_error(c, target->span, "%s needs a variable or a map", node->step.down ? "--" : "++");
		problem_hint(c, "as in $x%s or @x[pid]%s", node->step.down ? "--" : "++",
		    node->step.down ? "--" : "++");
		return c->error;
	}
	type = infer_expr(c, target);
	if (is_unknown(c, type) || type_is_integer(type) || type->form == FORM_PTR)
		return type;
	text = type_text(c->arena, type);
	problem_error(c, target->span, "%s needs an integer or a pointer, and this is %.*s",
	    node->step.down ? "--" : "++", STR_ARG(text));
	problem_hint(c, "keep the number in a variable of its own");
	return c->error;
}

static const struct type *infer_tuple(struct compilation *c, struct node *node)
{
	VEC(const struct type *) items = { 0 };
	struct str text;

	for (struct node *e = node->tuple.elements; e; e = e->next) {
		const struct type *type = infer_value(c, e), *stored;

		if (is_unknown(c, type))
			return c->error;
		stored = inferred_stored_in_map(c, type);
		text = type_text(c->arena, type);
		if (!stored || type_is_aggregation(type)) {
			problem_error(c, e->span, "%.*s can't be part of a tuple", STR_ARG(text));
			problem_hint(c, "take one of its members or elements");
			return c->error;
		}
		vec_push(c->arena, &items, stored);
	}
	return type_tuple(c->types, items.v, (uint32_t)items.n);
}

static const struct type *dispatch(struct compilation *c, struct node *node, struct node *target)
{
	switch (node->kind) {
	case NODE_INT:
		return infer_int(c, node);
	case NODE_STRING:
		return type_string(c->types, (uint32_t)node->string.text.n + 1);
	case NODE_IDENT:
		return infer_ident(c, node);
	case NODE_PARAM:
		return commandline_param_type(c, node);
	case NODE_VARIABLE:
		return infer_variable(c, node);
	case NODE_MAP:
		return infer_map(c, node);
	case NODE_CALL:
		return infer_builtin(c, node, target);
	case NODE_UNARY:
		return infer_unary(c, node);
	case NODE_BINARY:
		return infer_binary(c, node);
	case NODE_STEP:
		return infer_step(c, node);
	case NODE_TERNARY:
		return infer_ternary(c, node);
	case NODE_CAST:
		return infer_cast(c, node);
	case NODE_MEMBER:
		return infer_member(c, node);
	case NODE_INDEX:
		return infer_index(c, node);
	case NODE_TUPLE:
		return infer_tuple(c, node);
	case NODE_SIZEOF:
		return infer_sizeof(c, node);
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
	problem_error(c, node->span, "a statement can't be a value");
	problem_hint(c, "write it as a statement of its own, before this one");
	return c->error;
}

const struct type *infer_expr(struct compilation *c, struct node *node)
{
	struct node *target = c->target;

	c->target = NULL;
	node->type = dispatch(c, node, target);
	return node->type;
}

const struct type *infer_value(struct compilation *c, struct node *node)
{
	const struct type *type = infer_expr(c, node);

	if (is_unknown(c, type) || type->form != FORM_VOID)
		return type;
	problem_error(c, node->span, "this gives no value");
	problem_hint(c, "write it as a statement of its own");
	return c->error;
}

void infer_condition(struct compilation *c, struct node *node)
{
	const struct type *type = infer_value(c, node);
	struct str text;

	if (is_unknown(c, type) || type_is_integer(type) || type->form == FORM_PTR)
		return;
	text = type_text(c->arena, type);
	problem_error(c, node->span, "%.*s is neither true nor false", STR_ARG(text));
	problem_hint(c, "compare it with something, as in ... == \"text\"");
}
