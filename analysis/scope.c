/*
 * Which $x is which. A variable belongs to the block that assigns it first, as in the newest language,
 * so two blocks beside each other may each have their own of different types; but
 * when a block reads one that only blocks inside it (or beside it) have assigned, as 0.17's tools do, it is
 * one variable of the outermost block that needs it.
 */
#include "analysis/compilation.h"

struct scope {
	struct scope *parent;
};

struct binding {
	struct str name;
	struct scope *scope;
	struct binding *merged; /* into this one */
	struct span first;
	struct variable *variable;
};

struct occurrence {
	struct node *node;
	struct binding *binding;
};

struct walk {
	struct compilation *c;
	struct scope *scope;
	VEC(struct binding *) bindings;
	VEC(struct occurrence) occurrences;
};

static void visit(struct walk *w, struct node *node);

static bool inside(const struct scope *scope, const struct scope *outer)
{
	while (scope && scope != outer)
		scope = scope->parent;
	return scope == outer;
}

static struct binding *bind(struct walk *w, struct str name, struct scope *scope, struct span at)
{
	struct binding *binding = arena_one(w->c->arena, struct binding);

	*binding = (struct binding){ .name = name, .scope = scope, .first = at };
	vec_push(w->c->arena, &w->bindings, binding);
	return binding;
}

static struct binding *visible(const struct walk *w, struct str name)
{
	for (size_t i = 0; i < w->bindings.n; i++) {
		struct binding *b = w->bindings.v[i];

		if (!b->merged && str_eq(b->name, name) && inside(w->scope, b->scope))
			return b;
	}
	return NULL;
}

/* One binding of scope for all those of name within it; NULL when there is none. */
static struct binding *hoist(struct walk *w, struct str name, struct scope *scope)
{
	struct binding *outer = NULL;
	size_t n = w->bindings.n;

	for (size_t i = 0; i < n; i++) {
		struct binding *b = w->bindings.v[i];

		if (b->merged || b == outer || !str_eq(b->name, name) || !inside(b->scope, scope))
			continue;
		if (!outer)
			outer = bind(w, name, scope, b->first);
		b->merged = outer;
	}
	return outer;
}

static void never_assigned(struct walk *w, const struct node *node)
{
	struct str_near near = { .wanted = node->variable.name };

	for (size_t i = 0; i < w->bindings.n; i++)
		str_near_offer(&near, w->c->arena, w->bindings.v[i]->name);
	problem_error(w->c, node->span, "%.*s is read, but nothing has been assigned to it",
	    STR_ARG(node->variable.name));
	problem_hint_near(w->c, &near, "assign it before, as in $x = 0");
}

static void visit_read(struct walk *w, struct node *node)
{
	struct binding *found = visible(w, node->variable.name);

	for (struct scope *s = w->scope; s && !found; s = s->parent)
		found = hoist(w, node->variable.name, s);
	if (found)
		vec_push(w->c->arena, &w->occurrences, ((struct occurrence){ node, found }));
	else
		never_assigned(w, node);
}

static void visit_assigned(struct walk *w, struct node *node)
{
	struct binding *found = visible(w, node->variable.name);

	if (!found)
		found = bind(w, node->variable.name, w->scope, node->span);
	vec_push(w->c->arena, &w->occurrences, ((struct occurrence){ node, found }));
}

static void visit_list(struct walk *w, struct node *list)
{
	for (; list; list = list->next)
		visit(w, list);
}

static void visit_block(struct walk *w, struct node *list)
{
	struct scope *outer = w->scope;

	w->scope = arena_one(w->c->arena, struct scope);
	w->scope->parent = outer;
	visit_list(w, list);
	w->scope = outer;
}

static void visit_assign(struct walk *w, struct node *node)
{
	struct node *target = node->assign.target;

	visit(w, node->assign.value);
	if (target->kind == NODE_VARIABLE && node->assign.op == OP_NONE)
		visit_assigned(w, target);
	else
		visit(w, target);
}

static void visit(struct walk *w, struct node *node)
{
	struct node *children[AST_CHILDREN];
	unsigned n;

	if (!node)
		return;
	switch (node->kind) {
	case NODE_VARIABLE:
		visit_read(w, node);
		break;
	case NODE_ASSIGN:
		visit_assign(w, node);
		break;
	case NODE_BLOCK:
		visit_block(w, node->block.statements);
		break;
	case NODE_RANGE:
		visit(w, node->range.from);
		visit(w, node->range.to);
		visit_assigned(w, node->range.variable);
		visit(w, node->range.body);
		break;
	case NODE_INT:
	case NODE_STRING:
	case NODE_IDENT:
	case NODE_PARAM:
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
	case NODE_EXPR:
	case NODE_IF:
	case NODE_WHILE:
	case NODE_UNROLL:
	case NODE_BREAK:
	case NODE_CONTINUE:
	case NODE_RETURN:
		n = ast_children(node, children);
		for (unsigned i = 0; i < n; i++)
			visit_list(w, children[i]);
	}
}

static struct variable *variable_of(struct compilation *c, struct binding *binding)
{
	while (binding->merged)
		binding = binding->merged;
	if (!binding->variable) {
		struct variable_info *info = arena_one(c->arena, struct variable_info);

		info->variable.name = binding->name;
		info->variable.first = binding->first;
		info->variable.index = (uint32_t)c->unit->variables.n;
		binding->variable = &info->variable;
		vec_push(c->arena, &c->unit->variables, binding->variable);
	}
	return binding->variable;
}

void scope_resolve(struct compilation *c)
{
	struct walk w = { .c = c };

	visit_block(&w, c->unit->predicate);
	visit(&w, c->unit->body);
	for (size_t i = 0; i < w.occurrences.n; i++)
		w.occurrences.v[i].node->variable.variable = variable_of(c, w.occurrences.v[i].binding);
}
