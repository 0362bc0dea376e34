/*
 * Messages about a script. Each is printed at once to the given stream:
 *
 *	tcp.bt:3:9: error: unknown variable $sk
 *	    printf("%d\n", $sk);
 *	                   ^~~
 *	    hint: assign it first, as in $sk = ...
 *
 * One run reports every error of a script; the count decides its end.
 */
#ifndef BTRUN_BASE_DIAG_H
#define BTRUN_BASE_DIAG_H

#include <stdbool.h>
#include <stdio.h>

#include "base/source.h"

struct diag {
	const struct source *source;
	FILE *out;
	unsigned errors;
	unsigned warnings;
	unsigned limit; /* errors printed before the rest is only counted; 0: 20 */
	bool no_warnings;
	int hint_muted; /* the message that a hint would follow was not printed */
};

void diag_error(struct diag *d, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diag_warning(struct diag *d, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What to do about the message before; several may follow one. */
void diag_hint(struct diag *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
