/* Refuses what is too deep: the passes over the tree recurse, and a chain of ten thousand additions is a tree
 * of that depth although no bracket is nested. */
#include "parser/internal.h"

static bool too_deep(struct parser *p, const struct node *list, unsigned depth)
{
	for (; list; list = list->next) {
		struct node *children[AST_CHILDREN];
		unsigned n = ast_children(list, children);

		if (depth == DEPTH_MAX) {
			parser_too_deep(p, list->span);
			return true;
		}
		for (unsigned i = 0; i < n; i++)
			if (too_deep(p, children[i], depth + 1))
				return true;
	}
	return false;
}

void parser_check_depth(struct parser *p)
{
	for (size_t i = 0; i < p->script->probes.n; i++) {
		struct probe_syntax *probe = &p->script->probes.v[i];

		if (too_deep(p, probe->predicate, 0) || too_deep(p, probe->body, 0)) {
			/* nobody is to walk it, not even a dump */
			probe->predicate = NULL;
			probe->body = ast_new(p->arena, NODE_BLOCK, probe->span);
		}
	}
}
