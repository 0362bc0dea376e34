#include "runtime/attach/cpus.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"
#include "runtime/attach/perf.h"

#define ONLINE "/sys/devices/system/cpu/online"
#define LOOK_NS 1000000000ull
#define KERNELS_GROUP 1 /* lib/kobject_uevent.c: what the kernel itself sends */

static bool is_on_every_cpu(const struct probe *p)
{
	return p->every_cpu && !p->off;
}

static bool watches(const struct tracer *t)
{
	for (size_t i = 0; i < t->attachment.probes.n; i++)
		if (is_on_every_cpu(&t->attachment.probes.v[i]))
			return true;
	return false;
}

/* Reads which CPUs are online, as "0-2,5": true for each number below n. */
static bool read_online(int fd, bool *online, unsigned n)
{
	char text[4096], *at = text;
	ssize_t size = pread(fd, text, sizeof(text) - 1, 0);

	if (size <= 0)
		return false;
	text[size] = '\0';
	memset(online, 0, n * sizeof(*online));
	while (*at >= '0' && *at <= '9') {
		unsigned long first = strtoul(at, &at, 10),
			      last = *at == '-' ? strtoul(at + 1, &at, 10) : first;

		for (unsigned long cpu = first; cpu <= last && cpu < n; cpu++)
			online[cpu] = true;
		if (*at == ',')
			at++;
	}
	return true;
}

static int open_events(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = KERNELS_GROUP };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

void cpus_begin(struct tracer *t)
{
	struct cpu_watch *w = &t->attachment.cpus;

	if (!watches(t))
		return;
	w->events_fd = open_events();
	w->online_fd = open(ONLINE, O_RDONLY | O_CLOEXEC);
	w->online = arena_many(t->runtime.arena, bool, t->runtime.n_cpus);
	w->before = arena_many(t->runtime.arena, bool, t->runtime.n_cpus);
	if (w->online_fd < 0 || !read_online(w->online_fd, w->online, t->runtime.n_cpus))
		cpus_end(t);
}

int cpus_fd(const struct tracer *t)
{
	return t->attachment.cpus.events_fd;
}

static void attach_to(struct tracer *t, unsigned cpu)
{
	for (size_t i = 0; i < t->attachment.probes.n; i++) {
		struct probe *p = &t->attachment.probes.v[i];
		struct str text;
		int err;

		if (!is_on_every_cpu(p))
			continue;
		text = tracer_attach(t, p)->text;
		err = attach_on_cpu(t, p, (int)cpu);
		/* It has gone again. */
		if (err == -ENODEV)
			continue;
		t->attachment.cpus.missed += err != 0;
		if (err)
			message("CPU %u has come, and %.*s does not fire there: %s", cpu, STR_ARG(text),
			    strerror(-err));
		else
			message("CPU %u has come: %.*s fires there from now on", cpu, STR_ARG(text));
	}
}

/* Empties the socket. True for a CPU that was offline since then, be it back already. */
static bool take_events(struct tracer *t)
{
	struct cpu_watch *w = &t->attachment.cpus;
	char text[4096];
	bool lost = false;
	ssize_t n;

	/* "offline@/devices/system/cpu/cpu1"; ENOBUFS: some were dropped. */
	while ((n = recv(w->events_fd, text, sizeof(text) - 1, 0)) > 0 || (n < 0 && errno == ENOBUFS)) {
		static const char begin[] = "offline@/devices/system/cpu/cpu";
		unsigned long cpu;

		if (n < 0) {
			lost = true;
			continue;
		}
		text[n] = '\0';
		if (strncmp(text, begin, sizeof(begin) - 1) != 0)
			continue;
		cpu = strtoul(text + sizeof(begin) - 1, NULL, 10);
		if (cpu < t->runtime.n_cpus)
			w->online[cpu] = false;
	}
	return lost;
}

void cpus_watch(struct tracer *t, bool told)
{
	struct cpu_watch *w = &t->attachment.cpus;
	uint64_t now = clock_ns();

	if (w->online_fd < 0 || (!told && now - w->looked_ns < LOOK_NS))
		return;
	w->looked_ns = now;
	/* Where the kernel's word was lost, what is attached to any CPU may be dead. */
	if (w->events_fd >= 0 && take_events(t))
		memset(w->online, 0, t->runtime.n_cpus * sizeof(*w->online));
	memcpy(w->before, w->online, t->runtime.n_cpus * sizeof(*w->online));
	if (!read_online(w->online_fd, w->online, t->runtime.n_cpus))
		return;
	for (unsigned cpu = 0; cpu < t->runtime.n_cpus; cpu++)
		if (w->online[cpu] && !w->before[cpu])
			attach_to(t, cpu);
}

void cpus_end(struct tracer *t)
{
	struct cpu_watch *w = &t->attachment.cpus;

	if (w->events_fd >= 0)
		close(w->events_fd);
	if (w->online_fd >= 0)
		close(w->online_fd);
	w->events_fd = w->online_fd = -1;
}
