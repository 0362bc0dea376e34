/* Attaching what perf_event_open() makes: clocks, counters, watchpoints; and raw tracepoints and iterators.
 */
#include "runtime/tracer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <string.h>
#include <unistd.h>

static int keep(struct tracer *t, struct probe *p, struct perf_event_attr *attr, int cpu, uint32_t target)
{
	struct bpf_link *link;
	int err = attach_perf_link(p, attr, -1, cpu, t->runtime.targets.v[target].id, &link);

	return err ? err : attach_keep(t, p, link, target, STR(""));
}

/* The event on each CPU that is online. */
static int on_every_cpu(struct tracer *t, struct probe *p, struct perf_event_attr *attr)
{
	const struct image_attach *a = tracer_attach(t, p);
	uint32_t target = attach_target(t, p->attach, 0, a->text, STR(""));
	int err = -ENODEV, last = 0;

	for (unsigned cpu = 0; cpu < t->runtime.n_cpus; cpu++) {
		int one = keep(t, p, attr, (int)cpu, target);

		if (one == 0)
			err = 0;
		else if (one != -ENODEV) /* which says that the CPU is offline */
			last = one;
	}
	err = last ? last : err;
	return err ? tracer_refuse(t, p, err, "perf event: %s", strerror(-err)) : 0;
}

static struct perf_event_attr clock_of(const struct image_attach *a)
{
	return (struct perf_event_attr){
		.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_CPU_CLOCK, .sample_period = a->period_ns
	};
}

int attach_interval(struct tracer *t, struct probe *p)
{
	const struct image_attach *a = tracer_attach(t, p);
	struct perf_event_attr attr = clock_of(a);
	uint32_t target = attach_target(t, p->attach, 0, a->text, STR(""));
	int err = keep(t, p, &attr, 0, target);

	return err ? tracer_refuse(t, p, err, "timer: %s", strerror(-err)) : 0;
}

int attach_profile(struct tracer *t, struct probe *p)
{
	struct perf_event_attr attr = clock_of(tracer_attach(t, p));

	return on_every_cpu(t, p, &attr);
}

static const struct {
	enum probe_id probe;
	const char *names;
	uint64_t config, count;
} events[] = {
#define EVENT(probe, names, config, count) { PROBE_##probe, names, config, count },
#include "base/events.def"
#undef EVENT
};

static bool has_name(const char *names, struct str name)
{
	struct str list = str_of(names);

	while (list.n)
		if (str_eq(str_split(list, ' ', &list), name))
			return true;
	return false;
}

int attach_perf_event(struct tracer *t, struct probe *p)
{
	const struct image_attach *a = tracer_attach(t, p);

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		struct perf_event_attr attr = {
			.type = a->probe == PROBE_hardware ? PERF_TYPE_HARDWARE : PERF_TYPE_SOFTWARE,
			.config = events[i].config,
			.sample_period = a->count ? a->count : events[i].count,
		};

		if (events[i].probe == a->probe && has_name(events[i].names, a->event))
			return on_every_cpu(t, p, &attr);
	}
	return tracer_refuse(t, p, -ENOENT, "there is no such event");
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

/* Each thread has registers of its own for it; those that it will start get them from it. */
static int watch_threads(struct tracer *t, struct probe *p, struct perf_event_attr *attr, pid_t pid)
{
	uint32_t target = attach_target(t, p->attach, 0, tracer_attach(t, p)->text, STR(""));
	uint64_t cookie = t->runtime.targets.v[target].id;
	struct bpf_link *link;
	struct dirent *entry;
	char path[64];
	int err = -ESRCH;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	attr->inherit = 1;
	attr->inherit_thread = 1;
	while (tasks && (entry = readdir(tasks))) {
		pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);

		if (!thread)
			continue;
		err = attach_perf_link(p, attr, thread, -1, cookie, &link);
		if (!err)
			err = attach_keep(t, p, link, target, STR(""));
		else if (err != -ESRCH)
			break;
	}
	if (tasks)
		closedir(tasks);
	if (err == -ESRCH && p->attached.n)
		err = 0;
	return err ? tracer_refuse(t, p, err, "watchpoint: %s", strerror(-err)) : 0;
}

/* An address of the kernel is watched on every CPU, one of a process in that process, its threads included.
 */
int attach_watchpoint(struct tracer *t, struct probe *p)
{
	const struct image_attach *a = tracer_attach(t, p);
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT,
		.bp_addr = a->address,
		.bp_len = a->length,
		.bp_type = breakpoint_type(a->mode),
		.sample_period = 1,
	};
	pid_t pid = t->options->pid ? t->options->pid : t->command_pid;

	if (breakpoint_type(a->mode) == HW_BREAKPOINT_X)
		attr.bp_len = sizeof(long);
	if (!pid)
		return on_every_cpu(t, p, &attr);
	return watch_threads(t, p, &attr, pid);
}

void attach_unwatch(struct runtime *r, uint64_t address)
{
	struct tracer *t = r->state;

	for (size_t i = 0; i < t->probes.n; i++) {
		struct probe *p = &t->probes.v[i];
		const struct image_attach *a = tracer_attach(t, p);

		if ((a->probe != PROBE_watchpoint && a->probe != PROBE_asyncwatchpoint) ||
		    a->address != address)
			continue;
		for (size_t n = 0; n < p->attached.n; n++) {
			bpf_link__destroy(p->attached.v[n].link);
			p->attached.v[n].link = NULL;
		}
	}
}

int attach_raw(struct tracer *t, struct probe *p)
{
	const struct image_attach *a = tracer_attach(t, p);
	uint32_t target = attach_target(t, p->attach, 0, a->text, STR(""));
	struct bpf_link *link = bpf_program__attach_raw_tracepoint(
	    p->program, str_copy(t->runtime.arena, a->event.p, a->event.n).p);

	if (!link)
		return tracer_refuse(t, p, -errno, "raw tracepoint: %s", strerror(errno));
	return attach_keep(t, p, link, target, STR(""));
}

int attach_iter(struct tracer *t, struct probe *p)
{
	const struct image_attach *a = tracer_attach(t, p);
	uint32_t target = attach_target(t, p->attach, 0, a->text, STR(""));
	struct bpf_link *link = bpf_program__attach_iter(p->program, NULL);

	if (!link)
		return tracer_refuse(t, p, -errno, "iterator: %s", strerror(errno));
	return attach_keep(t, p, link, target, STR(""));
}

/* Reading an iterator runs its program for each object; the records come through our own buffer. */
static void iterate(struct tracer *t, const struct attached *one)
{
	int fd = bpf_iter_create(bpf_link__fd(one->link));
	char bytes[4096];

	while (fd >= 0 && read(fd, bytes, sizeof(bytes)) > 0)
		;
	if (fd >= 0)
		close(fd);
}

bool attach_iterate(struct tracer *t)
{
	bool any = false;

	for (size_t i = 0; i < t->probes.n; i++) {
		const struct probe *p = &t->probes.v[i];

		if (p->off || tracer_attach(t, p)->probe != PROBE_iter)
			continue;
		for (size_t n = 0; n < p->attached.n; n++)
			iterate(t, &p->attached.v[n]);
		any = true;
	}
	return any;
}
