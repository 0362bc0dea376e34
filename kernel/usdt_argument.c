/*
 * The words that say where a usdt probe's arguments are: "SIZE@OPERAND" with an operand of the assembler,
 * which the architecture reads.
 */
#include <errno.h>

#include "kernel/binary.h"

/* The symbol's address becomes one that is relative to the probe. */
static bool place_symbol(struct binary *b, uint64_t probe, struct arch_operand *o)
{
	struct binary_symbol symbol;

	if (!o->symbol.n)
		return true;
	if (binary_find(b, o->symbol, &symbol))
		return false;
	o->value += (int64_t)(symbol.address - probe);
	return true;
}

/* "N@" may be left out, and is then the size of a register. */
static bool take_size(struct cursor *c, struct binary_argument *a)
{
	int64_t size = sizeof(long);

	if (str_find(str_slice(c->text, c->at, c->text.n), '@') >= 0 &&
	    !(cursor_number(c, &size) && cursor_accept(c, '@')))
		return false;
	a->is_signed = size < 0;
	a->size = (unsigned)(size < 0 ? -size : size);
	return a->size == 1 || a->size == 2 || a->size == 4 || a->size == 8;
}

/* Goes to the blank behind a word; some assemblers have blanks in brackets: "[sp, 16]". */
static void skip_word(struct cursor *c)
{
	bool inside = false;

	for (; c->at < c->text.n && (inside || cursor_peek(c) != ' '); c->at++)
		inside = cursor_peek(c) == '[' || (inside && cursor_peek(c) != ']');
}

int binary_usdt_argument(
    struct binary *b, const struct arch *arch, uint64_t probe, struct str *text, struct binary_argument *a)
{
	struct cursor c = { .text = *text };
	bool good;

	while (cursor_accept(&c, ' '))
		;
	if (c.at == c.text.n)
		return 0;
	*a = (struct binary_argument){ .at = { .base = -1, .index = -1, .scale = 1 } };
	*text = str_slice(c.text, c.at, c.text.n);
	good = take_size(&c, a) && arch->take_operand(&c, &a->at) && place_symbol(b, probe, &a->at);
	c = (struct cursor){ .text = *text };
	skip_word(&c);
	*text = str_slice(c.text, c.at, c.text.n);
	return good ? 1 : -EOPNOTSUPP;
}
