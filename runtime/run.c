/*
 * A tracer's life: load, attach everything, BEGIN, enable the programs, print what comes,
 * disable them, END, maps, losses, and everything off again.
 */
#include "runtime/run.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/message.h"
#include "base/shortage.h"
#include "kernel/features.h"
#include "language/map_kinds.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/attach_policy.h"
#include "runtime/attach/copies.h"
#include "runtime/attach/cpus.h"
#include "runtime/attach/explain.h"
#include "runtime/attach/perf.h"
#include "runtime/attach/tracefs.h"
#include "runtime/attach/watchpoint.h"
#include "runtime/events/buffer.h"
#include "runtime/events/event.h"
#include "runtime/events/loss.h"
#include "runtime/events/nested.h"
#include "runtime/events/packets.h"
#include "runtime/info/describe.h"
#include "runtime/load/constants.h"
#include "runtime/load/halves.h"
#include "runtime/load/load.h"
#include "runtime/print/generations.h"
#include "runtime/process/cleanup_child.h"
#include "runtime/process/command.h"
#include "runtime/process/drop_capabilities.h"
#include "runtime/process/notify.h"
#include "runtime/process/signals.h"
#include "runtime/symbols/symbols.h"

#define NOTIFY "__BPFTRACE_NOTIFY_PROBES_ATTACHED"

enum wakeup {
	FROM_BUFFER,
	FROM_SIGNALS,
	FROM_ENDING,
	FROM_PACKETS,
	FROM_PID,
	FROM_CPUS,
};

struct loop {
	struct tracer *tracer;
	struct command command;
	int epoll, pid;
	bool ending;
};

static void refresh_clock(struct tracer *t)
{
	struct timespec wall, mono, boot;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	t->runtime.boot_offset_ns =
	    (int64_t)(wall.tv_sec - boot.tv_sec) * 1000000000 + (wall.tv_nsec - boot.tv_nsec);
	t->runtime.wall_offset_ns =
	    (int64_t)(wall.tv_sec - mono.tv_sec) * 1000000000 + (wall.tv_nsec - mono.tv_nsec);
}

static int watch(struct loop *l, int fd, enum wakeup from)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = from };

	return fd < 0 ? 0 : epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static void command_changed(struct loop *l)
{
	int status;
	enum command_news news;

	while ((news = command_step(&l->command, &status)) == COMMAND_ENDING) {
		symbols_remember(l->tracer->runtime.symbols, l->command.pid);
		command_let_end(&l->command);
	}
	if (news != COMMAND_ENDED)
		return;
	l->ending = true;
	if (WIFSIGNALED(status))
		message("-c: the command was ended by signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		message("-c: the command ended with status %d", WEXITSTATUS(status));
}

static void take_signals(struct loop *l)
{
	int number;

	while ((number = signals_next())) {
		if (number == SIGCHLD) {
			command_changed(l);
		} else {
			maps_print_all(&l->tracer->runtime);
			output_flush(l->tracer->runtime.out);
		}
	}
}

static bool is_over(const struct loop *l)
{
	return l->ending || signals_ending() || event_exiting(&l->tracer->runtime) ||
	       output_failed(l->tracer->runtime.out);
}

/* A perf buffer wakes its reader when it is filling up, so what is old has to be looked for. A ring
 * buffer needs no such look: the first record after it was emptied wakes. */
#define PERF_POLL_MS 50

/* The process of -p is often gone when its stacks are printed: what it maps is read now and then. That of -c
 * stops for it at its end. */
#define REMEMBER_MS 500

/* Milliseconds until it is due again; -1: never. */
static int remember(struct loop *l)
{
	struct tracer *t = l->tracer;

	if (!t->options->pid || !(capabilities_needs(&t->image) & NEEDS_USERS))
		return -1;
	symbols_remember(t->runtime.symbols, t->options->pid);
	return REMEMBER_MS;
}

/* How long nothing has to be looked after, in milliseconds. */
static int next_look(struct loop *l)
{
	int users = remember(l), buffer = l->tracer->arriving.perf ? PERF_POLL_MS : LOSS_WATCH_MS;

	return users >= 0 && users < buffer ? users : buffer;
}

static void trace(struct loop *l)
{
	struct tracer *t = l->tracer;
	struct epoll_event events[4];

	while (!is_over(l)) {
		int timeout = next_look(l), n;

		loss_watch(t);
		cpus_watch(t, false);
		n = epoll_wait(l->epoll, events, 4, timeout);
		refresh_clock(t);
		if (n == 0)
			buffer_read(t, false);
		for (int i = 0; i < n; i++) {
			if (events[i].data.u32 == FROM_BUFFER)
				buffer_read(t, true);
			else if (events[i].data.u32 == FROM_SIGNALS)
				take_signals(l);
			else if (events[i].data.u32 == FROM_PACKETS)
				packets_read(t);
			else if (events[i].data.u32 == FROM_CPUS)
				cpus_watch(t, true);
			else
				l->ending = true;
		}
	}
}

static int needs_all_kinds(struct tracer *t)
{
	t->attachment.needs_all_kinds = true;
	return -ECANCELED;
}

static int bring_up(struct tracer *t)
{
	for (;;) {
		int err = load_object(t);

		if (!err)
			err = attach_all(t);
		if (!err)
			return 0;
		attach_undo(t);
		load_close(t);
		if (!t->attachment.failed || t->attachment.explained)
			return err;
		/* A verifier that does not take direct loads gets a program without. */
		if (attach_policy_lacks_programs(t, t->attachment.failed) ||
		    (t->loaded.refused_by_verifier && t->options->one_kind))
			return needs_all_kinds(t);
		if ((is_shortage(t->attachment.error) || !attach_policy_next(t->attachment.failed)) &&
		    !attach_explain(t))
			return err;
	}
}

static void say_failure(const char *what, int err)
{
	message("%s: %s", what, strerror(-err));
	shortage_hint(err);
}

static int open_buffer(struct tracer *t)
{
	int fd = bpf_object__find_map_fd_by_name(t->loaded.object, map_kinds[MAP_events].symbol);
	int err = fd < 0 ? 0 : buffer_open(t, fd, t->arriving.perf, load_buffer_size(t));

	if (err)
		say_failure("cannot map the output buffer", err);
	return err;
}

/* Places, as bpftrace counts them: one is enough for what is attached on every CPU or to every thread. */
static uint64_t count_attached(const struct tracer *t)
{
	uint64_t n = 0;

	for (size_t i = 0; i < t->attachment.probes.n; i++)
		n += !t->attachment.probes.v[i].off && t->attachment.probes.v[i].kind == PROGRAM_run;
	for (size_t i = 0; i < t->runtime.targets.n; i++) {
		uint32_t attach = (uint32_t)(t->runtime.targets.v[i].id >> 32);

		for (size_t k = 0; k < t->attachment.probes.n; k++) {
			const struct probe *p = &t->attachment.probes.v[k];

			n += !p->off && p->kind != PROGRAM_run && attach >= p->attach &&
			     attach < p->attach + p->n_attach;
		}
	}
	return n;
}

static void announce(struct tracer *t)
{
	uint64_t n = count_attached(t);

	attach_tell(t);
	output_attached(t->runtime.out, n);
	if (!t->options->quiet)
		fprintf(stderr, "Attached %llu probe%s\n", (unsigned long long)n, n == 1 ? "" : "s");
	output_flush(t->runtime.out);
	notify("READY=1\nSTATUS=Attached %llu probe%s", (unsigned long long)n, n == 1 ? "" : "s");
	if (getenv(NOTIFY) && write(STDOUT_FILENO, NOTIFY "\n", sizeof(NOTIFY)) < 0)
		return;
}

/* As bpftrace does: the terminal's ^C, and what was printed, end before the maps begin. */
static void separate_maps(struct tracer *t)
{
	if (t->options->form == OUTPUT_TEXT && t->image.maps.n)
		fputs("\n\n", output_stream(t->runtime.out));
}

static void *iterate_all(void *tracer)
{
	struct tracer *t = tracer;

	attach_iterate(t);
	t->iterated = true;
	return NULL;
}

/* True: the script has nothing but iterators, so it is done. They run in a thread of their own, since the
 * kernel goes through all objects in one system call while somebody has to empty the buffer. */
static bool iterate(struct loop *l)
{
	struct tracer *t = l->tracer;
	bool any = false, others = false;
	pthread_t thread;
	int err;

	for (size_t i = 0; i < t->attachment.probes.n; i++) {
		enum probe_id probe = tracer_attach(t, &t->attachment.probes.v[i])->probe;

		any |= probe == PROBE_iter;
		others |= probe != PROBE_iter && probe != PROBE_begin && probe != PROBE_end;
	}
	if (!any)
		return false;
	signals_hold(true);
	err = pthread_create(&thread, NULL, iterate_all, t);
	signals_hold(false);
	if (err) {
		message("the iterators did not run: there is no thread for them");
		return !others;
	}
	while (!t->iterated) {
		usleep(1000);
		buffer_read(t, false);
		take_signals(l);
		if (!is_over(l))
			continue;
		/* With the programs disabled the rest goes by fast. */
		t->iterate_no_more = true;
		*t->loaded.enabled = 0;
	}
	pthread_join(thread, NULL);
	return !others || t->iterate_no_more;
}

/* Disables the programs and waits for those that are running: what they send and count belongs to the trace.
 */
static void disable_programs(struct tracer *t)
{
	bool any = false;

	*t->loaded.enabled = 0;
	for (size_t i = 0; i < t->attachment.probes.n; i++)
		any |= !t->attachment.probes.v[i].off && t->attachment.probes.v[i].kind != PROGRAM_run;
	if (any)
		generations_wait();
}

static int live(struct loop *l)
{
	struct tracer *t = l->tracer;
	int err;

	refresh_clock(t);
	t->runtime.symbols = symbols_new(&(struct symbols_options){ .kernel = t->runtime.kernel,
	    .mangled = t->options->mangled,
	    .no_users = t->options->no_user_symbols });
	t->runtime.cat_bytes = t->options->cat_bytes;
	output_hold(t->runtime.out);
	err = attach_run_now(t, PROBE_begin);
	if (!err)
		err = attach_pins(t);
	if (err)
		return err;
	if (capabilities_needs(&t->image) & NEEDS_USERS)
		command_watch(&l->command);
	if (capabilities_needs(&t->image) & NEEDS_KERNEL)
		kernel_hold(t->runtime.kernel, KERNEL_KALLSYMS);
	capabilities_drop(t);
	buffer_read(t, false);
	attach_restart_intervals(t);
	t->runtime.tracing = true;
	*t->loaded.enabled = !event_exiting(&t->runtime);
	announce(t);
	command_release(&l->command);
	if (!iterate(l))
		trace(l);
	notify("STOPPING=1\nSTATUS=Printing what is left");
	disable_programs(t);
	buffer_read(t, false);
	t->runtime.finishing = true;
	if (!output_failed(t->runtime.out)) {
		err = attach_run_now(t, PROBE_end);
		buffer_read(t, false);
		separate_maps(t);
		maps_print_all(&t->runtime);
		output_flush(t->runtime.out);
	}
	return err;
}

static int prepare_loop(struct loop *l)
{
	struct tracer *t = l->tracer;
	int err;

	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0) {
		err = -errno;
		say_failure("no way to hear of events", err);
		return err;
	}
	if (t->options->pid) {
		l->pid = (int)syscall(SYS_pidfd_open, t->options->pid, 0);
		if (l->pid < 0) {
			err = -errno;
			message("-p %d: %s", (int)t->options->pid, strerror(-err));
			return err;
		}
	}
	err = watch(l, buffer_fd(t), FROM_BUFFER);
	if (!err)
		err = watch(l, packets_fd(t), FROM_PACKETS);
	if (!err)
		err = watch(l, signals_fd(), FROM_SIGNALS);
	if (!err)
		err = watch(l, signals_ending_fd(), FROM_ENDING);
	if (!err)
		err = watch(l, l->pid, FROM_PID);
	if (!err)
		err = watch(l, cpus_fd(t), FROM_CPUS);
	return err;
}

static int run_attached(struct loop *l)
{
	struct tracer *t = l->tracer;
	int err = open_buffer(t);

	cpus_begin(t);
	if (!err)
		err = packets_open(t);
	if (!err)
		err = prepare_loop(l);
	if (!err)
		err = events_prepare(&t->runtime);
	load_done(t);
	malloc_trim(0);
	if (err)
		return err;
	if (t->options->dry_run) {
		announce(t);
		return 0;
	}
	nested_begin(t);
	err = live(l);
	packets_close(t);
	symbols_free(t->runtime.symbols);
	/* Hits are missed up to the moment when nothing fires any more. */
	loss_collect(t);
	cpus_end(t);
	attach_detach(t);
	copies_tell(t);
	loss_report(t);
	if (t->options->stats)
		loss_stats(t);
	return err;
}

static int compare_targets(const void *a, const void *b)
{
	uint64_t x = ((const struct target *)a)->id, y = ((const struct target *)b)->id;

	return (x > y) - (x < y);
}

static int run_tracer(struct tracer *t)
{
	struct loop l = { .tracer = t, .epoll = -1, .pid = -1 };
	int stats = t->options->stats ? bpf_enable_stats(BPF_STATS_RUN_TIME) : -1;
	int err;

	if (t->options->stats && stats < 0)
		message("--stats: the kernel counts neither hits nor times: %s", strerror(-stats));
	t->arriving.perf = t->options->perf_buffer || !libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL);
	err = signals_begin();
	if (err)
		say_failure("no way to hear of signals", err);
	cleanup_sweep_dead(t);
	if (!err)
		err = t->options->command ? command_start(t->options->command, &l.command) : 0;
	t->command_pid = l.command.pid;
	t->command_path = str_of(l.command.path);
	if (!err)
		err = attach_policy_decide(t);
	if (!err)
		err = bring_up(t);
	if (!err) {
		qsort(t->runtime.targets.v, t->runtime.targets.n, sizeof(struct target), compare_targets);
		err = run_attached(&l);
	}
	attach_undo(t);
	watch_end(t);
	buffer_close(t);
	load_close(t);
	cleanup_child_end(t);
	attach_tracefs_close(t);
	command_end(&l.command);
	if (stats >= 0)
		close(stats);
	return err;
}

static void prepare(struct tracer *t, struct kernel *k)
{
	struct runtime *r = &t->runtime;
	struct rlimit files;

	r->arena = arena_new();
	r->kernel = k;
	r->image = &t->image;
	r->n_cpus = (unsigned)libbpf_num_possible_cpus();
	r->state = t;
	r->watch = watch_add;
	r->unwatch = watch_remove;
	r->stacks_fd = -1;
	t->attachment.cpus.events_fd = t->attachment.cpus.online_fd = -1;
	t->loss.counters_fd = t->attachment.usdt_fd = t->attachment.events_fd = t->attachment.profile_fd = -1;
	t->loss.values = arena_many(r->arena, uint64_t, r->n_cpus);
	t->facts.version = features_kernel_version(k);
	t->facts.refusals = features_kprobe_refusals(k);
	/* A perf kprobe takes two descriptors. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static int run_opened(struct tracer *t, int fd)
{
	const struct run_options *o = t->options;
	int err = load_map(t, fd), failed;
	uint64_t unwritten;

	if (err)
		return err;
	t->facts.same_kernel =
	    t->image.kernel_id.n &&
	    str_eq(t->image.kernel_id, features_kernel_id(t->runtime.kernel, t->runtime.arena));
	t->map = (struct source_map){ .script = { t->image.script_name, t->image.script_text } };
	t->diag = (struct diag){ .map = &t->map, .out = stderr };
	err = constants_take(t);
	if (err)
		return err;
	t->runtime.map_fds = arena_many(t->runtime.arena, int, t->image.maps.n + 1);
	halves_prepare(t);
	err = output_new(o->output, o->form, o->buffering, &t->runtime.out);
	if (err) {
		message("cannot write to %s: %s", o->output ? o->output : "standard output", strerror(-err));
		return err;
	}
	err = run_tracer(t);
	unwritten = output_unwritten(t->runtime.out);
	t->loss.total += unwritten;
	failed = output_free(t->runtime.out);
	if (failed && failed != -EPIPE) {
		message("writing the output failed: %s: %llu output statements are missing",
		    strerror(-failed), (unsigned long long)unwritten);
		return failed;
	}
	return err;
}

struct run_outcome run_image(struct kernel *k, int fd, const struct run_options *options)
{
	struct tracer t = { .options = options };
	struct run_outcome outcome = { RUN_DONE, 1 };
	int err;

	prepare(&t, k);
	err = run_opened(&t, fd);
	if (t.attachment.needs_all_kinds)
		outcome.result = RUN_NEEDS_ALL_KINDS;
	else if (!err)
		outcome.status = t.runtime.exit_code;
	if (outcome.status == 0 && options->strict && t.loss.total)
		outcome.status = RUN_STATUS_LOSSES;
	load_done(&t);
	arena_free(t.runtime.arena);
	return outcome;
}

int describe_image(struct kernel *k, int fd, FILE *out)
{
	struct run_options options = { 0 };
	struct tracer t = { .options = &options };
	int err;

	prepare(&t, k);
	err = load_map(&t, fd);
	if (!err)
		err = describe_opened(&t, out);
	load_close(&t);
	load_done(&t);
	arena_free(t.runtime.arena);
	return err;
}
