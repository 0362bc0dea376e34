/*
 * What the predicate has read from maps is not read again: /@start[tid]/ { ... nsecs - @start[tid] ... } is
 * how most latencies are measured. A value holds until the action writes to its map, or a loop begins.
 */
#include "codegen/lower/builtin.h"

static const bool fixed[] = {
#define BUILTIN(name, forms, ...) [BUILTIN_##name] = ((forms)&BUILTIN_IS_FIXED) != 0,
#include "language/builtins.def"
#undef BUILTIN
};

struct cse_load {
	const struct node *node;
	LLVMValueRef slot; /* alloca */
};

static bool same_keys(const struct node *a, const struct node *b);

/* Only what is the same throughout an action. */
static bool same_value(const struct node *a, const struct node *b)
{
	if (a->kind != b->kind || a->type != b->type)
		return false;
	switch ((int)a->kind) {
	case NODE_INT:
		return a->integer.value == b->integer.value;
	case NODE_STRING:
		return str_eq(a->string.text, b->string.text);
	case NODE_PARAM:
		return a->param.row == b->param.row;
	case NODE_TUPLE:
		return same_keys(a->tuple.elements, b->tuple.elements);
	case NODE_IDENT:
		return str_eq(a->ident.name, b->ident.name) && a->ident.call &&
		       (a->ident.call->is_arg || fixed[a->ident.call->builtin]);
	}
	return false;
}

static bool same_keys(const struct node *a, const struct node *b)
{
	for (; a && b; a = a->next, b = b->next)
		if (!same_value(a, b))
			return false;
	return !a && !b;
}

LLVMValueRef load_cse_read(struct gen *g, const struct node *node)
{
	for (size_t i = 0; i < g->cse_loads.n; i++) {
		const struct cse_load *k = g->cse_loads.v[i];

		if (k->node->map.map == node->map.map && same_keys(k->node->map.keys, node->map.keys))
			return gen_load64(g, k->slot);
	}
	return NULL;
}

void load_cse_add(struct gen *g, const struct node *node, LLVMValueRef value)
{
	struct cse_load *k;

	if (!g->keeps_reads)
		return;
	k = arena_one(g->arena, struct cse_load);
	k->node = node;
	k->slot = gen_alloca(g, 8, "known");
	gen_store64(g, k->slot, value);
	vec_push(g->arena, &g->cse_loads, k);
}

void load_cse_forget(struct gen *g, const struct map *map)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->cse_loads.n; i++)
		if (map && g->cse_loads.v[i]->node->map.map != map)
			g->cse_loads.v[kept++] = g->cse_loads.v[i];
	g->cse_loads.n = kept;
}
