#include "base/diag.h"

#include <stdarg.h>

#define DEFAULT_LIMIT 20
#define INDENT "    "

/* The line itself and a caret line under it. Tabs are copied into the caret
 * line so that both lines up however wide a terminal makes them. */
static void print_excerpt(FILE *out, struct source_pos pos, struct span at)
{
	size_t begin = pos.column - 1;
	size_t length = at.end > at.begin ? at.end - at.begin : 1;

	fprintf(out, INDENT "%.*s\n" INDENT, STR_ARG(pos.text));
	for (size_t i = 0; i < begin; i++)
		fputc(i < pos.text.n && pos.text.p[i] == '\t' ? '\t' : ' ', out);
	if (begin + length > pos.text.n)
		length = pos.text.n > begin ? pos.text.n - begin : 1;
	fputc('^', out);
	for (size_t i = 1; i < length; i++)
		fputc('~', out);
	fputc('\n', out);
}

static void print_message(
    struct diag *d, struct span at, const char *severity, const char *format, va_list ap)
{
	struct source_pos pos = source_pos(d->source, at.begin);

	fprintf(d->out, "%.*s:%u:%u: %s: ", STR_ARG(d->source->name), pos.line, pos.column, severity);
	vfprintf(d->out, format, ap);
	fputc('\n', d->out);
	print_excerpt(d->out, pos, at);
}

void diag_error(struct diag *d, struct span at, const char *format, ...)
{
	unsigned limit = d->limit ? d->limit : DEFAULT_LIMIT;
	va_list ap;

	d->hint_muted = d->errors >= limit;
	if (d->errors++ == limit)
		fprintf(d->out, "%.*s: more errors follow; the first %u are shown\n",
		    STR_ARG(d->source->name), limit);
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
	d->hint_muted = 0;
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
