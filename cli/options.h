/*
 * The command line. Ownership: texts are argv's own. Errors: options_parse() prints
 * what is wrong and returns -EINVAL.
 */
#ifndef BTRUN_CLI_OPTIONS_H
#define BTRUN_CLI_OPTIONS_H

#include "language/options.h"
#include "runtime/run.h"

enum mode {
	MODE_RUN,
	MODE_HELP,
	MODE_VERSION,
	MODE_LIST,
	MODE_DUMP, /* -d: show a stage of the compiler */
	MODE_INFO,
};

#define OPTION_CLI_NOBODY(type, name)
#define OPTION_CLI_CLI(type, name) OPTION_MEMBER(type, name)
#define OPTION_CLI_COMPILER(type, name) OPTION_MEMBER(type, name)
#define OPTION_CLI_RUNTIME(type, name)
#define OPTION_CLI_BOTH(type, name)

struct options {
	enum mode mode;
	struct run_options run; /* what the runtime needs, it alone or the compiler too */
				/* The other rows of language/options.def. */
#define OPTION(name, letter, long_name, env, config, type, most, words, usual, need, ...) \
	OPTION_CLI_##need(type, name)
#include "language/options.def"
#undef OPTION
	const char *file;          /* script, image or "-" */
	const char *const *stages; /* -d: NULL-terminated, or NULL */
	const char *one_stage[2];  /* what stages may point to */
	int image;                 /* this program's own, or -1 */
	const char *compiling;     /* the first option that only a script can have, or NULL */
	const char *search;        /* -l's pattern, or NULL */
	char **params;             /* NULL-terminated */
};

/* image: see struct options. */
int options_parse(struct arena *a, int argc, char **argv, int image, struct options *o);

#endif
