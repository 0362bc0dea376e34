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
#include "runtime/tracer/options.h"

/* With options.strict, when the script's own status is 0 and something was lost. */
#define RUN_STATUS_LOSSES 3

/* What became of a run. */
enum run_result {
	RUN_DONE,            /* with the exit status of btrun */
	RUN_NEEDS_ALL_KINDS, /* options.one_kind, and a probe needs another method: nothing has been done */
};

struct run_outcome {
	enum run_result result;
	int status; /* RUN_DONE */
};

/* Runs the image in fd (a memfd or a file) to its end. */
struct run_outcome run_image(struct kernel *k, int fd, const struct run_options *options);

/* --info: what the image in fd is and needs, and which of that this kernel has, as text. Asks for no
 * privilege. 0, or negative errno and a message is printed. */
int describe_image(struct kernel *k, int fd, FILE *out);

#endif
