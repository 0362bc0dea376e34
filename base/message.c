#include "base/message.h"

#include <stdarg.h>

#define PROGRAM "btrun: "

/* A line that one call prints is written at once, and lines of several processes do not mix. */
static void print_line(FILE *out, const char *before, const char *format, va_list ap)
{
	char whole[1024];

	if (snprintf(whole, sizeof(whole), "%s%s\n", before, format) < (int)sizeof(whole)) {
		vfprintf(out, whole, ap);
		return;
	}
	fputs(before, out);
	vfprintf(out, format, ap);
	fputc('\n', out);
}

void message(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print_line(stderr, PROGRAM, format, ap);
	va_end(ap);
}

void message_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print_line(stderr, PROGRAM "error: ", format, ap);
	va_end(ap);
}

void message_error_to(FILE *out, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print_line(out, PROGRAM "error: ", format, ap);
	va_end(ap);
}

void message_warning(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print_line(stderr, PROGRAM "warning: ", format, ap);
	va_end(ap);
}

void message_hint(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print_line(stderr, "    hint: ", format, ap);
	va_end(ap);
}

FILE *message_begin(void)
{
	fputs(PROGRAM, stderr);
	return stderr;
}
