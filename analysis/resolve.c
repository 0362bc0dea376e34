/*
 * From the script to units: which attach points an action has, one typed copy of the
 * action for each, passes until the types are stable.
 */
#include "analysis/field_path.h"
#include "analysis/compilation.h"

#include <errno.h>

/* Types only grow, and by few steps each, so this is never reached but by a mistake of ours. */
#define PASSES_MAX 64

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

	c->report = false;
	for (size_t i = 0; i < syntax->attach.n; i++)
		attach_expand(c, &syntax->attach.v[i], &list);
	c->report = true;
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
	argument->ident.name = str_format(c->arena, "arg%u", watchpoint->argument);
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
		if (list.v.v[i]->mode.n && list.v.v[i]->function.n)
			add_watch(c, syntax, list.v.v[i], n_actions);
	add_globs(c, syntax, &list, action);
}

static void pass(struct compilation *c, bool report)
{
	c->report = report;
	c->changed = false;
	for (size_t i = 0; i < c->program->units.n; i++) {
		c->unit = c->program->units.v[i];
		if (c->unit->predicate)
			infer_condition(c, c->unit->predicate);
		infer_statements(c, c->unit->body);
	}
}

static void resolve_scopes(struct compilation *c)
{
	for (size_t i = 0; i < c->program->units.n; i++) {
		c->unit = c->program->units.v[i];
		unroll_expand(c, c->unit->body);
		scope_resolve(c);
	}
}

/* Do the registers of a function's entry hold its parameters one each, up to those that are used? Structs
 * that are passed by value take several, or none. */
static bool one_register_each(struct compilation *c, const struct attach *a, uint32_t mask)
{
	for (uint32_t i = 0; mask >> i; i++) {
		const struct type *type;
		struct str name;
		uint32_t id;

		if (i >= a->n_params)
			return false;
		btf_param(c->program->btf, a->proto, i, &name, &id);
		type = type_of_btf(c->types, id, SPACE_KERNEL);
		if (!type_is_integer(type) && type->form != FORM_PTR)
			return false;
	}
	return true;
}

/* Where a trampoline would show something else than the kprobe that was written, it stays one. */
static void choose_form(struct compilation *c, struct unit *unit)
{
	const struct attach *a = unit->attaches.v[0];

	if (!a->function.n || a->glob || (probe_row(unit->probe)->gives & WITH_ARGS))
		return;
	if (a->variadic || a->ambiguous)
		unit->needs_kprobe = true;
	if (!a->in_btf && (unit->arg_mask || unit->uses_retval))
		unit->needs_kprobe = true;
	if (a->in_btf && !one_register_each(c, a, unit->arg_mask))
		unit->needs_kprobe = true;
}

static void choose_forms(struct compilation *c)
{
	for (size_t i = 0; i < c->program->units.n; i++)
		choose_form(c, c->program->units.v[i]);
}

static void finish_variables(struct compilation *c)
{
	for (size_t i = 0; i < c->program->units.n; i++) {
		struct unit *unit = c->program->units.v[i];

		for (size_t v = 0; v < unit->variables.n; v++) {
			struct variable_info *info = (struct variable_info *)unit->variables.v[v];

			info->variable.type =
			    info->inferred.type ? info->inferred.type : type_int(c->types, 8, true);
		}
	}
}

struct program *analyse(
    struct arena *a, const struct script *script, struct diag *diag, const struct analysis_options *options)
{
	struct compilation c = { .arena = a, .diag = diag, .options = options, .report = true };

	c.program = arena_one(a, struct program);
	c.program->map = diag->map;
	c.program->source = &diag->map->script;
	c.program->portable = options->portable;
	c.program->arch = options->arch ? options->arch : arch_native();
	if (kernel_btf_new(options->kernel, STR("vmlinux"), &c.program->btf))
		c.program->btf = NULL;
	c.types = c.program->types = types_new(a, c.program->btf);
	c.error = arena_one(a, struct type);
	define_types(&c, script);
	commandline_begin(&c, script);
	for (size_t i = 0; i < script->probes.n; i++)
		add_action(&c, &script->probes.v[i], (uint32_t)i, (uint32_t)script->probes.n);
	resolve_scopes(&c);
	for (unsigned i = 0; i < PASSES_MAX; i++) {
		pass(&c, false);
		if (!c.changed)
			break;
	}
	map_finish(&c);
	pass(&c, true);
	map_finish(&c);
	finish_variables(&c);
	choose_forms(&c);
	if (!diag->errors)
		field_paths_make(a, c.program);
	return c.program;
}
