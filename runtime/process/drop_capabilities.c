/*
 * Once everything is attached the process that stays gives up what its script does not need: events come from
 * programs and memory of others, and it may stay for weeks.
 */
#include "runtime/process/drop_capabilities.h"

#include <string.h>
#include <sys/prctl.h>

#include "base/message.h"
#include "kernel/features.h"
#include "runtime/tracer/builtin_needs.h"
#include "sandbox/privileges.h"

#define READ_FILES CAPABILITY(CAP_DAC_READ_SEARCH)
#define READ_PROCESSES (CAPABILITY(CAP_SYS_PTRACE) | CAPABILITY(CAP_CHECKPOINT_RESTORE))
#define EVERYTHING UINT64_MAX

static const struct row {
	unsigned needs; /* set of enum needs */
	uint64_t capabilities;
	const char *why;
} rows[] = {
	/* perf_event_open() of another's thread, and SIGCONT to it */
	{ NEEDS_PROBES,
	    CAPABILITY(CAP_PERFMON) | CAPABILITY(CAP_BPF) | CAPABILITY(CAP_SYS_PTRACE) | CAPABILITY(CAP_KILL),
	    "it sets watchpoints" },
	/* /proc/PID/maps, map_files and root, and the binaries that are mapped */
	{ NEEDS_USERS, READ_FILES | READ_PROCESSES, "it prints names of processes' addresses" },
	{ NEEDS_CGROUPS, READ_FILES, "it prints paths of control groups" }, /* open_by_handle_at() */
	/* /proc/PID/ and /proc/kallsyms among them */
	{ NEEDS_FILES, READ_FILES | READ_PROCESSES | CAPABILITY(CAP_SYSLOG), "cat() reads files" },
	{ NEEDS_COMMANDS, EVERYTHING, "system() starts commands" },
};

static const char *const names[] = {
	[CAP_DAC_READ_SEARCH] = "DAC_READ_SEARCH",
	[CAP_KILL] = "KILL",
	[CAP_SYS_ADMIN] = "SYS_ADMIN",
	[CAP_SYS_PTRACE] = "SYS_PTRACE",
	[CAP_SYSLOG] = "SYSLOG",
	[CAP_PERFMON] = "PERFMON",
	[CAP_BPF] = "BPF",
	[CAP_CHECKPOINT_RESTORE] = "CHECKPOINT_RESTORE",
};

unsigned capabilities_needs(const struct image *image)
{
	static const unsigned of_types[] = {
#define TYPE(name, size, class, needs, text, json) NEEDS_##needs,
#include "language/types.def"
#undef TYPE
	};
	unsigned needs = NEEDS_NOTHING;

	for (size_t i = 0; i < image->types.n; i++)
		needs |= of_types[image->types.v[i].kind];
	for (size_t i = 0; i < image->records.n; i++)
		for (uint32_t k = 0; k < image->records.v[i].n_actions; k++)
			needs |= builtin_needs(image->records.v[i].actions[k].builtin);
	return needs;
}

/* A listener is told what is kept: by a description, by a message, or not at all. */
struct listener {
	FILE *out; /* of a description */
	bool is_message;
};

static FILE *begin_line(const struct listener *l)
{
	FILE *out = l->is_message ? message_begin() : l->out;

	fputs(l->is_message ? "keeps " : "  while it traces btrun keeps ", out);
	return out;
}

static void list_kept(uint64_t held, const char *why, const struct listener *l)
{
	const char *separator = "";
	FILE *out = begin_line(l);

	if (held == privileges_held()) {
		fprintf(out, "all its capabilities: %s\n", why);
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i] && held & CAPABILITY(i)) {
			fprintf(out, "%sCAP_%s", separator, names[i]);
			separator = ", ";
		}
	fprintf(out, ": %s\n", why);
}

/* Returns the capabilities, and tells of those that this process has, one line a reason. */
static uint64_t keep_capabilities(uint64_t capabilities, const char *why, const struct listener *l)
{
	uint64_t held = capabilities & privileges_held();

	if (held && (l->out || l->is_message))
		list_kept(held, why, l);
	return capabilities;
}

static bool samples_cpus(const struct image *image)
{
	for (size_t i = 0; i < image->attaches.n; i++) {
		enum probe_id probe = image->attaches.v[i].probe;

		if (probe == PROBE_profile || probe == PROBE_software || probe == PROBE_hardware)
			return true;
	}
	return false;
}

static uint64_t needed_all(const struct tracer *t, const struct listener *l)
{
	unsigned needs = capabilities_needs(&t->image);
	uint64_t kept = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (needs & rows[i].needs)
			kept |= keep_capabilities(rows[i].capabilities, rows[i].why, l);
	if (needs & NEEDS_PROBES && features_perf_refusals(t->runtime.kernel, 0, false) & REFUSED_PARANOID)
		kept |= keep_capabilities(
		    CAPABILITY(CAP_SYS_ADMIN), "kernel.perf_event_paranoid wants it for watchpoints", l);
	/* kernel/bpf/syscall.c: before 6.0 every bpf() wants it, where kernel.unprivileged_bpf_disabled is
	 * set. */
	if (t->facts.version < FEATURES_VERSION(6, 0, 0))
		kept |= keep_capabilities(CAPABILITY(CAP_BPF), "this kernel wants it to read maps", l);
	if (samples_cpus(&t->image))
		kept |= keep_capabilities(CAPABILITY(CAP_PERFMON), "it attaches to CPUs that come", l);
	if (samples_cpus(&t->image) && features_perf_refusals(t->runtime.kernel, 0, false) & REFUSED_PARANOID)
		kept |= keep_capabilities(
		    CAPABILITY(CAP_SYS_ADMIN), "kernel.perf_event_paranoid wants it for CPUs that come", l);
	if (t->options->command)
		kept |=
		    keep_capabilities(CAPABILITY(CAP_KILL), "the command of -c may become another user's", l);
	return kept;
}

void capabilities_describe(const struct tracer *t, FILE *out)
{
	if (!(needed_all(t, &(struct listener){ .out = out }) & privileges_held()))
		fputs("  while it traces btrun keeps no capability\n", out);
}

void capabilities_drop(const struct tracer *t)
{
	uint64_t kept = needed_all(t, &(struct listener){ .is_message = t->options->verbose });

	if (kept == EVERYTHING)
		return;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	privileges_keep(kept);
}
