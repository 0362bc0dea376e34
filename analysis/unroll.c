/*
 * unroll (N) { ... } becomes a block of N copies of its body.
 */
#include "analysis/compilation.h"

#define UNROLL_MAX 100

static void repeat(struct compilation *c, struct node *node, int64_t count)
{
	struct node *body = node->unroll.body, *list = NULL;

	while (count--) {
		struct node *copy = ast_clone(c->arena, body);

		copy->next = list;
		list = copy;
	}
	node->kind = NODE_BLOCK;
	node->block.statements = list;
}

static void unroll_loop(struct compilation *c, struct node *node)
{
	struct node *count = node->unroll.count;
	int64_t n;

	if (count->kind == NODE_PARAM)
		commandline_param_type(c, count);
	if (!fold_int(count, &n)) {
		problem_error(c, count->span, "unroll() needs a number that is known before the script runs");
		if (!commandline_hint(c, count))
			problem_hint(c, "write the number itself, or a parameter such as $1");
	} else if (n < 1 || n > UNROLL_MAX) {
		problem_error(c, count->span, "unroll() takes 1 to %d", UNROLL_MAX);
		problem_hint(c, "every round is a copy of the block in the program");
	} else if (c->unrolled + n > UNROLLED_MAX) {
		problem_error(c, node->span, "unroll() would make more than %d copies", UNROLLED_MAX);
		problem_hint(c, "every round is a copy of the block in the program");
	} else {
		c->unrolled += (uint32_t)n;
		repeat(c, node, n);
	}
}

static void unroll_in(struct compilation *c, struct node *node)
{
	if (node->kind == NODE_UNROLL)
		unroll_loop(c, node);
	if (node->kind == NODE_BLOCK)
		unroll_expand(c, node);
	else if (node->kind == NODE_WHILE)
		unroll_in(c, node->while_.body);
	else if (node->kind == NODE_RANGE)
		unroll_in(c, node->range.body);
	else if (node->kind == NODE_IF) {
		unroll_in(c, node->if_.yes);
		if (node->if_.no)
			unroll_in(c, node->if_.no);
	}
}

void unroll_expand(struct compilation *c, struct node *block)
{
	for (struct node *s = block->block.statements; s; s = s->next)
		unroll_in(c, s);
}
