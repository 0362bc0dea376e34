#include "lexer/internal.h"

#include <string.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

enum outcome { FINE, TOO_LARGE, NONE };

/* Reads the digits of one base at *at, with _ between them. */
static enum outcome digits(struct str text, size_t *at, int base, uint64_t *value)
{
	enum outcome outcome = NONE;

	*value = 0;
	for (; *at < text.n; ++*at) {
		if (text.p[*at] == '_' && outcome != NONE)
			continue;
		if (digit(text.p[*at]) >= base)
			break;
		if (outcome == NONE)
			outcome = FINE;
		if (__builtin_mul_overflow(*value, (uint64_t)base, value) ||
		    __builtin_add_overflow(*value, (uint64_t)digit(text.p[*at]), value))
			outcome = TOO_LARGE;
	}
	return outcome;
}

static enum outcome exponent(struct str text, size_t *at, uint64_t *value)
{
	uint64_t power;
	enum outcome outcome = digits(text, at, 10, &power);

	if (outcome != FINE)
		return outcome;
	for (; power && *value; power--)
		if (__builtin_mul_overflow(*value, (uint64_t)10, value))
			return TOO_LARGE;
	return FINE;
}

/* Reads what may follow the digits of a decimal number: a power of ten, a unit of time, C's suffixes. */
static enum outcome suffix(struct str text, size_t at, uint64_t *value, bool *is_unsigned)
{
	static const struct {
		const char *text;
		uint64_t factor;
	} rows[] = {
		{ "", 1 },
		{ "l", 1 },
		{ "ll", 1 },
		{ "u", 1 },
		{ "ul", 1 },
		{ "ull", 1 },
		{ "lu", 1 },
		{ "llu", 1 },
		{ "ns", 1 },
		{ "us", 1000 },
		{ "ms", 1000000 },
		{ "s", 1000000000 },
		{ "m", 60000000000 },
		{ "h", 3600000000000 },
		{ "d", 86400000000000 },
	};
	struct str rest = str_slice(text, at, text.n);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rest.n != strlen(rows[i].text) || strncasecmp(rest.p, rows[i].text, rest.n) != 0)
			continue;
		/* a unit of time is in small letters only */
		if (rows[i].factor > 1 && !str_is(rest, rows[i].text))
			continue;
		*is_unsigned = rest.n && strpbrk(rows[i].text, "u") && rows[i].factor == 1;
		return __builtin_mul_overflow(*value, rows[i].factor, value) ? TOO_LARGE : FINE;
	}
	return NONE;
}

static enum outcome parse_number(struct str text, uint64_t *value, bool *is_unsigned)
{
	size_t at = 0;
	int base = 10;

	if (text.n > 2 && text.p[0] == '0' && (text.p[1] == 'x' || text.p[1] == 'X')) {
		base = 16;
		at = 2;
	} else if (text.n > 1 && text.p[0] == '0' && digit(text.p[1]) < 10) {
		base = 8;
		at = 1;
	}
	enum outcome outcome = digits(text, &at, base, value);

	if (outcome == FINE && base == 10 && at < text.n && (text.p[at] == 'e' || text.p[at] == 'E')) {
		at++;
		outcome = exponent(text, &at, value);
	}
	*is_unsigned = false;
	if (outcome == FINE)
		outcome = suffix(text, at, value, is_unsigned);
	if (outcome == FINE && *value > INT64_MAX)
		*is_unsigned = true;
	return outcome;
}

bool literal_integer(struct str text, uint64_t *value)
{
	bool is_unsigned;

	return parse_number(text, value, &is_unsigned) == FINE;
}

enum token_kind literal_number(struct lexer *lexer, struct token *token, struct str text)
{
	switch (parse_number(text, &token->value, &token->is_unsigned)) {
	case FINE:
		return TOKEN_INTEGER;
	case TOO_LARGE:
		diag_error(
		    lexer->diag, token->span, "the number %.*s does not fit in 64 bits", STR_ARG(text));
		diag_hint(lexer->diag, "the largest is 18446744073709551615");
		return TOKEN_ERROR;
	case NONE:
		diag_error(lexer->diag, token->span, "%.*s is not a number", STR_ARG(text));
		diag_hint(lexer->diag, "numbers are written 10, 0x1f, 017, 1e6, 1_000, 10u, 5s, 10ms");
		return TOKEN_ERROR;
	}
	return TOKEN_ERROR;
}

/* Returns the byte that the escape sequence behind a backslash stands for, or -1. *at is moved behind it. */
static int escape(struct str text, size_t *at)
{
	static const char from[] = "ntrabfve\\\"'?", to[] = "\n\t\r\a\b\f\v\033\\\"'?";
	char c = text.p[*at];
	const char *found = strchr(from, c);
	unsigned value = 0, n = 0;

	if (c && found) {
		++*at;
		return (unsigned char)to[found - from];
	}
	if (c == 'x') {
		for (++*at; n < 2 && *at < text.n && digit(text.p[*at]) < 16; n++)
			value = value * 16 + (unsigned)digit(text.p[(*at)++]);
	} else {
		for (; n < 3 && *at < text.n && digit(text.p[*at]) < 8; n++)
			value = value * 8 + (unsigned)digit(text.p[(*at)++]);
	}
	return n && value < 256 ? (int)value : -1;
}

static void bad_escape(struct lexer *lexer, struct token *token, struct str text, size_t at)
{
	struct span span = token->span;

	if (!lexer->frames.n) {
		span.begin += (uint32_t)at;
		span.end = span.begin + 2;
	}
	diag_error(lexer->diag, span, "unknown escape sequence \\%c", text.p[at + 1]);
	diag_hint(lexer->diag,
	    "known are \\n \\t \\r \\a \\b \\f \\v \\e \\\\ \\\" \\' \\xHH and octal \\NNN up to \\377; a "
	    "backslash itself is \\\\");
}

/* Returns what is between the quotes. */
static bool unescape(struct lexer *lexer, struct token *token, struct str text)
{
	char *to = arena_alloc(lexer->arena, text.n);
	size_t n = 0;
	bool fine = true;

	for (size_t at = 1; at < text.n - 1;) {
		size_t backslash = at;

		if (text.p[at] != '\\') {
			to[n++] = text.p[at++];
			continue;
		}
		if (text.p[++at] == '\n') {
			at++;
			continue;
		}
		int byte = escape(str_slice(text, 0, text.n - 1), &at);

		if (byte < 0) {
			bad_escape(lexer, token, text, backslash);
			fine = false;
			at = backslash + 2;
			continue;
		}
		to[n++] = (char)byte;
	}
	to[n] = '\0';
	token->text = (struct str){ to, n };
	return fine;
}

enum token_kind literal_string(struct lexer *lexer, struct token *token, struct str text)
{
	/* a bad escape is reported; the string is one all the same */
	unescape(lexer, token, text);
	return TOKEN_STRING;
}

enum token_kind literal_char(struct lexer *lexer, struct token *token, struct str text)
{
	if (!unescape(lexer, token, text))
		return TOKEN_ERROR;
	if (token->text.n != 1) {
		diag_error(lexer->diag, token->span, "%.*s is not one character", STR_ARG(text));
		diag_hint(lexer->diag, "a string stands between double quotes: \"text\"");
		return TOKEN_ERROR;
	}
	token->value = (unsigned char)token->text.p[0];
	token->text = (struct str){ 0 };
	return TOKEN_INTEGER;
}
