/*
 * What names in a unit's tree stand for, besides variables: constants take the place of theirs, maps are made
 * one for each name, and parameters that an image gets later get their rows. All in the order in which the
 * unit evaluates them: it is that of the maps and rows in the image.
 */
#include "analysis/compilation.h"
#include "lexer/lexer.h"

#define BUILTIN(name, forms, signature, where, rule, ...) \
	const struct type *rule(struct compilation *c, struct use *use);
#include "language/builtins.def"
#undef BUILTIN

static void resolve_list(struct compilation *c, struct node *list);

static void resolve_ident(struct compilation *c, struct node *node)
{
	struct str name = node->ident.name;

	if (!builtin_find(name, NULL) && builtin_numbered(name, "arg") < 0 &&
	    builtin_numbered(name, "sarg") < 0)
		fold_constant(c, node);
}

/* "KILL", "SIGKILL": the constants table has them as SIGKILL. */
static void resolve_signal(struct compilation *c, struct node *arg)
{
	struct str name = arg->kind == NODE_STRING ? arg->string.text : STR("");
	int64_t number;

	if (!str_starts(name, "SIG"))
		name = str_format(c->arena, "SIG%.*s", STR_ARG(name));
	if (arg->kind == NODE_STRING && lexer_constant(name, &number) && number > 0 && number <= SIGNAL_MAX)
		fold_into_int(arg, (uint64_t)number, type_int(c->types, 8, true));
}

/* Is the argument a word that only its function knows? */
static bool is_own_word(const struct node *arg, enum param_kind kind)
{
	if (kind == PARAM_DEFAULT)
		return true;
	for (unsigned i = 0; kind == PARAM_STACK && arg->kind == NODE_IDENT && i < STACK_MODES_; i++)
		if (str_is(arg->ident.name, type_stack_mode((enum stack_mode)i)))
			return true;
	return false;
}

static void resolve_node(struct compilation *c, struct node *node);

static void resolve_call(struct compilation *c, struct node *node)
{
	const struct builtin *builtin = builtin_find(node->call.name, NULL);
	struct signature signature = { 0 };
	struct node *arg = node->call.args;

	if (builtin)
		signature_parse(builtin->signature, &signature);
	for (unsigned i = 0; arg; arg = arg->next, i++) {
		enum param_kind kind = signature_param(&signature, i);

		if (kind == PARAM_SIGNAL)
			resolve_signal(c, arg);
		if (!is_own_word(arg, kind))
			resolve_node(c, arg);
	}
	if (builtin && builtin->rule == builtin_type_getopt)
		commandline_option_row(c, node);
}

/* @x += value takes the value first. */
static void resolve_assign(struct compilation *c, struct node *node)
{
	bool compound = node->assign.op != OP_NONE;

	resolve_node(c, compound ? node->assign.value : node->assign.target);
	resolve_node(c, compound ? node->assign.target : node->assign.value);
}

static void resolve_node(struct compilation *c, struct node *node)
{
	struct node *children[AST_CHILDREN];
	unsigned n = ast_children(node, children);

	if (node->kind == NODE_CALL) {
		resolve_call(c, node);
		return;
	}
	if (node->kind == NODE_ASSIGN) {
		resolve_assign(c, node);
		return;
	}
	if (node->kind == NODE_IDENT)
		resolve_ident(c, node);
	else if (node->kind == NODE_MAP)
		map_resolve(c, node);
	else if (node->kind == NODE_PARAM)
		commandline_param_row(c, node);
	for (unsigned i = 0; i < n; i++)
		resolve_list(c, children[i]);
}

static void resolve_list(struct compilation *c, struct node *list)
{
	for (; list; list = list->next)
		resolve_node(c, list);
}

void names_resolve(struct compilation *c)
{
	resolve_list(c, c->unit->predicate);
	resolve_list(c, c->unit->body);
}
