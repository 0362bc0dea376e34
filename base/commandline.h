/*
 * What the command line gives a script: $1, $2 ... and getopt("name"). The compiler takes it apart for a
 * script that runs now, the runtime for an image; both do it here. Everything made lies in the arena.
 */
#ifndef BTRUN_BASE_COMMANDLINE_H
#define BTRUN_BASE_COMMANDLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum parameter_kind {
	PARAMETER_NUMBER,
	PARAMETER_TEXT,
	PARAMETER_BOOL,
	PARAMETER_COUNT, /* $# */
	PARAMETER_KINDS_
};

struct named_parameter {
	struct str name; /* without its -- */
	bool is_switch;  /* true by its name alone */
	bool given;
	struct str value;
};

struct commandline {
	VEC(struct str) positional;
	VEC(struct named_parameter) named; /* filled in by the caller, but for given and value */
};

/* Hands the words out. A script without named parameters takes all of them by position. Returns nothing, or
 * what is wrong with them as a whole message. */
struct str commandline_split(struct arena *a, const struct str *words, size_t n, struct commandline *line);

/* Gives the value of a number (in C's notations), or of true, false, 1 and 0. An empty text is 0 by position.
 */
bool commandline_value(enum parameter_kind kind, struct str text, uint64_t *value);
/* Says what such a text has to be, for messages: "a number". */
const char *commandline_wanted(enum parameter_kind kind);

/* Finds the next $N of a text, outside of the escapes in symbols of Rust (..$GT$5speak..), with what precedes
 * and what follows it. False: there is none. */
bool commandline_find(struct str text, struct str *before, unsigned *number, struct str *after);

#endif
