/* Computes the expressions of #if and #elif: integers, macros that are integers, defined(NAME), !,
 * comparisons,
 * && and ||. */
#include "lexer/internal.h"

#include <errno.h>

#define NESTING_MAX 100

struct condition {
	struct lexer *lexer;
	struct str rest;
	unsigned nesting;
	bool failed;
};

static int64_t or_of(struct condition *c);

static void skip_blanks(struct condition *c)
{
	while (c->rest.n && (c->rest.p[0] == ' ' || c->rest.p[0] == '\t'))
		c->rest = str_slice(c->rest, 1, c->rest.n);
}

static bool accept_text(struct condition *c, const char *text)
{
	skip_blanks(c);
	if (!str_starts(c->rest, text))
		return false;
	c->rest = str_slice(c->rest, str_of(text).n, c->rest.n);
	return true;
}

static struct str accept_word(struct condition *c)
{
	size_t n = 0;

	skip_blanks(c);
	while (n < c->rest.n && (c->rest.p[n] == '_' || (c->rest.p[n] >= '0' && c->rest.p[n] <= '9') ||
				    ((c->rest.p[n] | 0x20) >= 'a' && (c->rest.p[n] | 0x20) <= 'z')))
		n++;
	struct str word = str_slice(c->rest, 0, n);

	c->rest = str_slice(c->rest, n, c->rest.n);
	return word;
}

static int64_t defined(struct condition *c)
{
	bool paren = accept_text(c, "(");
	struct str name = accept_word(c);

	if (!name.n || (paren && !accept_text(c, ")")))
		c->failed = true;
	return macro_find(c->lexer, name) != NULL;
}

static int64_t name_or_number(struct condition *c)
{
	struct str word = accept_word(c);
	const struct macro *macro;
	uint64_t value = 0;

	if (str_is(word, "defined"))
		return defined(c);
	macro = macro_find(c->lexer, word);
	if (literal_integer(macro ? macro->text : word, &value))
		return (int64_t)value;
	/* as in C, a name that is not defined is 0 */
	if (macro || !word.n || (word.p[0] >= '0' && word.p[0] <= '9'))
		c->failed = true;
	return 0;
}

static int64_t primary(struct condition *c)
{
	int64_t value = 0;

	if (++c->nesting > NESTING_MAX) {
		c->failed = true;
		return 0;
	}
	if (accept_text(c, "!")) {
		value = !primary(c);
	} else if (accept_text(c, "(")) {
		value = or_of(c);
		if (!accept_text(c, ")"))
			c->failed = true;
	} else {
		value = name_or_number(c);
	}
	c->nesting--;
	return value;
}

static int64_t comparison(struct condition *c)
{
	int64_t left = primary(c);

	if (accept_text(c, "=="))
		return left == primary(c);
	if (accept_text(c, "!="))
		return left != primary(c);
	if (accept_text(c, "<="))
		return left <= primary(c);
	if (accept_text(c, ">="))
		return left >= primary(c);
	if (accept_text(c, "<"))
		return left < primary(c);
	if (accept_text(c, ">"))
		return left > primary(c);
	return left;
}

static int64_t and_of(struct condition *c)
{
	int64_t value = comparison(c);

	while (accept_text(c, "&&")) {
		int64_t right = comparison(c);

		value = value && right;
	}
	return value;
}

static int64_t or_of(struct condition *c)
{
	int64_t value = and_of(c);

	while (accept_text(c, "||")) {
		int64_t right = and_of(c);

		value = value || right;
	}
	return value;
}

int preprocess_condition(struct lexer *lexer, struct str text, struct span span)
{
	struct condition c = { .lexer = lexer, .rest = text };
	int64_t value = or_of(&c);

	skip_blanks(&c);
	if (!c.failed && !c.rest.n)
		return value != 0;
	diag_error(lexer->diag, span, "this condition cannot be evaluated");
	diag_hint(lexer->diag, "#if knows integers, defined(NAME), ! && || ( ) and comparisons");
	return -EINVAL;
}
