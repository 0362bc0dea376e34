/* -l: lists probes. Errors: printed, and negative errno returned. */
#ifndef BTRUN_CLI_LIST_H
#define BTRUN_CLI_LIST_H

#include <stdbool.h>
#include <sys/types.h>

#include "kernel/kernel.h"

/* pattern: "kprobe:tcp_*", "tcp_*", "struct sock", or NULL for all. pid: of -p, or 0. arguments: those of
 * tracepoints, fentry and iterators too. */
int list_probes(struct kernel *k, const char *pattern, pid_t pid, bool arguments);

/* Of the type of an iterator's context, struct bpf_iter__NAME, the name; else empty. */
struct str list_iterator(struct str type);

#endif
