/* -l: lists probes. Errors: printed, and negative errno returned. */
#ifndef BTRUN_CLI_LIST_H
#define BTRUN_CLI_LIST_H

#include <stdbool.h>

#include "kernel/kernel.h"

/* pattern: "kprobe:tcp_*", "tcp_*", or NULL for all. arguments: those of tracepoints and fentry too. */
int list_probes(struct kernel *k, const char *pattern, bool arguments);

#endif
