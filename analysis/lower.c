/*
 * The pass that makes what the code generator wants of what is known now: sizes are numbers, maps and
 * variables have their types, and calls that send something are laid out in records.
 */
#include "analysis/compilation.h"
#include "analysis/field_path.h"

static void lower_statements(struct compilation *c, struct node *list);

/* Branches of ?: are no statements of a run: each sends a record of its own. */
static void lower_node(struct compilation *c, struct node *node)
{
	struct node *children[AST_CHILDREN];
	unsigned n;

	if (node->kind == NODE_SIZEOF) {
		fold_size(c, node);
		return;
	}
	if (node->kind == NODE_BLOCK) {
		lower_statements(c, node->block.statements);
		return;
	}
	n = ast_children(node, children);
	for (unsigned i = 0; i < n; i++)
		for (struct node *child = children[i]; child; child = child->next)
			lower_node(c, child);
	if (node->kind == NODE_TERNARY) {
		record_alone(c, node->ternary.yes);
		record_alone(c, node->ternary.no);
	}
	if (node->kind == NODE_CALL && node->call.call)
		record_packet(c, node->call.call);
}

/* The calls that send something and follow each other share a record. */
static void lower_statements(struct compilation *c, struct node *list)
{
	struct record *outer = c->run;

	c->run = NULL;
	for (struct node *s = list; s; s = s->next) {
		struct node *call;

		lower_node(c, s);
		call = statement_async_call(s);
		if (call)
			record_add(c, call);
		else
			record_close(c);
		if (statement_ends_action(s))
			record_close(c);
	}
	record_close(c);
	c->run = outer;
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
	if (a->refusal || a->ambiguous)
		unit->needs_kprobe = true;
	if (!a->in_btf && (unit->arg_mask || unit->uses_retval))
		unit->needs_kprobe = true;
	if (a->in_btf && !one_register_each(c, a, unit->arg_mask))
		unit->needs_kprobe = true;
}

static void finish_variables(struct compilation *c, struct unit *unit)
{
	for (size_t v = 0; v < unit->variables.n; v++) {
		struct variable_info *info = (struct variable_info *)unit->variables.v[v];

		info->variable.type = info->inferred.type ? info->inferred.type : type_int(c->types, 8, true);
	}
}

void pass_lower(struct compilation *c)
{
	map_finish(c);
	for (size_t i = 0; i < c->program->units.n; i++) {
		c->unit = c->program->units.v[i];
		if (c->unit->predicate)
			lower_node(c, c->unit->predicate);
		lower_statements(c, c->unit->body);
		finish_variables(c, c->unit);
		choose_form(c, c->unit);
	}
	/* A path leads only through what has a type. */
	if (!c->diag->errors)
		field_paths_make(c->arena, c->program);
}
