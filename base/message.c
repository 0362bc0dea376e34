#include "base/message.h"

#include <stdarg.h>

#define PROGRAM "btrun: "

static const char *const begins[] = {
	[MESSAGE_PLAIN] = PROGRAM,
	[MESSAGE_ERROR] = PROGRAM "error: ",
	[MESSAGE_WARNING] = PROGRAM "warning: ",
	[MESSAGE_HINT] = "    hint: ",
};

void message_line(FILE *out, enum message_kind kind, const char *format, ...)
{
	char whole[1024];
	va_list ap;

	va_start(ap, format);
	/* What one call prints is written at once, and lines of several processes do not mix. */
	if (snprintf(whole, sizeof(whole), "%s%s\n", begins[kind], format) < (int)sizeof(whole)) {
		vfprintf(out, whole, ap);
	} else {
		fputs(begins[kind], out);
		vfprintf(out, format, ap);
		fputc('\n', out);
	}
	va_end(ap);
}

FILE *message_begin(void)
{
	fputs(PROGRAM, stderr);
	return stderr;
}
