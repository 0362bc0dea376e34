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

/* The image in fd (a memfd or a file). Returns the exit status of btrun; or, with options.one_kind and
 * nothing done yet, -EAGAIN when a probe needs another method, so that an image with all of them has to be
 * made.
 */
int run_image(struct kernel *k, int fd, const struct run_options *options);

/* --info: what the image in fd is and needs, and which of that this kernel has, as text. Asks for no
 * privilege. 0, or negative errno and a message is printed. */
int describe_image(struct kernel *k, int fd, FILE *out);

#endif
