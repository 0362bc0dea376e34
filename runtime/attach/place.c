#include "runtime/attach/place.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

uint32_t place_add_target(struct tracer *t, uint32_t attach, uint32_t n, struct str probe, struct str func)
{
	struct target target = { (uint64_t)attach << 32 | n, probe, func };

	vec_push(t->runtime.arena, &t->runtime.targets, target);
	return (uint32_t)t->runtime.targets.n - 1;
}

int place_check_limit(struct tracer *t, struct probe *p)
{
	uint64_t most = t->options->max_probes;

	return !most || t->runtime.targets.n <= most
		   ? 0
		   : tracer_refuse(t, p, -E2BIG, "%zu places or more, and BPFTRACE_MAX_PROBES allows %llu",
			 t->runtime.targets.n, (unsigned long long)most);
}

int place_keep_link(
    struct tracer *t, struct probe *p, struct bpf_link *link, uint32_t target, struct str event)
{
	struct attached one = { .link = link, .fd = -1, .event = event, .target = target };

	vec_push(t->runtime.arena, &p->attached, one);
	return place_check_limit(t, p);
}

int place_keep_fd(struct tracer *t, struct probe *p, int fd, uint32_t target)
{
	struct attached one = { .fd = fd, .target = target };

	vec_push(t->runtime.arena, &p->attached, one);
	return place_check_limit(t, p);
}

int place_open_perf(struct probe *p, struct perf_event_attr *attr, pid_t pid, int cpu, uint64_t cookie,
    struct bpf_link **link)
{
	LIBBPF_OPTS(bpf_perf_event_opts, options, .bpf_cookie = cookie);
	int fd;

	attr->size = sizeof(*attr);
	fd = (int)syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	*link = bpf_program__attach_perf_event_opts(p->program, fd, &options);
	if (*link)
		return fd;
	int err = -errno;
	close(fd);
	return err;
}

int place_open_tracepoint(struct probe *p, struct str id_path, uint64_t cookie, struct bpf_link **link)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT, .sample_period = 1, .wakeup_events = 1
	};
	FILE *file = fopen(id_path.p, "re");
	unsigned long id = 0;
	int fd;

	if (!file)
		return -errno;
	if (fscanf(file, "%lu", &id) != 1)
		id = 0;
	fclose(file);
	attr.config = id;
	if (!id)
		return -EBADMSG;
	fd = place_open_perf(p, &attr, -1, 0, cookie, link);
	return fd < 0 ? fd : 0;
}
