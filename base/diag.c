#include "base/diag.h"

#include <stdarg.h>

#define DEFAULT_LIMIT 20
#define INDENT "    "
#define EXCERPT_LIMIT 160 /* bytes of a line that are shown */

/* Writes a byte of a script, which may end on a terminal: nothing but text and tabs goes there. */
static void put_printable(FILE *out, char c)
{
	unsigned char byte = (unsigned char)c;

	fputc(byte < 0x20 && byte != '\t' ? '?' : byte == 0x7f ? '?' : byte, out);
}

/*
 * Prints the line itself and a caret line under it. Tabs are copied into the caret
 * line so that both line up however wide a terminal makes them. Of a very long
 * line (a generated script) only the part around the place is shown.
 */
static void print_excerpt(FILE *out, struct source_pos pos, size_t length)
{
	size_t column = pos.column - 1 < pos.text.n ? pos.column - 1 : pos.text.n;
	size_t first = column > EXCERPT_LIMIT / 2 ? column - EXCERPT_LIMIT / 2 : 0;
	struct str line;

	if (pos.text.n <= EXCERPT_LIMIT)
		first = 0;
	line = str_slice(
	    pos.text, first, pos.text.n - first > EXCERPT_LIMIT ? first + EXCERPT_LIMIT : pos.text.n);
	fputs(INDENT, out);
	for (size_t i = 0; i < line.n; i++)
		put_printable(out, line.p[i]);
	fputs("\n" INDENT, out);
	for (size_t i = 0; i < column - first; i++)
		fputc(line.p[i] == '\t' ? '\t' : ' ', out);
	if (length > line.n - (column - first))
		length = line.n > column - first ? line.n - (column - first) : 1;
	fputc('^', out);
	for (size_t i = 1; i < length; i++)
		fputc('~', out);
	fputc('\n', out);
}

/* Tells where a text is defined that hides behind the name that a message is about. */
static void print_expansion(struct diag *d, struct span at)
{
	for (size_t i = 0; i < d->map->expansions.n; i++) {
		const struct source_expansion *e = &d->map->expansions.v[i];

		if (e->use.begin != at.begin || e->use.end != at.end)
			continue;
		struct source_pos pos = source_pos(d->map, e->definition.begin);

		fprintf(d->out, INDENT "in expansion of %.*s, defined at %.*s:%u\n", STR_ARG(e->name),
		    STR_ARG(pos.name), pos.line);
		return;
	}
}

/* Tells how a text came in, and the one that it came in through, and so on. */
static void print_parents(struct diag *d, const struct source *text)
{
	for (; text->kind != SOURCE_SCRIPT; text = source_at(d->map, text->parent.begin)) {
		struct source_pos pos = source_pos(d->map, text->parent.begin);

		if (text->parent.end == 0) {
			fputs(INDENT "included by the command line\n", d->out);
			return;
		}
		fprintf(d->out, INDENT "included from %.*s:%u\n", STR_ARG(pos.name), pos.line);
	}
}

static void print_message(
    struct diag *d, struct span at, const char *severity, const char *format, va_list ap)
{
	const struct source *text = source_at(d->map, at.begin);
	struct source_pos pos = source_pos(d->map, at.begin);
	/* What was written down from a file is not as long as what stands there. */
	bool is_exact = text->kind == SOURCE_SCRIPT && at.end > at.begin;

	fprintf(d->out, "%.*s:%u:%u: %s: ", STR_ARG(pos.name), pos.line, pos.column, severity);
	vfprintf(d->out, format, ap);
	fputc('\n', d->out);
	print_excerpt(d->out, pos, is_exact ? at.end - at.begin : 1);
	print_expansion(d, at);
	print_parents(d, text);
}

void diag_error(struct diag *d, struct span at, const char *format, ...)
{
	unsigned limit = d->limit ? d->limit : DEFAULT_LIMIT;
	va_list ap;

	d->hint_muted = d->errors >= limit;
	if (d->errors++ == limit)
		fprintf(d->out, "%.*s: more errors follow; the first %u are shown\n",
		    STR_ARG(d->map->script.name), limit);
	if (d->hint_muted)
		return;
	va_start(ap, format);
	print_message(d, at, "error", format, ap);
	va_end(ap);
}

void diag_warning(struct diag *d, struct span at, const char *format, ...)
{
	va_list ap;

	d->warnings++;
	d->hint_muted = d->no_warnings;
	if (d->no_warnings)
		return;
	va_start(ap, format);
	print_message(d, at, "warning", format, ap);
	va_end(ap);
}

void diag_hint(struct diag *d, const char *format, ...)
{
	va_list ap;

	if (d->hint_muted)
		return;
	fputs(INDENT "hint: ", d->out);
	va_start(ap, format);
	vfprintf(d->out, format, ap);
	va_end(ap);
	fputc('\n', d->out);
}
