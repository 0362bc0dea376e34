/*
 * Runs an image: loads and attaches its programs, prints what they send, and leaves
 * nothing behind. The one door of the runtime for cli/.
 *
 * Errors are printed to stderr where they are understood; the caller only gets the exit status.
 */
#ifndef BTRUN_RUNTIME_RUN_H
#define BTRUN_RUNTIME_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "kernel/kernel.h"
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

/* With options.strict, when the script's own status is 0 and something was lost. */
#define RUN_STATUS_LOSSES 3

/* The image in fd (a memfd or a file). Returns the exit status of btrun; or, with options.one_kind and
 * nothing done yet, -EAGAIN when a probe needs another method, so that an image with all of them has to be
 * made.
 */
int run_image(struct kernel *k, int fd, const struct run_options *options);

/* --info: what the image in fd is and needs, and which of that this kernel has, as text. Asks for no
 * privilege. 0, or negative errno and a message is printed. */
int describe_image(struct kernel *k, int fd, FILE *out);
/* A line for each parameter of an image. */
struct arena;
struct image;
void describe_parameters(struct arena *a, const struct image *image, FILE *out);

#endif
