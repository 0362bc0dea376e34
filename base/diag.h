/*
 * Messages about a script. Each is printed at once to the given stream:
 *
 *	tcp.bt:3:9: error: unknown variable $sk
 *	    printf("%d\n", $sk);
 *	                   ^~~
 *	    hint: assign it first, as in $sk = ...
 *
 * A text that came in through another, a header file, adds a line "included from FILE:LINE"; a name that a
 * #define gives a text adds "in expansion of NAME, defined at FILE:LINE".
 *
 * One run reports every error of a script; the count decides its end.
 */
#ifndef BTRUN_BASE_DIAG_H
#define BTRUN_BASE_DIAG_H

#include <stdbool.h>
#include <stdio.h>

#include "base/source.h"

struct diag {
	const struct source_map *map; /* of the texts that spans lie in */
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
