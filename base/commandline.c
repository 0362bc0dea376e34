#include "base/commandline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct named_parameter *find_named(struct commandline *line, struct str name)
{
	for (size_t i = 0; i < line->named.n; i++)
		if (str_eq(line->named.v[i].name, name))
			return &line->named.v[i];
	return NULL;
}

static struct str unknown(struct arena *a, const struct commandline *line, struct str name)
{
	struct str known = STR("");

	for (size_t i = 0; i < line->named.n; i++)
		known = str_format(
		    a, "%.*s%s--%.*s", STR_ARG(known), i ? ", " : "", STR_ARG(line->named.v[i].name));
	return str_format(
	    a, "--%.*s is no parameter of this script; it has %.*s", STR_ARG(name), STR_ARG(known));
}

/* Takes a word that begins with --, and perhaps the one behind it. */
static struct str take_named(
    struct arena *a, struct commandline *line, const struct str *words, size_t n, size_t *at)
{
	struct str value, name = str_split(str_slice(words[*at], 2, words[*at].n), '=', &value);
	struct named_parameter *p = find_named(line, name);
	bool has_value = str_find(words[*at], '=') >= 0;

	if (!p)
		return unknown(a, line, name);
	if (!has_value && p->is_switch)
		value = STR("true");
	else if (!has_value && *at + 1 == n)
		return str_format(a, "--%.*s needs a value", STR_ARG(name));
	else if (!has_value)
		value = words[++*at];
	p->given = true;
	p->value = value;
	return (struct str){ 0 };
}

struct str commandline_split(struct arena *a, const struct str *words, size_t n, struct commandline *line)
{
	struct str wrong = { 0 };

	for (size_t i = 0; i < n && !wrong.n; i++) {
		if (line->named.n && str_starts(words[i], "--") && words[i].n > 2)
			wrong = take_named(a, line, words, n, &i);
		else
			vec_push(a, &line->positional, words[i]);
	}
	return wrong;
}

static bool parse_value(struct str text, uint64_t *value)
{
	char digits[72], *end;
	bool negative = text.n && text.p[0] == '-';

	if (!text.n || text.n >= sizeof(digits))
		return false;
	memcpy(digits, text.p, text.n);
	digits[text.n] = '\0';
	if (digits[negative] < '0' || digits[negative] > '9')
		return false;
	errno = 0;
	*value = negative ? (uint64_t)strtoll(digits, &end, 0) : strtoull(digits, &end, 0);
	return !errno && !*end;
}

bool commandline_value(enum parameter_kind kind, struct str text, uint64_t *value)
{
	*value = 0;
	if (kind != PARAMETER_BOOL)
		return parse_value(text, value);
	*value = str_is(text, "true") || str_is(text, "1");
	return *value || str_is(text, "false") || str_is(text, "0");
}

const char *commandline_wanted(enum parameter_kind kind)
{
	static const char *const wanted[PARAMETER_KINDS_] = {
		[PARAMETER_NUMBER] = "a number",
		[PARAMETER_TEXT] = "a text",
		[PARAMETER_BOOL] = "true or false",
		[PARAMETER_COUNT] = "a number",
	};

	return wanted[kind];
}

/* Rust writes characters that symbols cannot have as $LT$, $u20$ ... Returns how long such a word is, or 0.
 */
static size_t rust_escape(struct str text, size_t at)
{
	static const char *const words[] = { "SP", "BP", "RF", "LT", "GT", "LP", "RP", "C" };
	size_t end = at + 1;

	while (end < text.n && text.p[end] != '$')
		end++;
	if (end == text.n)
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_is(str_slice(text, at + 1, end), words[i]))
			return end + 1 - at;
	if (text.p[at + 1] != 'u' || end - at < 3)
		return 0;
	for (size_t i = at + 2; i < end; i++)
		if (!memchr("0123456789abcdef", text.p[i], 16))
			return 0;
	return end + 1 - at;
}

bool commandline_find(struct str text, struct str *before, unsigned *number, struct str *after)
{
	for (size_t at = 0; at < text.n; at++) {
		size_t end = at + 1, escape;

		if (text.p[at] != '$')
			continue;
		escape = rust_escape(text, at);
		if (escape) {
			at += escape - 1;
			continue;
		}
		for (*number = 0; end < text.n && text.p[end] >= '0' && text.p[end] <= '9' && *number <= 9999;
		     end++)
			*number = *number * 10 + (unsigned)(text.p[end] - '0');
		*before = str_slice(text, 0, at);
		*after = str_slice(text, end, text.n);
		if (*number)
			return true;
	}
	return false;
}
