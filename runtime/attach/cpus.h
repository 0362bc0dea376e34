/*
 * CPUs that come while tracing goes on: what is attached to each CPU is attached to them too. The kernel
 * takes perf events off a CPU that goes offline, and does not put them back (perf_event_exit_cpu() of
 * kernel/events/core.c).
 */
#ifndef BTRUN_RUNTIME_ATTACH_CPUS_H
#define BTRUN_RUNTIME_ATTACH_CPUS_H

#include "runtime/tracer/tracer.h"

/* Begins to watch, where something is attached to every CPU. */
void cpus_begin(struct tracer *t);
/* Returns the descriptor that is readable when the kernel tells of a CPU, or -1. */
int cpus_fd(const struct tracer *t);
/* Looks for CPUs that have come, and attaches to them. told: the descriptor was readable; else it looks once
 * a second, for containers are not told. Each CPU is said on stderr, and counted as a loss where that fails.
 */
void cpus_watch(struct tracer *t, bool told);
void cpus_end(struct tracer *t);

#endif
