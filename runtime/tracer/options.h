/* What a run of an image is asked to do: cli/ fills it in, the rooms of the runtime read it. */
#ifndef BTRUN_RUNTIME_TRACER_OPTIONS_H
#define BTRUN_RUNTIME_TRACER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "language/options.h"
#include "runtime/print/output.h"

/* How function probes are attached: --attach. */
enum attach_method {
	ATTACH_AUTO,
	ATTACH_FENTRY, /* fentry and fexit: a BPF trampoline */
	ATTACH_TRACEFS,
	ATTACH_PERF,
	ATTACH_MULTI,
	ATTACH_UPROBE_MULTI, /* all places of a program at once */
	ATTACH_UPROBE,       /* one by one */
	ATTACH_METHODS_
};

#define OPTION_RUN_NOBODY(type, name)
#define OPTION_RUN_CLI(type, name)
#define OPTION_RUN_COMPILER(type, name)
#define OPTION_RUN_RUNTIME(type, name) OPTION_MEMBER(type, name)
#define OPTION_RUN_BOTH(type, name) OPTION_MEMBER(type, name)

struct run_options {
	/* The rows of language/options.def that the runtime needs. */
#define OPTION(name, letter, long_name, env, config, type, most, words, usual, need, ...) \
	OPTION_RUN_##need(type, name)
#include "language/options.def"
#undef OPTION
	char *const *params; /* of an image, NULL-terminated; NULL: none */
	bool one_kind;       /* the image has only the program for the first method of each probe */
	bool fresh;          /* the image was compiled just now, against the kernel that runs */
};

#endif
