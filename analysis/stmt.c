/*
 * Statements.
 */
#include "analysis/compilation.h"

static void infer_statement(struct compilation *c, struct node *node);

static void wrong_target(struct compilation *c, const struct node *target)
{
	problem_error(c, target->span, "this can't be assigned to");
	problem_hint(c, "variables ($x) and maps (@x, @x[key]) can");
}

static void not_kept(struct compilation *c, const struct node *value, struct str name)
{
	struct str text = type_text(c->arena, value->type);

	problem_error(c, value->span, "%.*s can't be kept in %.*s by this version of btrun", STR_ARG(text),
	    STR_ARG(name));
	if (value->type->form == FORM_STRUCT || value->type->form == FORM_UNION)
		problem_hint(c, "keep a pointer to it, as in %.*s = &...; its members are reached with ->",
		    STR_ARG(name));
	else if (type_is_aggregation(value->type))
		problem_hint(c, "aggregations are kept in maps, as in @x = count()");
	else
		problem_hint(c, "keep one of its members or elements");
}

static void assign_variable(
    struct compilation *c, struct node *target, const struct type *type, struct node *value)
{
	struct variable_info *info = (struct variable_info *)target->variable.variable;
	const struct type *stored = inferred_stored(c, type);
	struct str text, before, where;

	if (!info)
		return;
	if (!stored || type_is_aggregation(type)) {
		not_kept(c, value, info->variable.name);
		return;
	}
	if (inferred_take(c, &info->inferred, stored, inferred_is_literal(value), value->span)) {
		target->type = info->inferred.type;
		return;
	}
	text = type_text(c->arena, type);
	before = type_text(c->arena, info->inferred.type);
	where = problem_place(c, info->inferred.first);
	problem_error(c, value->span, "%.*s is assigned %.*s here, but %.*s at %.*s",
	    STR_ARG(info->variable.name), STR_ARG(text), STR_ARG(before), STR_ARG(where));
	problem_hint(c, "a variable keeps its type; take another variable, or cast the value");
}

static void assign(struct compilation *c, struct node *target, const struct type *type, struct node *value)
{
	if (target->kind == NODE_VARIABLE) {
		assign_variable(c, target, type, value);
		return;
	}
	map_assign(c, target, type, value);
	target->type = map_value_type(target->map.map);
	if (!target->type)
		target->type = type;
}

static void infer_plain(struct compilation *c, struct node *target, struct node *value)
{
	const struct type *type;

	if (target->kind == NODE_MAP) {
		map_use_keys(c, target);
		c->target = target;
	}
	type = infer_value(c, value);
	target->type = c->error;
	if (!is_unknown(c, type))
		assign(c, target, type, value);
}

/* @x += 1 also for an @x that nothing else is assigned to. */
static void start_map(struct compilation *c, struct node *target, const struct type *value)
{
	struct map_info *info = (struct map_info *)target->map.map;

	if (!info->value.type && !is_unknown(c, value) && type_is_integer(value))
		inferred_take(c, &info->value, inferred_stored_in_map(c, type_common(c->types, value, value)),
		    false, target->span);
}

static void infer_compound(struct compilation *c, struct node *node)
{
	struct node *target = node->assign.target, *value = node->assign.value;
	const struct type *right = infer_value(c, value), *type;

	if (target->kind == NODE_MAP) {
		map_use_keys(c, target);
		start_map(c, target, right);
	}
	infer_value(c, target);
	type = infer_operation(c, node->assign.op, node->span, target->type, target, right, value);
	if (!is_unknown(c, type))
		assign(c, target, type, value);
}

static void infer_assign(struct compilation *c, struct node *node)
{
	struct node *target = node->assign.target;

	if (target->kind != NODE_VARIABLE && target->kind != NODE_MAP) {
		wrong_target(c, target);
		infer_value(c, node->assign.value);
	} else if (node->assign.op == OP_NONE) {
		infer_plain(c, target, node->assign.value);
	} else {
		infer_compound(c, node);
	}
}

static void infer_if(struct compilation *c, struct node *node)
{
	infer_condition(c, node->if_.condition);
	infer_statement(c, node->if_.yes);
	if (node->if_.no)
		infer_statement(c, node->if_.no);
}

static void infer_loop(struct compilation *c, struct node *body)
{
	c->loops++;
	infer_statement(c, body);
	c->loops--;
}

static void infer_while(struct compilation *c, struct node *node)
{
	infer_condition(c, node->while_.condition);
	infer_loop(c, node->while_.body);
}

static void infer_bound(struct compilation *c, struct node *bound)
{
	const struct type *type = infer_value(c, bound);
	struct str text;

	if (is_unknown(c, type) || type_is_integer(type))
		return;
	text = type_text(c->arena, type);
	problem_error(
	    c, bound->span, "a range goes from an integer to another, and this is %.*s", STR_ARG(text));
	problem_hint(c, "as in for $i : 0..10 { ... }");
}

static void infer_range(struct compilation *c, struct node *node)
{
	struct variable_info *info = (struct variable_info *)node->range.variable->variable.variable;

	infer_bound(c, node->range.from);
	infer_bound(c, node->range.to);
	if (info)
		inferred_take(
		    c, &info->inferred, type_int(c->types, 8, true), false, node->range.variable->span);
	node->range.variable->type = type_int(c->types, 8, true);
	infer_loop(c, node->range.body);
}

static void infer_jump(struct compilation *c, const struct node *node)
{
	const char *word = node->kind == NODE_BREAK ? "break" : "continue";

	if (c->loops)
		return;
	problem_error(c, node->span, "%s is not in a loop", word);
	problem_hint(c, "return ends the action");
}

static void infer_statement(struct compilation *c, struct node *node)
{
	switch (node->kind) {
	case NODE_EXPR:
		infer_expr(c, node->expr.expr);
		return;
	case NODE_ASSIGN:
		infer_assign(c, node);
		return;
	case NODE_IF:
		infer_if(c, node);
		return;
	case NODE_BLOCK:
		infer_statements(c, node->block.statements);
		return;
	case NODE_RETURN:
		if (node->return_.value)
			infer_value(c, node->return_.value);
		return;
	case NODE_WHILE:
		infer_while(c, node);
		return;
	case NODE_RANGE:
		infer_range(c, node);
		return;
	case NODE_UNROLL: /* unroll_expand() has told why it is still one */
		return;
	case NODE_BREAK:
	case NODE_CONTINUE:
		infer_jump(c, node);
		return;
	case NODE_INT:
	case NODE_STRING:
	case NODE_IDENT:
	case NODE_PARAM:
	case NODE_VARIABLE:
	case NODE_MAP:
	case NODE_CALL:
	case NODE_UNARY:
	case NODE_BINARY:
	case NODE_STEP:
	case NODE_TERNARY:
	case NODE_CAST:
	case NODE_MEMBER:
	case NODE_INDEX:
	case NODE_TUPLE:
	case NODE_SIZEOF:
		infer_expr(c, node);
		return;
	}
}

static const struct node *called(const struct node *statement)
{
	const struct node *node = statement->kind == NODE_EXPR ? statement->expr.expr : statement;

	return node->kind == NODE_CALL && node->call.call && node->call.call->action ? node : NULL;
}

struct node *statement_async_call(struct node *statement)
{
	return called(statement) == statement ? statement : called(statement) ? statement->expr.expr : NULL;
}

bool statement_ends_action(const struct node *statement)
{
	const struct node *call = called(statement);

	return statement->kind == NODE_RETURN || statement->kind == NODE_BREAK ||
	       statement->kind == NODE_CONTINUE || (call && builtin_ends_action(call->call.call->builtin));
}

void infer_statements(struct compilation *c, struct node *list)
{
	for (struct node *s = list; s; s = s->next) {
		infer_statement(c, s);
		if (s->next && statement_ends_action(s)) {
			problem_warning(c, s->next->span, "this is never reached");
			problem_hint(c, "the action ends before it");
		}
	}
}
