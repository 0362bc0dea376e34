/* Attaching: a function for each row of language/probes.def, and what they share. */
#include "runtime/attach/attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/message.h"
#include "base/shortage.h"
#include "kernel/features.h"
#include "language/program_kinds.h"
#include "runtime/attach/attach_policy.h"
#include "runtime/attach/explain.h"
#include "runtime/attach/functions.h"
#include "runtime/attach/namesakes.h"
#include "runtime/attach/place.h"
#include "runtime/attach/tracefs.h"

#define PERF_GLOB_LIMIT 1024 /* perf kprobes for one glob: each takes about 90 ms to attach and detach */

struct matches {
	struct tracer *tracer;
	uint32_t attach, n;
	struct str prefix; /* "kprobe:" */
	VEC(uint32_t) targets;
};

int attach_run(struct tracer *t, struct probe *p)
{
	const struct image_attach *a = tracer_attach(t, p);

	place_add_target(t, p->attach, 0, a->text, STR(""));
	return 0;
}

int attach_run_now(struct tracer *t, enum probe_id which)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);

	for (size_t i = 0; i < t->attachment.probes.n; i++) {
		struct probe *p = &t->attachment.probes.v[i];

		if (p->off || tracer_attach(t, p)->probe != which)
			continue;
		if (bpf_prog_test_run_opts(bpf_program__fd(p->program), &options)) {
			diag_error(&t->diag, tracer_attach(t, p)->span,
			    "the kernel does not run the program: %s", strerror(errno));
			return -errno;
		}
	}
	return 0;
}

/* Begins to collect what the attach's pattern matches, which is told under the name of its probe. */
static struct matches matches_of(struct tracer *t, uint32_t attach)
{
	struct str rest, probe = str_split(t->image.attaches.v[attach].text, ':', &rest);

	return (struct matches){
		.tracer = t, .attach = attach, .prefix = str_format(t->runtime.arena, "%.*s:", STR_ARG(probe))
	};
}

static void add_match(struct matches *m, struct str name, struct str func)
{
	struct arena *arena = m->tracer->runtime.arena;
	struct str probe = str_format(arena, "%.*s%.*s", STR_ARG(m->prefix), STR_ARG(name));

	vec_push(arena, &m->targets, place_add_target(m->tracer, m->attach, m->n++, probe, func));
}

static int match(void *context, struct str name, struct str module)
{
	add_match(context, name, STR(""));
	return 0;
}

static int attach_one_tracepoint(
    struct tracer *t, struct probe *p, struct str name, uint32_t target, uint64_t cookie)
{
	struct str folder, category, event;
	struct bpf_link *link;
	int err = kernel_tracefs(t->runtime.kernel, &folder);

	if (err)
		return tracer_refuse(t, p, err, "tracepoint: tracefs: %s", strerror(-err));
	category = str_split(name, ':', &event);
	err = place_open_tracepoint(p,
	    str_format(t->runtime.arena, "%.*s/events/%.*s/%.*s/id", STR_ARG(folder), STR_ARG(category),
		STR_ARG(event)),
	    cookie, &link);
	if (err)
		return tracer_refuse(t, p, err, "tracepoint: %s", strerror(-err));
	return place_keep_link(t, p, link, target, STR(""));
}

static int attach_tracepoint_glob(struct tracer *t, struct probe *p, uint32_t attach, struct str pattern)
{
	struct matches m = matches_of(t, attach);
	int err = kernel_tracepoints(t->runtime.kernel, pattern, match, &m);

	if (err || m.n == 0)
		return tracer_refuse(
		    t, p, err ? err : -ENOENT, "tracepoint: %s", err ? strerror(-err) : "nothing matches");
	for (size_t i = 0; i < m.targets.n && !err; i++) {
		const struct target *target = &t->runtime.targets.v[m.targets.v[i]];

		err = attach_one_tracepoint(
		    t, p, str_slice(target->probe, m.prefix.n, target->probe.n), m.targets.v[i], target->id);
	}
	return err;
}

int attach_tracepoint(struct tracer *t, struct probe *p)
{
	int err = 0;

	for (uint32_t i = p->attach; i < p->attach + p->n_attach && !err; i++) {
		const struct image_attach *a = &t->image.attaches.v[i];
		struct str name =
		    str_format(t->runtime.arena, "%.*s:%.*s", STR_ARG(a->category), STR_ARG(a->event));

		if (a->glob)
			err = attach_tracepoint_glob(t, p, i, name);
		else
			err =
			    attach_one_tracepoint(t, p, name, place_add_target(t, i, 0, a->text, STR("")), 0);
	}
	return err;
}

static int attach_fentry(struct tracer *t, struct probe *p, uint32_t target)
{
	struct bpf_link *link = bpf_program__attach_trace(p->program);

	if (!link)
		return tracer_refuse(t, p, -errno, "%s: the kernel does not attach it: %s",
		    tracer_method_name(p), strerror(errno));
	return place_keep_link(t, p, link, target, STR(""));
}

static int attach_perf(struct tracer *t, struct probe *p, const struct image_attach *a, struct str function,
    uint32_t target, uint64_t cookie)
{
	LIBBPF_OPTS(bpf_kprobe_opts, options, .bpf_cookie = cookie, .offset = a->offset,
	    .retprobe = p->kind == PROGRAM_kretprobe);
	struct bpf_link *link = bpf_program__attach_kprobe_opts(p->program, function.p, &options);

	if (link)
		return place_keep_link(t, p, link, target, STR(""));
	/* The kernel counts the functions of a name and takes no one of several. */
	if (errno == EADDRNOTAVAIL)
		return attach_namesakes(t, p, a, function, target);
	return tracer_refuse(t, p, -errno, "perf: %s", strerror(errno));
}

static int attach_multi(struct tracer *t, struct probe *p, const uint32_t *targets, size_t n)
{
	LIBBPF_OPTS(bpf_kprobe_multi_opts, options, .cnt = n, .retprobe = p->kind == PROGRAM_kretprobe);
	const char **names = calloc(n, sizeof(*names));
	__u64 *cookies = calloc(n, sizeof(*cookies));
	struct bpf_link *link;
	int err = -ENOMEM;

	if (names && cookies) {
		for (size_t i = 0; i < n; i++) {
			names[i] = t->runtime.targets.v[targets[i]].func.p;
			cookies[i] = t->runtime.targets.v[targets[i]].id;
		}
		options.syms = names;
		options.cookies = cookies;
		link = bpf_program__attach_kprobe_multi_opts(p->program, NULL, &options);
		err = link ? place_keep_link(t, p, link, targets[0], STR("")) : -errno;
	}
	free(names);
	free(cookies);
	if (err)
		return tracer_refuse(t, p, err, "multi (kprobe.multi): %s", strerror(-err));
	return 0;
}

static int each_perf(
    struct tracer *t, struct probe *p, const struct image_attach *a, const uint32_t *targets, size_t n)
{
	size_t skipped = 0;
	int err = 0, last = 0;

	if (n > PERF_GLOB_LIMIT)
		return tracer_refuse(t, p, -E2BIG,
		    "perf: %zu functions match, and this kernel attaches them one by one: at most %d", n,
		    PERF_GLOB_LIMIT);
	for (size_t i = 0; i < n; i++) {
		const struct target *target = &t->runtime.targets.v[targets[i]];

		err = attach_perf(t, p, a, target->func, targets[i], target->id);
		if (err == -EPERM || err == -EACCES || is_shortage(err))
			return err;
		skipped += err != 0;
		last = err ? err : last;
	}
	p->skipped += skipped;
	return skipped == n ? last : 0;
}

static bool is_function_attach(const struct image_attach *a);

static int expand_pattern(
    struct tracer *t, struct probe *p, uint32_t attach, struct matches *m, size_t *n_shared)
{
	const struct function_names *found;
	int err = functions_of(t, attach, is_function_attach, &found);

	if (err)
		return tracer_refuse(t, p, err, "the list of functions: %s", strerror(-err));
	*m = matches_of(t, attach);
	for (size_t i = 0; i < found->n; i++)
		add_match(m, found->v[i], found->v[i]);
	*n_shared = found->n_shared;
	return m->n ? place_check_limit(t, p) : tracer_refuse(t, p, -ENOENT, "nothing matches");
}

static int attach_glob(struct tracer *t, struct probe *p, uint32_t attach)
{
	const struct image_attach *a = &t->image.attaches.v[attach];
	struct matches m;
	size_t shared = 0, own;
	int err = expand_pattern(t, p, attach, &m, &shared);

	if (err)
		return err;
	own = m.targets.n - shared;
	if (p->methods[p->method] == ATTACH_MULTI) {
		err = own ? attach_multi(t, p, m.targets.v, own) : 0;
		if (err || !shared)
			return err;
		err = attach_namesakes_of(t, p, a, m.targets.v + own, shared);
		p->skipped += err && own ? shared : 0;
		return own ? 0 : err;
	}
	if (p->methods[p->method] == ATTACH_PERF)
		return each_perf(t, p, a, m.targets.v, m.targets.n);
	return tracer_refuse(t, p, -EOPNOTSUPP, "a glob is attached by multi or perf");
}

static int attach_single(struct tracer *t, struct probe *p, uint32_t attach)
{
	const struct image_attach *a = &t->image.attaches.v[attach];
	struct str function = str_copy(t->runtime.arena, a->function.p, a->function.n);
	uint32_t target = place_add_target(t, attach, 0, a->text, function);

	switch (p->methods[p->method]) {
	case ATTACH_FENTRY:
		return attach_fentry(t, p, target);
	case ATTACH_TRACEFS:
		return attach_tracefs(t, p, a, target);
	case ATTACH_PERF:
		return attach_perf(t, p, a, function, target, 0);
	case ATTACH_MULTI:
		if (a->offset)
			return tracer_refuse(t, p, -EOPNOTSUPP, "multi: it cannot attach at an offset");
		return attach_multi(t, p, &target, 1);
	case ATTACH_UPROBE_MULTI:
	case ATTACH_UPROBE:
	case ATTACH_AUTO:
	case ATTACH_METHODS_:
		break;
	}
	return -EINVAL;
}

/* What is switched off, in words, of what the probe needs to fire: the kernel would attach it all the same.
 * NULL: nothing. */
static const char *switched_off(const struct tracer *t, const struct probe *p, unsigned refusals)
{
	enum attach_method method = p->methods[p->method];
	bool inside = true;

	if ((method == ATTACH_TRACEFS || method == ATTACH_PERF) && refusals & REFUSED_KPROBES_OFF)
		return "kprobes are switched off";
	/* Kprobes at a function's beginning go through ftrace too (CONFIG_KPROBES_ON_FTRACE). */
	for (uint32_t i = p->attach; i < p->attach + p->n_attach; i++)
		inside = inside && t->image.attaches.v[i].offset;
	return !inside && refusals & REFUSED_FTRACE_OFF ? "ftrace is switched off" : NULL;
}

int attach_function(struct tracer *t, struct probe *p)
{
	const char *why = switched_off(t, p, t->facts.refusals);
	int err = 0;

	if (why)
		return tracer_refuse(t, p, -EOPNOTSUPP, "%s", why);
	for (uint32_t i = p->attach; i < p->attach + p->n_attach && !err; i++)
		err = t->image.attaches.v[i].glob ? attach_glob(t, p, i) : attach_single(t, p, i);
	return err;
}

static int (*const attach_by_probe[])(struct tracer *t, struct probe *p) = {
#define PROBE(name, aliases, pattern, gives, split, attach, list, ...) attach,
#include "language/probes.def"
#undef PROBE
};

static bool is_function_attach(const struct image_attach *a)
{
	return attach_by_probe[a->probe] == attach_function;
}

void attach_tell_switched_off(struct tracer *t)
{
	unsigned refusals = features_kprobe_refusals(t->runtime.kernel);
	bool told = false;

	for (size_t i = 0; i < t->attachment.probes.n; i++) {
		struct probe *p = &t->attachment.probes.v[i];
		const struct image_attach *a = tracer_attach(t, p);
		const char *why = p->off || !is_function_attach(a) ? NULL : switched_off(t, p, refusals);

		if (why)
			message("%.*s may have missed hits: %s by now", STR_ARG(a->text), why);
		told |= why != NULL;
	}
	/* Seen on 6.1.192 and 6.12.117: what is detached while ftrace is off keeps flags that
	 * ftrace_shutdown() takes for a fault of its own later, and nothing that uses ftrace attaches from
	 * then on. */
	if (told && refusals & REFUSED_FTRACE_OFF)
		message_hint(
		    "after sysctl kernel.ftrace_enabled=1, trace the same once more for a moment: the kernel "
		    "takes functions off by halves while ftrace is off, and can switch it off for good "
		    "later");
}

/* The kernel waits for a grace period of RCU for each kprobe that is detached, some of it without a lock. */
#define TAKING_OFF 16

struct taking_off {
	struct probe *probe;
	_Atomic size_t next;
};

static void *destroy_links(void *context)
{
	struct taking_off *o = context;
	size_t n;

	while ((n = o->next++) < o->probe->attached.n) {
		struct attached *a = &o->probe->attached.v[n];

		bpf_link__destroy(a->link);
		if (a->fd >= 0)
			close(a->fd);
	}
	return NULL;
}

static void destroy_all(struct probe *p)
{
	struct taking_off o = { .probe = p };
	pthread_t threads[TAKING_OFF];
	unsigned n = 0;

	while (
	    n < TAKING_OFF && n + 1 < p->attached.n && !pthread_create(&threads[n], NULL, destroy_links, &o))
		n++;
	destroy_links(&o);
	while (n > 0)
		pthread_join(threads[--n], NULL);
}

static void detach_probe(struct tracer *t, struct probe *p)
{
	destroy_all(p);
	for (size_t n = 0; n < p->attached.n; n++) {
		struct attached *a = &p->attached.v[n];

		if (a->event.n)
			attach_tracefs_remove(t, a->event);
		a->link = NULL;
		a->fd = -1;
		a->event = STR("");
	}
}

/* After how long the person is told what is going on. */
#define PATIENCE_SECONDS 2

struct detaching {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool is_done;
	size_t n; /* places */
};

static void *tell_when_slow(void *context)
{
	struct detaching *d = context;
	struct timespec until;
	int err = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_SECONDS;
	pthread_mutex_lock(&d->lock);
	while (!d->is_done && !err)
		err = pthread_cond_timedwait(&d->ended, &d->lock, &until);
	if (!d->is_done)
		message("the kernel takes its time to detach %zu probes", d->n);
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

static void detach_all(struct tracer *t)
{
	for (size_t i = 0; i < t->attachment.probes.n; i++)
		detach_probe(t, &t->attachment.probes.v[i]);
}

void attach_detach(struct tracer *t)
{
	struct detaching d = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0 };
	pthread_t teller;
	bool tells;

	for (size_t i = 0; i < t->attachment.probes.n; i++)
		d.n += t->attachment.probes.v[i].attached.n;
	tells = d.n > 1 && !t->options->quiet && !pthread_create(&teller, NULL, tell_when_slow, &d);
	detach_all(t);
	if (!tells)
		return;
	pthread_mutex_lock(&d.lock);
	d.is_done = true;
	pthread_cond_signal(&d.ended);
	pthread_mutex_unlock(&d.lock);
	pthread_join(teller, NULL);
}

static void detach(struct tracer *t, struct probe *p)
{
	detach_probe(t, p);
	p->attached.n = 0;
	p->skipped = 0;
}

static int attach_one(struct tracer *t, struct probe *p)
{
	size_t targets = t->runtime.targets.n;
	int err = p->off ? 0 : attach_by_probe[tracer_attach(t, p)->probe](t, p);

	if (!err)
		return 0;
	t->attachment.failed = p;
	if (attach_policy_lacks_programs(t, p))
		return err;
	/* Another method has another program: everything is loaded again. What a pattern does not
	 * find by one method it finds by none. */
	if (attach_policy_has_next(p) && !(err == -ENOENT && tracer_attach(t, p)->glob))
		return err;
	t->attachment.explained = !attach_explain(t);
	if (t->attachment.explained)
		return err;
	detach(t, p);
	t->runtime.targets.n = targets;
	return 0;
}

static bool is_run_last_first(const struct probe *p)
{
	return program_kinds[p->kind].traits & PROGRAM_IS_RUN_LAST_FIRST;
}

/* The actions of one place run in the order of the script: those of which the kernel runs first what was
 * attached last are attached from the last to the first. */
int attach_all(struct tracer *t)
{
	size_t n = t->attachment.probes.n;
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		if (!is_run_last_first(&t->attachment.probes.v[i]))
			err = attach_one(t, &t->attachment.probes.v[i]);
	for (size_t i = n; i-- > 0 && !err;)
		if (is_run_last_first(&t->attachment.probes.v[i]))
			err = attach_one(t, &t->attachment.probes.v[i]);
	return err;
}

void attach_undo(struct tracer *t)
{
	for (size_t i = 0; i < t->attachment.probes.n; i++)
		detach(t, &t->attachment.probes.v[i]);
	t->runtime.targets.n = 0;
}

static void tell(const struct tracer *t, const struct probe *p)
{
	const struct image_attach *a = tracer_attach(t, p);

	if (p->off) {
		fprintf(stderr, "%.*s: not attached%s\n", STR_ARG(a->text),
		    a->condition.n ? ": its condition is false" : "");
		return;
	}
	fprintf(stderr, "%.*s: %s", STR_ARG(a->text), tracer_method_name(p));
	if (p->attached.n > 1 || p->skipped)
		fprintf(stderr, ", %zu places", p->attached.n);
	if (p->skipped)
		fprintf(stderr, ", %u refused by the kernel", p->skipped);
	if (p->refused.n)
		fprintf(stderr, " (not by %.*s)", STR_ARG(p->refused));
	fputc('\n', stderr);
}

static void tell_skipped(const struct tracer *t, const struct probe *p)
{
	if (p->skipped && !t->options->quiet)
		message("%.*s: the kernel refused %u of %zu places", STR_ARG(tracer_attach(t, p)->text),
		    p->skipped, p->skipped + p->attached.n);
}

void attach_tell(const struct tracer *t)
{
	for (size_t i = 0; i < t->attachment.probes.n; i++) {
		if (t->options->verbose)
			tell(t, &t->attachment.probes.v[i]);
		else
			tell_skipped(t, &t->attachment.probes.v[i]);
	}
}
