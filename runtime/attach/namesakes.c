#include "runtime/attach/namesakes.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/attach/attach.h"
#include "runtime/attach/place.h"

#define PMU "/sys/bus/event_source/devices/kprobe/type"

/* No function has code so far behind its beginning: the kernel looks the name up and refuses the place. */
#define BEYOND INT64_MAX

/* Returns the number of perf's kprobes, or 0. */
static uint32_t kprobe_type(void)
{
	FILE *file = fopen(PMU, "re");
	unsigned type = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%u", &type) != 1)
		type = 0;
	fclose(file);
	return type;
}

/* create_local_trace_kprobe() of kernel/trace/trace_kprobe.c counts the functions of a name before all else,
 * and answers with an error of its own. */
bool namesakes_exist(struct str function)
{
	char name[256];
	struct perf_event_attr attr = {
		.type = kprobe_type(), .size = sizeof(attr), .config1 = (uintptr_t)name, .config2 = BEYOND
	};
	int fd;

	if (!attr.type || function.n >= sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", STR_ARG(function));
	fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return errno == EADDRNOTAVAIL;
	close(fd);
	return false;
}

struct gathering {
	struct tracer *tracer;
	const struct image_attach *attach;
	struct str function;
	VEC(uint64_t) addresses;
};

static int take_symbol(void *context, const struct kernel_symbol *symbol)
{
	struct gathering *g = context;
	struct str module = g->attach->module;

	if (!strchr("tTwW", symbol->letter) || !symbol->address || !str_eq(symbol->name, g->function))
		return 0;
	if (module.n && !str_glob(module, symbol->module.n ? symbol->module : STR("vmlinux")))
		return 0;
	vec_push(g->tracer->runtime.arena, &g->addresses, symbol->address);
	return 0;
}

static int attach_at_address(struct tracer *t, struct probe *p, uint64_t address, uint32_t target)
{
	struct perf_event_attr attr = {
		.type = kprobe_type(), .config = p->kind == PROGRAM_kretprobe, .config2 = address
	};
	struct bpf_link *link;
	int fd = place_open_perf(p, &attr, -1, 0, t->runtime.targets.v[target].id, &link);

	return fd < 0 ? fd : place_keep_link(t, p, link, target, STR(""));
}

int attach_namesakes(
    struct tracer *t, struct probe *p, const struct image_attach *a, struct str function, uint32_t target)
{
	struct gathering g = { .tracer = t, .attach = a, .function = function };
	int err = kernel_symbols(t->runtime.kernel, take_symbol, &g), last = -EADDRNOTAVAIL;
	size_t attached = 0;

	for (size_t i = 0; !err && i < g.addresses.n; i++) {
		int one = attach_at_address(t, p, g.addresses.v[i] + a->offset, target);

		attached += one == 0;
		last = one ? one : last;
	}
	p->skipped += attached ? g.addresses.n - attached : 0;
	if (attached)
		return 0;
	return tracer_refuse(t, p, err ? err : last, "perf: the kernel has %zu functions of this name: %s",
	    g.addresses.n, strerror(err ? -err : -last));
}

/* Each is detached in a tenth of a second. */
#define ONE_BY_ONE_MAX 64

struct shared {
	struct gathering gathering; /* of all names */
	const uint32_t *targets;    /* sorted by their names */
	size_t n;
	VEC(uint64_t) cookies;
};

static int take_shared(void *context, const struct kernel_symbol *symbol)
{
	struct shared *s = context;
	struct tracer *t = s->gathering.tracer;
	size_t before = s->gathering.addresses.n, low = 0, high = s->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct target *target = &t->runtime.targets.v[s->targets[middle]];
		int order = str_compare(symbol->name, target->func);

		if (order == 0) {
			s->gathering.function = target->func;
			take_symbol(&s->gathering, symbol);
			if (s->gathering.addresses.n > before)
				vec_push(t->runtime.arena, &s->cookies, target->id);
			return 0;
		}
		low = order > 0 ? middle + 1 : low;
		high = order < 0 ? middle : high;
	}
	return 0;
}

static int attach_multi_at(struct tracer *t, struct probe *p, struct shared *s, size_t first, size_t n)
{
	LIBBPF_OPTS(bpf_kprobe_multi_opts, options, .retprobe = p->kind == PROGRAM_kretprobe, .cnt = n,
	    .addrs = s->gathering.addresses.v + first, .cookies = (const __u64 *)s->cookies.v + first);
	struct bpf_link *link = bpf_program__attach_kprobe_multi_opts(p->program, NULL, &options);

	return link ? place_keep_link(t, p, link, s->targets[0], STR("")) : -errno;
}

int attach_namesakes_of(
    struct tracer *t, struct probe *p, const struct image_attach *a, const uint32_t *targets, size_t n)
{
	struct shared s = { .gathering = { .tracer = t, .attach = a }, .targets = targets, .n = n };
	int err = n ? kernel_symbols(t->runtime.kernel, take_shared, &s) : 0;
	size_t found = s.gathering.addresses.n, attached = 0;

	if (err)
		return tracer_refuse(t, p, err, "the list of symbols: %s", strerror(-err));
	if (!found || attach_multi_at(t, p, &s, 0, found) == 0)
		return 0;
	/* One that ftrace does not know makes the kernel refuse all. */
	for (size_t i = 0; i < found && i < ONE_BY_ONE_MAX; i++) {
		int one = attach_multi_at(t, p, &s, i, 1);

		attached += one == 0;
		err = one ? one : err;
	}
	if (!attached)
		return tracer_refuse(t, p, err, "multi (kprobe.multi): %s", strerror(-err));
	p->skipped += found - attached;
	return 0;
}
