/*
 * Watchpoints: at an address that the script names, or at those that a function is given as an argument. The
 * compiler made a probe of that function, which sends each address; the process may stop until it is watched.
 */
#include "runtime/attach/watchpoint.h"

#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/perf.h"
#include "runtime/attach/place.h"
#include "runtime/process/cleanup_child.h"

static bool is_watchpoint(const struct image_attach *a)
{
	return a->probe == PROBE_watchpoint || a->probe == PROBE_asyncwatchpoint;
}

static pid_t watched_process(const struct tracer *t)
{
	return t->options->pid ? t->options->pid : t->command_pid;
}

static uint32_t breakpoint_type(struct str mode)
{
	uint32_t type = 0;

	for (size_t i = 0; i < mode.n; i++)
		type |= mode.p[i] == 'r'   ? HW_BREAKPOINT_R
			: mode.p[i] == 'w' ? HW_BREAKPOINT_W
					   : HW_BREAKPOINT_X;
	return type;
}

static struct perf_event_attr breakpoint(const struct image_attach *a, uint64_t address)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT,
		.bp_addr = address,
		.bp_len = a->length,
		.bp_type = breakpoint_type(a->mode),
		.sample_period = 1,
	};

	if (attr.bp_type == HW_BREAKPOINT_X)
		attr.bp_len = sizeof(long);
	return attr;
}

/* In the place of one that was detached, if there is any: addresses come and go. */
static int keep_watchpoint(
    struct tracer *t, struct probe *p, struct bpf_link *link, uint32_t target, uint64_t address)
{
	struct attached one = { .link = link, .fd = -1, .target = target, .address = address };

	for (size_t n = 0; n < p->attached.n; n++) {
		if (p->attached.v[n].link)
			continue;
		p->attached.v[n] = one;
		return 0;
	}
	vec_push(t->runtime.arena, &p->attached, one);
	return 0;
}

static void unwatch(struct probe *p, uint64_t address)
{
	for (size_t n = 0; n < p->attached.n; n++) {
		if (p->attached.v[n].address != address)
			continue;
		bpf_link__destroy(p->attached.v[n].link);
		p->attached.v[n].link = NULL;
	}
}

static bool is_watched(const struct probe *p, uint64_t address)
{
	for (size_t n = 0; n < p->attached.n; n++)
		if (p->attached.v[n].link && p->attached.v[n].address == address)
			return true;
	return false;
}

/* Each thread has registers of its own for it; those that it will start get them from it. 0 or negative
 * errno; then the address is watched in no thread. */
static int watch_threads(struct tracer *t, struct probe *p, uint64_t address, uint32_t target)
{
	struct perf_event_attr attr = breakpoint(tracer_attach(t, p), address);
	uint64_t cookie = t->runtime.targets.v[target].id;
	struct dirent *entry;
	char path[64];
	int err = -ESRCH;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)watched_process(t));
	tasks = opendir(path);
	attr.inherit = 1;
	attr.inherit_thread = 1;
	while (tasks && (entry = readdir(tasks))) {
		pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
		struct bpf_link *link;

		if (!thread)
			continue;
		err = place_open_perf(p, &attr, thread, -1, cookie, &link);
		if (err >= 0)
			err = keep_watchpoint(t, p, link, target, address);
		else if (err != -ESRCH) /* which says that the thread has ended */
			break;
	}
	if (tasks)
		closedir(tasks);
	if (err == -ESRCH && is_watched(p, address))
		err = 0;
	if (err)
		unwatch(p, address);
	return err;
}

/* An address of the kernel is watched on every CPU, one of a process in that process, its threads included.
 */
int attach_watchpoint(struct tracer *t, struct probe *p)
{
	const struct image_attach *a = tracer_attach(t, p);
	struct perf_event_attr attr = breakpoint(a, a->address);
	int err;

	if (!watched_process(t))
		return a->function.n ? tracer_refuse(t, p, -ESRCH, "-p or -c has to say in which process")
				     : attach_on_every_cpu(t, p, &attr);
	place_add_target(t, p->attach, 0, a->text, STR(""));
	if (a->function.n) {
		err = a->probe == PROBE_watchpoint ? cleanup_child_start_waking(t, watched_process(t)) : 0;
		return err ? tracer_refuse(t, p, err, "no process to let the other go on: %s", strerror(-err))
			   : 0;
	}
	err = watch_threads(t, p, a->address, (uint32_t)t->runtime.targets.n - 1);
	return err ? tracer_refuse(t, p, err, "watchpoint: %s", strerror(-err)) : 0;
}

void watch_remove(struct runtime *r, uint64_t address)
{
	struct tracer *t = r->state;

	for (size_t i = 0; i < t->attachment.probes.n; i++)
		if (is_watchpoint(tracer_attach(t, &t->attachment.probes.v[i])))
			unwatch(&t->attachment.probes.v[i], address);
}

/* Targets are sorted by then: that of this attach point is looked for. */
static uint32_t target_of(const struct tracer *t, uint32_t attach)
{
	uint32_t i = 0;

	while (i + 1 < t->runtime.targets.n && t->runtime.targets.v[i].id >> 32 != attach)
		i++;
	return i;
}

static void watch_one(struct tracer *t, struct probe *p, uint64_t address)
{
	const char *why;
	int err;

	if (!address || is_watched(p, address))
		return;
	err = watch_threads(t, p, address, target_of(t, p->attach));
	if (!err || err == -ESRCH)
		return;
	why = err == -ENOSPC ? "the processor's watchpoints are all taken; unwatch() frees one"
			     : strerror(-err);
	if (t->attachment.unwatched++ == 0)
		message_warning("%.*s: 0x%llx is not watched: %s", STR_ARG(tracer_attach(t, p)->text),
		    (unsigned long long)address, why);
}

/* The process goes on, whatever became of it. */
void watch_add(struct runtime *r, int64_t attach, uint64_t address)
{
	struct tracer *t = r->state;

	for (size_t i = 0; i < t->attachment.probes.n; i++) {
		struct probe *p = &t->attachment.probes.v[i];
		const struct image_attach *a = tracer_attach(t, p);

		if (p->attach != attach || p->off || !is_watchpoint(a))
			continue;
		watch_one(t, p, address);
		if (a->probe == PROBE_watchpoint)
			kill(watched_process(t), SIGCONT);
	}
}

void watch_end(struct tracer *t)
{
	pid_t pid = watched_process(t);

	for (size_t i = 0; pid && i < t->attachment.probes.n; i++) {
		const struct image_attach *a = tracer_attach(t, &t->attachment.probes.v[i]);

		if (a->probe == PROBE_watchpoint && a->function.n)
			kill(pid, SIGCONT);
	}
}
