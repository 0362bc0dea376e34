/* Attaching what perf_event_open() makes: clocks and counters; and raw tracepoints and iterators. */
#include "runtime/attach/perf.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/message.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/place.h"
#include "runtime/print/output.h"

static int keep_event(
    struct tracer *t, struct probe *p, struct perf_event_attr *attr, int cpu, uint32_t target)
{
	struct bpf_link *link;
	int fd = place_open_perf(p, attr, -1, cpu, t->runtime.targets.v[target].id, &link), err;

	if (fd < 0)
		return fd;
	err = place_keep_link(t, p, link, target, STR(""));
	p->attached.v[p->attached.n - 1].perf_event = fd;
	p->attached.v[p->attached.n - 1].cpu = cpu;
	return err;
}

/* Finds it by its number: the list of targets has been sorted since it was made. */
static uint32_t target_of(const struct tracer *t, const struct probe *p)
{
	uint32_t i = 0;

	while (i + 1 < t->runtime.targets.n && t->runtime.targets.v[i].id != (uint64_t)p->attach << 32)
		i++;
	return i;
}

int attach_on_cpu(struct tracer *t, struct probe *p, int cpu)
{
	uint32_t target = target_of(t, p);

	for (size_t i = 0; i < p->attached.n; i++) {
		struct attached *a = &p->attached.v[i];
		int fd;

		if (a->cpu != cpu)
			continue;
		bpf_link__destroy(a->link);
		a->link = NULL;
		fd = place_open_perf(p, p->every_cpu, -1, cpu, t->runtime.targets.v[target].id, &a->link);
		a->perf_event = fd;
		return fd < 0 ? fd : 0;
	}
	return keep_event(t, p, p->every_cpu, cpu, target);
}

int attach_on_every_cpu(struct tracer *t, struct probe *p, struct perf_event_attr *attr)
{
	const struct image_attach *a = tracer_attach(t, p);
	uint32_t target = place_add_target(t, p->attach, 0, a->text, STR(""));
	int err = -ENODEV, last = 0;

	p->every_cpu = arena_copy(t->runtime.arena, attr, sizeof(*attr));
	for (unsigned cpu = 0; cpu < t->runtime.n_cpus; cpu++) {
		int one = keep_event(t, p, attr, (int)cpu, target);

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
	uint32_t target = place_add_target(t, p->attach, 0, a->text, STR(""));
	int err = keep_event(t, p, &attr, 0, target);

	return err ? tracer_refuse(t, p, err, "timer: %s", strerror(-err)) : 0;
}

/* A period that is set, be it the same, begins anew: kernel/events/core.c, __perf_event_period(). */
void attach_restart_intervals(struct tracer *t)
{
	for (size_t i = 0; i < t->attachment.probes.n; i++) {
		struct probe *p = &t->attachment.probes.v[i];
		uint64_t period = tracer_attach(t, p)->period_ns;

		if (p->off || tracer_attach(t, p)->probe != PROBE_interval)
			continue;
		for (size_t n = 0; n < p->attached.n; n++)
			ioctl(p->attached.v[n].perf_event, PERF_EVENT_IOC_PERIOD, &period);
	}
}

int attach_profile(struct tracer *t, struct probe *p)
{
	struct perf_event_attr attr = clock_of(tracer_attach(t, p));

	return attach_on_every_cpu(t, p, &attr);
}

static const struct {
	enum probe_id probe;
	const char *names;
	uint64_t config, count;
} events[] = {
#define EVENT(probe, names, config, count) { PROBE_##probe, names, config, count },
#include "language/events.def"
#undef EVENT
};

int attach_perf_event(struct tracer *t, struct probe *p)
{
	const struct image_attach *a = tracer_attach(t, p);

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		struct perf_event_attr attr = {
			.type = a->probe == PROBE_hardware ? PERF_TYPE_HARDWARE : PERF_TYPE_SOFTWARE,
			.config = events[i].config,
			.sample_period = a->count ? a->count : events[i].count,
		};

		if (events[i].probe == a->probe && str_in_words(a->event, events[i].names))
			return attach_on_every_cpu(t, p, &attr);
	}
	return tracer_refuse(t, p, -ENOENT, "there is no such event");
}

int attach_raw(struct tracer *t, struct probe *p)
{
	const struct image_attach *a = tracer_attach(t, p);
	uint32_t target = place_add_target(t, p->attach, 0, a->text, STR(""));
	struct bpf_link *link = bpf_program__attach_raw_tracepoint(
	    p->program, str_copy(t->runtime.arena, a->event.p, a->event.n).p);

	if (!link)
		return tracer_refuse(t, p, -errno, "raw tracepoint: %s", strerror(errno));
	return place_keep_link(t, p, link, target, STR(""));
}

int attach_iter(struct tracer *t, struct probe *p)
{
	const struct image_attach *a = tracer_attach(t, p);
	uint32_t target = place_add_target(t, p->attach, 0, a->text, STR(""));
	struct bpf_link *link = bpf_program__attach_iter(p->program, NULL);

	if (!link)
		return tracer_refuse(t, p, -errno, "iterator: %s", strerror(errno));
	return place_keep_link(t, p, link, target, STR(""));
}

/* Reading an iterator runs its program for each object; the records come through our own buffer. */
static void iterate(struct tracer *t, const struct attached *one)
{
	int fd = bpf_iter_create(bpf_link__fd(one->link));
	char bytes[4096];
	ssize_t n = -1;

	/* EAGAIN: after a million objects (bpf_seq_read() of kernel/bpf/bpf_iter.c) it wants to be asked
	 * again. */
	while (fd >= 0 && !t->iterate_no_more &&
	       ((n = read(fd, bytes, sizeof(bytes))) > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR))))
		;
	if (n < 0 && !t->iterate_no_more)
		message("an iterator did not come to its end: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

#define BPFFS "/sys/fs/bpf"

static int pin(struct tracer *t, struct probe *p)
{
	const struct image_attach *a = tracer_attach(t, p);
	bool absolute = a->binary.p[0] == '/';
	struct str path =
	    str_format(t->runtime.arena, "%s%.*s", absolute ? "" : BPFFS "/", STR_ARG(a->binary));
	int err = bpf_link__pin(p->attached.v[0].link, path.p);

	if (!err) {
		fprintf(output_stream(t->runtime.out), "Program pinned to %s\n", path.p);
		return 0;
	}
	diag_error(&t->diag, a->span, "cannot pin it to %s: %s", path.p, strerror(-err));
	if (err == -EEXIST)
		diag_hint(&t->diag, "rm %s takes away the one that is there", path.p);
	else
		diag_hint(&t->diag, "a pin lies in the BPF file system: mount -t bpf bpf " BPFFS);
	return err;
}

int attach_pins(struct tracer *t)
{
	int err = 0;

	for (size_t i = 0; i < t->attachment.probes.n && !err; i++) {
		struct probe *p = &t->attachment.probes.v[i];

		if (!p->off && tracer_attach(t, p)->probe == PROBE_iter && tracer_attach(t, p)->binary.n)
			err = pin(t, p);
	}
	return err;
}

bool attach_iterate(struct tracer *t)
{
	bool any = false;

	for (size_t i = 0; i < t->attachment.probes.n; i++) {
		const struct probe *p = &t->attachment.probes.v[i];

		if (p->off || tracer_attach(t, p)->probe != PROBE_iter || tracer_attach(t, p)->binary.n)
			continue;
		for (size_t n = 0; n < p->attached.n; n++)
			iterate(t, &p->attached.v[n]);
		any = true;
	}
	return any;
}
