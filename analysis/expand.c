/*
 * The pass that works on the script as it is written: what the command line says takes the place of
 * parameters, what is short for something else is written out, and loops are counted out. It looks at names
 * and at the signatures of builtins, never at a type. What is not written well stays as it is: pass infer
 * tells why.
 */
#include "analysis/compilation.h"

#define BUILTIN(name, forms, signature, where, rule, ...) \
	const struct type *rule(struct compilation *c, struct use *use);
#include "language/builtins.def"
#undef BUILTIN

static void expand_list(struct compilation *c, struct node *list);

/* delete(@m, k) is delete(@m[k]). */
static void expand_key(struct node *map)
{
	struct node *key = map->next;

	if (!key || key->next || map->kind != NODE_MAP || map->map.keys)
		return;
	map->map.keys = ast_map_keys(key);
	map->next = NULL;
}

static void expand_call(struct compilation *c, struct node *call)
{
	const struct builtin *builtin = builtin_find(call->call.name, NULL);
	struct signature signature;
	struct node *arg = call->call.args;

	if (!builtin)
		return;
	signature_parse(builtin->signature, &signature);
	if (arg && signature_param(&signature, 1) == PARAM_KEY)
		expand_key(arg);
	for (unsigned i = 0; arg; arg = arg->next, i++) {
		enum param_kind kind = signature_param(&signature, i);

		if (kind == PARAM_ADDRESS || kind == PARAM_LITERAL || kind == PARAM_FORMAT)
			commandline_as_text(c, arg);
	}
}

static bool is_getopt(const struct node *node)
{
	const struct builtin *builtin = node->kind == NODE_CALL ? builtin_find(node->call.name, NULL) : NULL;

	return builtin && builtin->rule == builtin_type_getopt;
}

static void expand_node(struct compilation *c, struct node *node)
{
	struct node *children[AST_CHILDREN];
	unsigned n;

	if (is_getopt(node)) { /* its arguments are what they are */
		commandline_as_option(c, node);
		return;
	}
	if (node->kind == NODE_PARAM)
		commandline_as_number(c, node);
	else if (node->kind == NODE_CALL)
		expand_call(c, node);
	n = ast_children(node, children);
	for (unsigned i = 0; i < n; i++)
		expand_list(c, children[i]);
}

static void expand_list(struct compilation *c, struct node *list)
{
	for (; list; list = list->next)
		expand_node(c, list);
}

void pass_expand(struct compilation *c)
{
	commandline_begin(c, c->script);
	for (size_t i = 0; i < c->script->probes.n; i++) {
		struct probe_syntax *probe = &c->script->probes.v[i];
		uint32_t before = c->unrolled;

		expand_list(c, probe->predicate);
		expand_list(c, probe->body);
		unroll_expand(c, probe->body);
		probe->unrolled = c->unrolled - before;
	}
	c->unrolled = 0; /* from here on it counts the units' copies */
}
