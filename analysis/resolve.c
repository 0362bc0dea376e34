/*
 * The pass that finds what names stand for: the types that the script defines, the attach points of each
 * action with one copy of the action for each kind of context, and the variables, maps and constants of each
 * copy.
 */
#include "analysis/compilation.h"

#include <errno.h>

/* An attach point's condition is the action's whole predicate: func_exists("f") or its negation. */
static bool is_condition(const struct node *predicate, struct str *function, bool *negated)
{
	const struct node *node = predicate;
	enum builtin_id id;

	*negated = node && node->kind == NODE_UNARY && node->unary.op == OP_LNOT;
	if (*negated)
		node = node->unary.operand;
	if (!node || node->kind != NODE_CALL || !builtin_find(node->call.name, &id) ||
	    !builtin_is_condition(id))
		return false;
	if (!node->call.args || node->call.args->next || node->call.args->kind != NODE_STRING)
		return false;
	*function = node->call.args->string.text;
	return true;
}

/* Each unit has all copies that unroll() made in its action. */
static void count_copies(struct compilation *c, const struct probe_syntax *syntax)
{
	c->unrolled += syntax->unrolled;
	if (c->unrolled <= UNROLLED_MAX)
		return;
	problem_error(c, syntax->body->span, "unroll() would make more than %d copies", UNROLLED_MAX);
	problem_hint(c, "every round is a copy of the block in the program, for each of its attach points");
	c->unrolled = 0;
}

static struct unit *new_unit(struct compilation *c, const struct probe_syntax *syntax, struct attach *attach)
{
	struct unit *unit = arena_one(c->arena, struct unit);
	struct str condition;
	bool negated;

	unit->index = (uint32_t)c->program->units.n;
	unit->probe = attach->probe;
	unit->needs_kprobe = attach->offset != 0;
	unit->pinned = attach->probe == PROBE_iter && attach->binary.n;
	unit->body = ast_clone(c->arena, syntax->body);
	if (syntax->predicate && !is_condition(syntax->predicate, &condition, &negated))
		unit->predicate = ast_clone(c->arena, syntax->predicate);
	unit->args = attach_args(c, attach);
	unit->user_memory =
	    (probe_row(attach->probe)->gives & WITH_BINARY) || str_is(attach->category, "syscalls");
	vec_push(c->arena, &c->program->units, unit);
	count_copies(c, syntax);
	return unit;
}

static void add_attach(struct compilation *c, const struct probe_syntax *syntax, struct unit *unit,
    struct attach *attach, uint32_t action)
{
	struct str condition;

	attach->index = (uint32_t)c->program->attaches.n;
	attach->action = action;
	if (is_condition(syntax->predicate, &condition, &attach->condition_negated))
		attach->condition = condition;
	else
		attach->condition_negated = false;
	vec_push(c->arena, &c->program->attaches, attach);
	vec_push(c->arena, &unit->attaches, attach);
}

/* The globs of one probe type share a unit, and stand one after the other. */
static void add_globs(
    struct compilation *c, const struct probe_syntax *syntax, struct attach_list *list, uint32_t action)
{
	for (unsigned probe = 0; probe < PROBE_N_; probe++) {
		struct unit *unit = NULL;

		for (size_t i = 0; i < list->v.n; i++) {
			if (!list->v.v[i]->glob || list->v.v[i]->probe != probe)
				continue;
			if (!unit)
				unit = new_unit(c, syntax, list->v.v[i]);
			add_attach(c, syntax, unit, list->v.v[i], action);
		}
	}
}

/* Whether any of the action's attach points is there, without a word about those that are not. */
static bool some_exist(struct compilation *c, const struct probe_syntax *syntax)
{
	struct attach_list list = { 0 };

	size_t n_problems = c->problems.n;

	c->trial = true;
	for (size_t i = 0; i < syntax->attach.n; i++)
		attach_expand(c, &syntax->attach.v[i], &list);
	c->trial = false;
	problems_drop(c, n_problems);
	return list.v.n > 0;
}

static struct node *new_call(struct compilation *c, struct span at, struct str name, struct node *args)
{
	struct node *call = ast_new(c->arena, NODE_CALL, at);

	call->call.name = name;
	call->call.name_span = at;
	call->call.args = args;
	return call;
}

/* watchpoint:f+arg1:4:w: a probe of our own at the function sends the addresses that are to be watched. */
static void add_watch(struct compilation *c, const struct probe_syntax *written,
    const struct attach *watchpoint, uint32_t n_actions)
{
	struct attach *entry = arena_copy(c->arena, watchpoint, sizeof(*watchpoint));
	struct node *argument = ast_new(c->arena, NODE_IDENT, watchpoint->span);
	struct node *statement = ast_new(c->arena, NODE_EXPR, watchpoint->span);
	struct probe_syntax syntax = { .span = watchpoint->span,
		.body = ast_new(c->arena, NODE_BLOCK, watchpoint->span) };
	struct unit *unit;

	entry->probe = PROBE_uprobe;
	argument->ident.name = str_format(c->arena, "arg%u", watchpoint->watch.argument);
	statement->expr.expr = new_call(c, watchpoint->span, STR("watch"), argument);
	syntax.body->block.statements = statement;
	unit = new_unit(c, &syntax, entry);
	unit->watch = watchpoint;
	syntax.predicate = written->predicate; /* which may be a condition of attaching */
	/* Nothing else can do without it. */
	add_attach(c, &syntax, unit, entry, n_actions + (uint32_t)c->program->attaches.n);
}

static void add_action(
    struct compilation *c, const struct probe_syntax *syntax, uint32_t action, uint32_t n_actions)
{
	struct attach_list list = { 0 };
	struct str condition;
	bool negated;

	c->conditional = is_condition(syntax->predicate, &condition, &negated);
	c->names_args = parameters_wanted(syntax);
	c->others = syntax->attach.n > 1 && some_exist(c, syntax);
	for (size_t i = 0; i < syntax->attach.n; i++)
		attach_expand(c, &syntax->attach.v[i], &list);
	c->others = c->conditional = false;
	for (size_t i = 0; i < list.v.n; i++)
		if (!list.v.v[i]->glob)
			add_attach(c, syntax, new_unit(c, syntax, list.v.v[i]), list.v.v[i], action);
	for (size_t i = 0; i < list.v.n; i++)
		if (list.v.v[i]->watch.mode.n && list.v.v[i]->function.n)
			add_watch(c, syntax, list.v.v[i], n_actions);
	add_globs(c, syntax, &list, action);
}

static void resolve_units(struct compilation *c)
{
	for (size_t i = 0; i < c->program->units.n; i++) {
		c->unit = c->program->units.v[i];
		scope_resolve(c);
		names_resolve(c);
	}
}

void pass_resolve(struct compilation *c)
{
	uint32_t n = (uint32_t)c->script->probes.n;

	define_types(c, c->script);
	for (uint32_t i = 0; i < n; i++)
		add_action(c, &c->script->probes.v[i], i, n);
	resolve_units(c);
}
