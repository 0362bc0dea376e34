#include "base/cursor.h"

#include <stdlib.h>
#include <string.h>

char cursor_peek(const struct cursor *c)
{
	return c->at < c->text.n ? c->text.p[c->at] : '\0';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool cursor_is_at_digit(const struct cursor *c)
{
	return is_digit(cursor_peek(c));
}

bool cursor_accept(struct cursor *c, char byte)
{
	if (c->at == c->text.n || c->text.p[c->at] != byte)
		return false;
	c->at++;
	return true;
}

bool cursor_number(struct cursor *c, int64_t *value)
{
	char digits[32], *end;
	size_t n = c->text.n - c->at < sizeof(digits) - 1 ? c->text.n - c->at : sizeof(digits) - 1;

	memcpy(digits, c->text.p + c->at, n);
	digits[n] = '\0';
	*value = digits[0] == '-' ? strtoll(digits, &end, 0) : (int64_t)strtoull(digits, &end, 0);
	c->at += (size_t)(end - digits);
	return end != digits;
}

static bool is_of_name(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
}

struct str cursor_name(struct cursor *c)
{
	size_t begin = c->at;

	while (is_of_name(cursor_peek(c)))
		c->at++;
	return str_slice(c->text, begin, c->at);
}
