#include "lexer/internal.h"

#include <string.h>

static char char_at(struct str text, uint32_t at)
{
	return at < text.n ? text.p[at] : '\0';
}

static bool is_blank(char c)
{
	return c && strchr(" \t\r\n\f\v", c) != NULL;
}

static bool is_spec_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("_.:*?[]!^+-$#@~%", c) != NULL) || (unsigned char)c >= 0x80;
}

/* Returns the offset behind the closing quote, or 0 when the line has none. */
static uint32_t after_quotes(struct str text, uint32_t at)
{
	for (at++; at < text.n && text.p[at] != '\n'; at++) {
		if (text.p[at] == '"')
			return at + 1;
		if (text.p[at] == '\\')
			at++;
	}
	return 0;
}

/*
 * Says whether a slash is of a path: it may open the predicate instead. A path begins its part of the
 * specification with a slash or a dot ("uprobe:/bin/bash:f", "uprobe:./a:f"), or another part
 * follows it ("uprobe:bin/bash:f"); in "kprobe:f/pid==1/" neither is so.
 */
static bool slash_in_path(struct str text, uint32_t part, uint32_t slash)
{
	if (slash > part && char_at(text, part) == '.')
		return true;
	if (slash >= part && char_at(text, part) == '/' && part && char_at(text, part - 1) == ':')
		return true;
	for (uint32_t i = slash + 1; i < text.n && (is_spec_byte(text.p[i]) || text.p[i] == '/'); i++)
		if (text.p[i] == ':')
			return true;
	return false;
}

uint32_t spec_length(struct str text, uint32_t begin)
{
	uint32_t part = begin, at = begin;

	while (at < text.n) {
		char c = text.p[at];

		if (c == '"' && at > begin) {
			uint32_t after = after_quotes(text, at);

			if (!after)
				break;
			at = after;
		} else if (c == '\\' && at > begin && at + 1 < text.n && text.p[at + 1] != '\n') {
			at += 2;
		} else if (c == '/' && at > begin && slash_in_path(text, part, at)) {
			at++;
		} else if (is_spec_byte(c)) {
			at++;
			if (c == ':')
				part = at;
		} else {
			break;
		}
	}
	return at - begin;
}

uint32_t spec_after_comment(struct str text, uint32_t at)
{
	bool line = char_at(text, at + 1) == '/';
	const char *end = memmem(text.p + at + 2, text.n - at - 2, line ? "\n" : "*/", line ? 1 : 2);

	if (!end)
		return (uint32_t)text.n;
	return (uint32_t)(end - text.p) + (line ? 0 : 2);
}

uint32_t spec_skip_blanks(struct str text, uint32_t at)
{
	while (at < text.n) {
		char next = char_at(text, at + 1);

		if (is_blank(text.p[at]))
			at++;
		else if (text.p[at] == '/' && (next == '/' || next == '*'))
			at = spec_after_comment(text, at);
		else
			break;
	}
	return at;
}

bool spec_closes_predicate(struct str text, uint32_t at)
{
	return char_at(text, spec_skip_blanks(text, at)) == '{';
}
