/*
 * The types of expressions: names, members, indexes, casts.
 */
#include "analysis/check.h"

static const struct type *check_int(struct check *c, struct node *node)
{
	/* A constant of an enum has its type already. */
	return node->type ? node->type : type_int(c->types, 8, !node->integer.is_unsigned);
}

static const struct type *unknown_name(struct check *c, struct node *node)
{
	struct str_near near = { .wanted = node->ident.name };

	builtin_near(c, &near, VAR);
	check_error(c, node->span, "unknown name %.*s", STR_ARG(node->ident.name));
	check_hint_near(c, &near,
	    "it is no builtin variable, no #define, no constant of the UAPI headers or of a kernel enum");
	return c->error;
}

static const struct type *check_ident(struct check *c, struct node *node)
{
	const struct builtin *builtin = builtin_find(node->ident.name, NULL);
	const struct type *type;
	bool is_arg;

	if (builtin)
		return check_builtin(c, node, NULL);
	type = check_argn(c, node, node->ident.name, &is_arg);
	if (is_arg)
		return type;
	if (fold_constant(c, node))
		return node->type;
	return unknown_name(c, node);
}

static const struct type *check_param(struct check *c, struct node *node)
{
	fold_param(c, node);
	return node->type;
}

static const struct type *check_variable(struct check *c, struct node *node)
{
	const struct variable_info *info = (const struct variable_info *)node->variable.variable;

	return info && info->inferred.type ? info->inferred.type : c->error;
}

static const struct type *check_map(struct check *c, struct node *node)
{
	const struct type *type;
	struct str text;

	map_use_keys(c, node);
	type = map_read(c, node);
	if (check_is_error(c, type) || !type_is_aggregation(type))
		return type;
	/* The sum over all CPUs, as a number. */
	if (type->form != FORM_HIST && type->form != FORM_LHIST && type->form != FORM_STATS)
		return type_int(c->types, 8, type->is_signed || type->form == FORM_COUNT);
	text = check_type_text(c, type);
	check_error(
	    c, node->span, "%.*s holds a %.*s, which is no number", STR_ARG(node->map.name), STR_ARG(text));
	check_hint(c, "print(%.*s) shows it; count(), sum(), avg(), min() and max() can be read",
	    STR_ARG(node->map.name));
	return c->error;
}

/* Pointers in user memory point into user memory. */
static const struct type *in_space(struct check *c, const struct type *type, enum address_space space)
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

enum address_space check_space(const struct node *node)
{
	const struct node *object = reached_through(node);

	while (object && object->type->form != FORM_PTR && object->type->form != FORM_ARGS)
		object = reached_through(object);
	return object ? object->type->space : SPACE_KERNEL;
}

enum address_space check_number_space(const struct unit *unit)
{
	return unit->user_memory ? SPACE_USER : SPACE_KERNEL;
}

static void no_member(struct check *c, const struct node *node, const struct type *record)
{
	struct str_near near = { .wanted = node->member.name };
	struct str text = check_type_text(c, record);

	type_near_member(c->types, record, &near);
	/* The kernel renames what it keeps: nr_running became nr_queued. */
	near.kin = near.n == 0;
	if (near.kin)
		type_near_member(c->types, record, &near);
	if (record->form == FORM_ARGS) {
		const struct attach *attach = c->unit->attaches.v[0];

		check_error(c, node->member.name_span, "%.*s has no argument %.*s", STR_ARG(attach->text),
		    STR_ARG(node->member.name));
		check_hint_near(c, &near, NULL);
		check_hint(c, "btrun -lv '%.*s' lists them", STR_ARG(attach->text));
		return;
	}
	check_error(
	    c, node->member.name_span, "%.*s has no member %.*s", STR_ARG(text), STR_ARG(node->member.name));
	check_hint_near(
	    c, &near, "bpftool btf dump file /sys/kernel/btf/vmlinux format c shows the kernel's structs");
}

/* $t.1: a tuple's elements have numbers for names. */
static const struct type *check_element(struct check *c, struct node *node, const struct type *tuple)
{
	struct member *member = arena_one(c->arena, struct member);
	struct str text = check_type_text(c, tuple);
	uint32_t number = 0;
	bool is_number = node->member.name.n < 5;

	for (size_t i = 0; i < node->member.name.n && is_number; i++) {
		is_number = node->member.name.p[i] >= '0' && node->member.name.p[i] <= '9';
		number = number * 10 + (uint32_t)(node->member.name.p[i] - '0');
	}
	if (!is_number || number >= tuple->elements) {
		check_error(c, node->member.name_span, "%.*s has no element %.*s", STR_ARG(text),
		    STR_ARG(node->member.name));
		check_hint(c, "its elements are .0 to .%u", tuple->elements - 1);
		return c->error;
	}
	member->record = tuple;
	member->name = node->member.name;
	member->type = tuple->items[number];
	member->bit_offset = 8 * tuple->offsets[number];
	node->member.member = member;
	return member->type;
}

static const struct type *check_member(struct check *c, struct node *node)
{
	const struct type *object = check_value(c, node->member.object), *record;
	struct str text;

	if (check_is_error(c, object))
		return object;
	if (object->form == FORM_TUPLE)
		return check_element(c, node, object);
	record = object->form == FORM_PTR ? object->target : object;
	if (record->form != FORM_STRUCT && record->form != FORM_UNION && record->form != FORM_ARGS) {
		text = check_type_text(c, object);
		check_error(c, node->member.object->span, "%.*s has no members", STR_ARG(text));
		check_hint(c, "cast it to a pointer to a struct: ((struct NAME *)...)->%.*s",
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
		check_error(c, node->span, "where %.*s lies can't be found on another kernel",
		    STR_ARG(node->member.name));
		check_hint(c, "run the script on the kernel that it is compiled on");
		return c->error;
	}
	if (node->member.member->unreachable) {
		check_error(c, node->span, "%.*s is not in a register or on the stack as one value",
		    STR_ARG(node->member.name));
		check_hint(c, "floating-point numbers and structs that are passed by value can't be read");
		return c->error;
	}
	return record->form == FORM_ARGS ? node->member.member->type
					 : in_space(c, node->member.member->type, check_space(node));
}

static bool index_in_bounds(struct check *c, const struct node *node, const struct type *object)
{
	int64_t index;

	/* An array of no elements ends a struct and is as long as it is. */
	if (object->form != FORM_ARRAY || !object->elements || !fold_int(node->index.index, &index))
		return true;
	if (index >= 0 && index < object->elements)
		return true;
	check_error(c, node->index.index->span, "index %lld is outside of an array of %u", (long long)index,
	    object->elements);
	check_hint(c, "its last element is [%u]", object->elements - 1);
	return false;
}

static const struct type *check_index(struct check *c, struct node *node)
{
	const struct type *object = check_value(c, node->index.object);
	const struct type *index = check_value(c, node->index.index);
	struct str text;

	if (check_is_error(c, object) || check_is_error(c, index))
		return c->error;
	text = check_type_text(c, object);
	if (object->form != FORM_ARRAY && object->form != FORM_STRING &&
	    (object->form != FORM_PTR || !object->target->size)) {
		check_error(c, node->index.object->span, "%.*s can't be indexed", STR_ARG(text));
		check_hint(c, "arrays, strings and pointers to something of a known size can");
		return c->error;
	}
	if (!type_is_integer(index)) {
		check_error(c, node->index.index->span, "an index is an integer");
		check_hint(c, "cast it, as in [(uint64)...]");
		return c->error;
	}
	if (!index_in_bounds(c, node, object))
		return c->error;
	if (object->form == FORM_STRING)
		return type_by_word(c->types, STR("char"));
	return in_space(c, object->target, check_space(node));
}

/* Of a struct of the kernel's another kernel has other sizes and offsets. */
static void fold_fact(struct check *c, struct node *node, uint64_t value, enum origin origin,
    const struct type *record, struct str member)
{
	struct str name;

	if (!type_is_kernels(record)) {
		fold_into_int(node, value, type_int(c->types, 8, true));
		return;
	}
	name = type_kernel_name(c->arena, record);
	if (member.n)
		name = str_format(c->arena, "%.*s:%.*s", STR_ARG(name), STR_ARG(member));
	fold_into_kernel_int(c, node, value, origin, name);
}

static const struct type *check_offsetof(struct check *c, struct node *node, const struct type *record)
{
	const struct member *member = NULL;
	struct str text = check_type_text(c, record);

	if (record->form == FORM_STRUCT || record->form == FORM_UNION)
		member = type_member(c->types, record, node->sizeof_.member);
	if (!member || member->bit_size) {
		check_error(c, node->span, "%.*s has no member %.*s with an offset", STR_ARG(text),
		    STR_ARG(node->sizeof_.member));
		check_hint(c, "as in offsetof(struct sock, sk_err)");
		return c->error;
	}
	if (c->report)
		fold_fact(c, node, member->bit_offset / 8, ORIGIN_OFFSET, record, node->sizeof_.member);
	return type_int(c->types, 8, true);
}

static const struct type *check_sizeof(struct check *c, struct node *node)
{
	const struct type *type = node->sizeof_.of_type ? check_type_syntax(c, node->sizeof_.of_type)
							: check_value(c, node->sizeof_.of_expr);

	if (check_is_error(c, type))
		return type;
	if (node->sizeof_.member.n)
		return check_offsetof(c, node, type);
	/* Before the last pass a variable's string can still grow. */
	if (c->report)
		fold_fact(c, node, type->size, ORIGIN_SIZE, type, STR(""));
	return type_int(c->types, 8, true);
}

static const struct type *check_step(struct check *c, struct node *node)
{
	struct node *target = node->step.target;
	const struct type *type;
	struct str text;

	if (target->kind == NODE_MAP) {
		struct map_info *info = (struct map_info *)map_of(c, target);

		map_use_keys(c, target);
		if (!info->value.type)
			inferred_take(c, &info->value, type_int(c->types, 8, true), false, target->span);
	} else if (target->kind != NODE_VARIABLE) {
		check_error(c, target->span, "%s needs a variable or a map", node->step.down ? "--" : "++");
		check_hint(c, "as in $x%s or @x[pid]%s", node->step.down ? "--" : "++",
		    node->step.down ? "--" : "++");
		return c->error;
	}
	type = check_expr(c, target);
	if (check_is_error(c, type) || type_is_integer(type) || type->form == FORM_PTR)
		return type;
	text = check_type_text(c, type);
	check_error(c, target->span, "%s needs an integer or a pointer, and this is %.*s",
	    node->step.down ? "--" : "++", STR_ARG(text));
	check_hint(c, "keep the number in a variable of its own");
	return c->error;
}

static const struct type *check_tuple(struct check *c, struct node *node)
{
	VEC(const struct type *) items = { 0 };
	struct str text;

	for (struct node *e = node->tuple.elements; e; e = e->next) {
		const struct type *type = check_value(c, e), *stored;

		if (check_is_error(c, type))
			return c->error;
		stored = inferred_stored_in_map(c, type);
		text = check_type_text(c, type);
		if (!stored || type_is_aggregation(type)) {
			check_error(c, e->span, "%.*s can't be part of a tuple", STR_ARG(text));
			check_hint(c, "take one of its members or elements");
			return c->error;
		}
		vec_push(c->arena, &items, stored);
	}
	return type_tuple(c->types, items.v, (uint32_t)items.n);
}

static const struct type *dispatch(struct check *c, struct node *node, struct node *target)
{
	switch (node->kind) {
	case NODE_INT:
		return check_int(c, node);
	case NODE_STRING:
		return type_string(c->types, (uint32_t)node->string.text.n + 1);
	case NODE_IDENT:
		return check_ident(c, node);
	case NODE_PARAM:
		return check_param(c, node);
	case NODE_VARIABLE:
		return check_variable(c, node);
	case NODE_MAP:
		return check_map(c, node);
	case NODE_CALL:
		return check_builtin(c, node, target);
	case NODE_UNARY:
		return check_unary(c, node);
	case NODE_BINARY:
		return check_binary(c, node);
	case NODE_STEP:
		return check_step(c, node);
	case NODE_TERNARY:
		return check_ternary(c, node);
	case NODE_CAST:
		return check_cast(c, node);
	case NODE_MEMBER:
		return check_member(c, node);
	case NODE_INDEX:
		return check_index(c, node);
	case NODE_TUPLE:
		return check_tuple(c, node);
	case NODE_SIZEOF:
		return check_sizeof(c, node);
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
	check_error(c, node->span, "a statement can't be a value");
	check_hint(c, "write it as a statement of its own, before this one");
	return c->error;
}

const struct type *check_expr(struct check *c, struct node *node)
{
	struct node *target = c->target;

	c->target = NULL;
	node->type = dispatch(c, node, target);
	return node->type;
}

const struct type *check_value(struct check *c, struct node *node)
{
	const struct type *type = check_expr(c, node);

	if (check_is_error(c, type) || type->form != FORM_VOID)
		return type;
	check_error(c, node->span, "this gives no value");
	check_hint(c, "write it as a statement of its own");
	return c->error;
}

void check_condition(struct check *c, struct node *node)
{
	const struct type *type = check_value(c, node);
	struct str text;

	if (check_is_error(c, type) || type_is_integer(type) || type->form == FORM_PTR)
		return;
	text = check_type_text(c, type);
	check_error(c, node->span, "%.*s is neither true nor false", STR_ARG(text));
	check_hint(c, "compare it with something, as in ... == \"text\"");
}
