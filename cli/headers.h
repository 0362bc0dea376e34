/*
 * C headers for the compiler, which may not open files: btrun-headers reads them, in a process of its own.
 */
#ifndef BTRUN_CLI_HEADERS_H
#define BTRUN_CLI_HEADERS_H

#include "base/source.h"
#include "cli/options.h"

struct headers {
	const struct options *options;
	const struct source *source;
};

/* kernel_use_headers()'s function; context is a struct headers. Only what the script or --include names is
 * read. */
int headers_open(void *context, struct str name);

#endif
