/*
 * Runs the compiler process: no privileges, no files, only what it is handed.
 * Errors: the compiler's messages go to stderr; ours when it cannot be run or dies.
 */
#ifndef BTRUN_CLI_COMPILE_H
#define BTRUN_CLI_COMPILE_H

#include "base/source.h"
#include "cache/watch.h"
#include "cli/options.h"

/* The compiler's command line, NULL-terminated: all that it sees of the options, the parameters and the
 * kernel's release. one_kind: see struct run_options. */
char **compile_arguments(
    struct arena *a, struct kernel *k, const struct source *source, const struct options *o, bool one_kind);
/* Where the compiler's messages go (a descriptor), and who wants to know what it asks for, or NULL. */
struct compile_listener {
	int messages;
	struct watcher *watcher;
};
/* 0 and a memfd with the image, or negative errno, a message printed. listener: NULL when nobody cares. */
int compile_script(struct kernel *k, const struct source *source, const struct options *o, bool one_kind,
    const struct compile_listener *listener, int *image);
/* Writes a stage of the compiler, one of -d, to a descriptor. */
int compile_show(
    struct kernel *k, const struct source *source, const struct options *o, const char *stage, int out);

#endif
