/*
 * The tokens of the lexer, with as many as one likes to see before they are taken.
 */
#include "parser/internal.h"

struct token parser_peek(struct parser *p, size_t n)
{
	while (p->ahead.n - p->ahead_at <= n)
		vec_push(p->arena, &p->ahead, lexer_next(p->lexer));
	return p->ahead.v[p->ahead_at + n];
}

struct token parser_take(struct parser *p)
{
	struct token token = parser_peek(p, 0);

	p->taken = token.span;
	if (++p->ahead_at == p->ahead.n)
		p->ahead.n = p->ahead_at = 0;
	return token;
}
