/*
 * Places that a probe is attached at: what each method of attaching notes, and the perf events that several
 * of them are made of. Links belong to the probe once they are kept. Errors: negative errno.
 */
#ifndef BTRUN_RUNTIME_ATTACH_PLACE_H
#define BTRUN_RUNTIME_ATTACH_PLACE_H

#include "runtime/tracer/tracer.h"

struct perf_event_attr;

/* Adds a target, number n of its attach point, and returns its index in runtime.targets. */
uint32_t place_add_target(struct tracer *t, uint32_t attach, uint32_t n, struct str probe, struct str func);
/* Refuses the probe when there are more places than BPFTRACE_MAX_PROBES allows. */
int place_check_limit(struct tracer *t, struct probe *p);
/* Keeps the link of a probe that is attached. event: the tracefs event that goes with it, or empty. */
int place_keep_link(
    struct tracer *t, struct probe *p, struct bpf_link *link, uint32_t target, struct str event);
/* Keeps a link that libbpf does not know. */
int place_keep_fd(struct tracer *t, struct probe *p, int fd, uint32_t target);
/* Opens a perf event of a tracepoint with the number in this file, as a BPF link. */
int place_open_tracepoint(struct probe *p, struct str id_path, uint64_t cookie, struct bpf_link **link);
/* Opens a perf event of a process (-1: any) on a CPU (-1: any), as a BPF link. Returns the event's
 * descriptor, which is the link's. */
int place_open_perf(struct probe *p, struct perf_event_attr *attr, pid_t pid, int cpu, uint64_t cookie,
    struct bpf_link **link);

#endif
