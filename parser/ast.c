#include "parser/ast.h"

#include <string.h>

struct node *ast_new(struct arena *a, enum node_kind kind, struct span span)
{
	struct node *node = arena_one(a, struct node);

	node->kind = kind;
	node->span = span;
	return node;
}

struct node *ast_map_keys(struct node *list)
{
	return list && list->kind == NODE_TUPLE && !list->next ? list->tuple.elements : list;
}

const char *ast_op_text(enum op op)
{
	static const char *const texts[] = {
		[OP_ADD] = "+",
		[OP_SUB] = "-",
		[OP_MUL] = "*",
		[OP_DIV] = "/",
		[OP_MOD] = "%",
		[OP_SHL] = "<<",
		[OP_SHR] = ">>",
		[OP_AND] = "&",
		[OP_OR] = "|",
		[OP_XOR] = "^",
		[OP_EQ] = "==",
		[OP_NE] = "!=",
		[OP_LT] = "<",
		[OP_LE] = "<=",
		[OP_GT] = ">",
		[OP_GE] = ">=",
		[OP_LAND] = "&&",
		[OP_LOR] = "||",
		[OP_NEG] = "-",
		[OP_NOT] = "~",
		[OP_LNOT] = "!",
		[OP_DEREF] = "*",
		[OP_ADDRESS] = "&",
		[OP_NONE] = "",
	};

	return texts[op];
}

/* Gives the places of a node's children, in the order of the script. A child may be NULL or a list. */
static unsigned places(struct node *n, struct node **out[AST_CHILDREN])
{
	switch (n->kind) {
	case NODE_INT:
	case NODE_STRING:
	case NODE_IDENT:
	case NODE_PARAM:
	case NODE_VARIABLE:
	case NODE_BREAK:
	case NODE_CONTINUE:
		return 0;
	case NODE_MAP:
		return out[0] = &n->map.keys, 1;
	case NODE_CALL:
		return out[0] = &n->call.args, 1;
	case NODE_UNARY:
		return out[0] = &n->unary.operand, 1;
	case NODE_BINARY:
		return out[0] = &n->binary.left, out[1] = &n->binary.right, 2;
	case NODE_STEP:
		return out[0] = &n->step.target, 1;
	case NODE_TERNARY:
		return out[0] = &n->ternary.condition, out[1] = &n->ternary.yes, out[2] = &n->ternary.no, 3;
	case NODE_CAST:
		return out[0] = &n->cast.operand, 1;
	case NODE_MEMBER:
		return out[0] = &n->member.object, 1;
	case NODE_INDEX:
		return out[0] = &n->index.object, out[1] = &n->index.index, 2;
	case NODE_TUPLE:
		return out[0] = &n->tuple.elements, 1;
	case NODE_SIZEOF:
		return out[0] = &n->sizeof_.of_expr, 1;
	case NODE_EXPR:
		return out[0] = &n->expr.expr, 1;
	case NODE_ASSIGN:
		return out[0] = &n->assign.target, out[1] = &n->assign.value, 2;
	case NODE_IF:
		return out[0] = &n->if_.condition, out[1] = &n->if_.yes, out[2] = &n->if_.no, 3;
	case NODE_BLOCK:
		return out[0] = &n->block.statements, 1;
	case NODE_WHILE:
		return out[0] = &n->while_.condition, out[1] = &n->while_.body, 2;
	case NODE_RANGE:
		return out[0] = &n->range.variable, out[1] = &n->range.from, out[2] = &n->range.to,
		       out[3] = &n->range.body, 4;
	case NODE_UNROLL:
		return out[0] = &n->unroll.count, out[1] = &n->unroll.body, 2;
	case NODE_RETURN:
		return out[0] = &n->return_.value, 1;
	}
	return 0;
}

unsigned ast_children(const struct node *node, struct node *out[AST_CHILDREN])
{
	struct node **at[AST_CHILDREN];
	unsigned n = places((struct node *)node, at);

	for (unsigned i = 0; i < n; i++)
		out[i] = *at[i];
	return n;
}

static void forget_analysis(struct node *node)
{
	if (node->kind != NODE_INT)
		node->type = NULL;
	node->path = NULL;
	if (node->kind == NODE_IDENT)
		node->ident.call = NULL;
	else if (node->kind == NODE_VARIABLE)
		node->variable.variable = NULL;
	else if (node->kind == NODE_MAP)
		node->map.map = NULL;
	else if (node->kind == NODE_CALL)
		node->call.call = NULL;
	else if (node->kind == NODE_MEMBER)
		node->member.member = NULL;
}

static struct node *clone_list(struct arena *a, const struct node *list)
{
	struct node *first = NULL, **to = &first;

	for (; list; list = list->next) {
		*to = ast_clone(a, list);
		to = &(*to)->next;
	}
	return first;
}

struct node *ast_clone(struct arena *a, const struct node *node)
{
	struct node **at[AST_CHILDREN];

	if (!node)
		return NULL;
	struct node *copy = arena_copy(a, node, sizeof(*node));

	copy->next = NULL;
	forget_analysis(copy);
	unsigned n = places(copy, at);

	for (unsigned i = 0; i < n; i++)
		*at[i] = clone_list(a, *at[i]);
	return copy;
}
