/*
 * What the compiler wants to know of files, which it may not open: programs of ours read them for it.
 */
#ifndef BTRUN_CLI_FACTS_H
#define BTRUN_CLI_FACTS_H

#include "base/source.h"
#include "cache/watch.h"
#include "cli/options.h"

struct facts {
	const struct options *options;
	const struct source *source;
	struct watcher *watcher; /* wants to know which files were read, or NULL */
};

/* Functions for kernel_use(), of the facts that are no files of the kernel; context is a struct facts. Only
 * what the script or the command line names is read. */
int facts_header(void *context, struct str name);
int facts_parameters(void *context, struct str name);
int facts_symbols(void *context, struct str name);
int facts_usdt(void *context, struct str name);
int facts_variable(void *context, struct str name);

#endif
