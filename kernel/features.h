/*
 * What a kernel lets us do, and what it is that refuses: read from files under
 * the host's root, so that tests can fake each refusal. Whoever asks turns this
 * into a message.
 *
 * Ownership: texts lie in the arena that is passed. Errors: negative errno.
 */
#ifndef BTRUN_KERNEL_FEATURES_H
#define BTRUN_KERNEL_FEATURES_H

#include <stdint.h>

#include "kernel/kernel.h"

/* Gives the release, as "6.1.0-25-amd64". */
int features_release(struct kernel *k, struct arena *a, struct str *release);
/* Returns the bytes that the linker gave just this kernel; none when it has none. */
struct str features_build_id(struct kernel *k, struct arena *a);
/* Returns the same in hexadecimal. */
struct str features_kernel_id(struct kernel *k, struct arena *a);
/* Makes numbers that compare as versions do. */
#define FEATURES_VERSION(major, minor, patch) ((unsigned)(major) << 16 | (minor) << 8 | (patch))
/* Returns the version of a release's text, where a patch level above 255 counts as 255; 0 when it is none. */
unsigned features_version_of(struct str release);
/* Returns the kernel's version; 0 when it can't be found. */
unsigned features_kernel_version(struct kernel *k);

enum features_lockdown {
	LOCKDOWN_UNKNOWN, /* no lockdown in this kernel, or securityfs is not mounted */
	LOCKDOWN_NONE,
	LOCKDOWN_INTEGRITY,       /* kernel memory may be read, not written */
	LOCKDOWN_CONFIDENTIALITY, /* no reads either: no kprobes, no bpf_probe_read_kernel */
};
enum features_lockdown features_lockdown(struct kernel *k);

/* A refusal is a reason for which kprobes may be refused. Several can be true at a time. */
enum features_refusal {
	REFUSED_LOCKDOWN = 1 << 0,      /* lockdown is "confidentiality" */
	REFUSED_NO_TRACEFS = 1 << 1,    /* not mounted: nothing of the next is known */
	REFUSED_NO_CONFIG = 1 << 2,     /* tracefs without kprobe_events: no CONFIG_KPROBE_EVENTS */
	REFUSED_FTRACE_OFF = 1 << 3,    /* sysctl kernel.ftrace_enabled = 0 */
	REFUSED_KPROBES_OFF = 1 << 4,   /* debugfs kprobes/enabled = 0 */
	REFUSED_NO_PERMISSION = 1 << 5, /* tracefs is there, but not for us */
	REFUSED_PARANOID = 1 << 6,      /* sysctl kernel.perf_event_paranoid is 3 or more */
	REFUSED_PROGRAMS = 1 << 7,      /* perf events in programs want CAP_SYS_ADMIN since 2025 */
};
/* Returns a set of enum features_refusal: 0 when nothing is known to refuse kprobes. */
unsigned features_kprobe_refusals(struct kernel *k);
/* Returns why a perf event may have been refused to one that has these capabilities: a set of
 * REFUSED_PARANOID and REFUSED_PROGRAMS. programs: it was one of a uprobe. */
unsigned features_perf_refusals(struct kernel *k, uint64_t capabilities, bool programs);

/*
 * Returns the capabilities that tracing needs and this process lacks, as text:
 * "CAP_BPF and CAP_PERFMON"; empty when none is missing. CAP_SYS_ADMIN stands
 * for the first two. tracefs: kprobes are made through files that belong to root,
 * for which CAP_DAC_OVERRIDE is wanted too (root without it is a user like any).
 */
struct str features_missing_capabilities(struct arena *a, bool tracefs);
/* Returns the same of a set of capability bits (1 << CAP_X), for tests. */
struct str features_capabilities_text(struct arena *a, uint64_t effective, bool tracefs);

#endif
