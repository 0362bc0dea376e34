/*
 * What the predicate has read from maps is not read again: /@start[tid]/ { ... nsecs - @start[tid] ... } is
 * how most latencies are measured. A value holds until the action writes to its map, or a loop begins.
 */
#include "codegen/lower/load_cse.h"

#include "codegen/llvm/build.h"
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
	switch (a->kind) {
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
	return false;
}

static bool same_keys(const struct node *a, const struct node *b)
{
	for (; a && b; a = a->next, b = b->next)
		if (!same_value(a, b))
			return false;
	return !a && !b;
}

LLVMValueRef load_cse_read(struct function *f, const struct node *node)
{
	for (size_t i = 0; i < f->lower->cse_loads.n; i++) {
		const struct cse_load *k = f->lower->cse_loads.v[i];

		if (k->node->map.map == node->map.map && same_keys(k->node->map.keys, node->map.keys))
			return gen_load64(f, k->slot);
	}
	return NULL;
}

void load_cse_add(struct function *f, const struct node *node, LLVMValueRef value)
{
	struct cse_load *k;

	if (!f->lower->keeps_reads)
		return;
	k = arena_one(f->g->arena, struct cse_load);
	k->node = node;
	k->slot = gen_alloca(f, 8, "known");
	gen_store64(f, k->slot, value);
	vec_push(f->g->arena, &f->lower->cse_loads, k);
}

void load_cse_forget(struct function *f, const struct map *map)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->lower->cse_loads.n; i++)
		if (map && f->lower->cse_loads.v[i]->node->map.map != map)
			f->lower->cse_loads.v[kept++] = f->lower->cse_loads.v[i];
	f->lower->cse_loads.n = kept;
}
