/*
 * What was lost, each counted where it happens and told by name at its place in the
 * script; and --stats. Silent when nothing was lost.
 */
#include "runtime/events/loss.h"
#include "runtime/tracer/uapi.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/message.h"
#include "kernel/features.h"
#include "language/loss_counters.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/tracefs.h"
#include "runtime/events/nested.h"

/* Tells whether the kernel counts what the probe missed. It does of kprobes; a trampoline misses nothing,
 * and of others nothing is counted. */
static bool counts_misses(const struct tracer *t, const struct probe *p)
{
	enum attach_method method = p->n_methods ? p->methods[p->method] : ATTACH_AUTO;

	return (method == ATTACH_MULTI || method == ATTACH_PERF) &&
	       t->facts.version >= FEATURES_VERSION(6, 7, 0);
}

static void link_missed(struct attached *a, enum attach_method method)
{
	struct uapi_link_info info = { 0 };
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_link__fd(a->link), (struct bpf_link_info *)&info, &size))
		return;
	a->missed = method == ATTACH_MULTI ? info.kprobe_multi.missed : info.perf_kprobe.missed;
	a->missed_known = true;
}

/* Returns recursion_misses, which the kernel counts for trampolines since 5.12 and for the others since
 * 6.7. */
static uint64_t recursion_misses(const struct probe *p, struct bpf_prog_info *info)
{
	uint32_t size = sizeof(*info);

	memset(info, 0, sizeof(*info));
	if (bpf_obj_get_info_by_fd(bpf_program__fd(p->program), info, &size))
		return 0;
	return info->recursion_misses;
}

void loss_collect(struct tracer *t)
{
	for (size_t i = 0; i < t->attachment.probes.n; i++) {
		struct probe *p = &t->attachment.probes.v[i];

		for (size_t n = 0; n < p->attached.n; n++) {
			struct attached *a = &p->attached.v[n];

			if (a->event.n)
				a->missed_known = attach_tracefs_missed(t, a->event, &a->missed) == 0;
			else if (counts_misses(t, p))
				link_missed(a, p->methods[p->method]);
		}
	}
}

static struct str place(struct tracer *t, struct span at)
{
	struct source_pos pos = source_pos(&t->map, at.begin);

	return str_format(t->runtime.arena, "%.*s:%u:%u", STR_ARG(pos.name), pos.line, pos.column);
}

/* Returns what a counter stands at, over all CPUs. */
static uint64_t count(struct tracer *t, uint32_t i)
{
	uint64_t sum = 0;

	if (t->loss.counters_fd < 0 || bpf_map_lookup_elem(t->loss.counters_fd, &i, t->loss.values))
		return 0;
	for (unsigned cpu = 0; cpu < t->runtime.n_cpus; cpu++)
		sum += t->loss.values[cpu];
	return sum * t->image.counters.v[i].statements;
}

static struct str counted_of(const struct tracer *t, const struct image_counter *c)
{
	switch (loss_counters[c->kind].of) {
	case LOSS_OF_STATEMENTS:
	case LOSS_OF_PROBE:
		return c->attach < t->image.attaches.n ? t->image.attaches.v[c->attach].text
						       : STR("the script");
	case LOSS_OF_MAP:
		return c->map < t->image.maps.n ? t->image.maps.v[c->map].name : STR("a map");
	case LOSS_OF_PLACE:
	case LOSS_OF_EVENTS:
	case LOSS_OF_NOTHING:
		break;
	}
	return STR("");
}

/* Returns the text of a row with what stands in its braces filled in. */
static struct str loss_text(struct arena *a, const char *text, uint64_t n, struct str of, struct str at)
{
	struct str all = STR("");
	const char *brace;

	for (; (brace = strchr(text, '{')); text = strchr(brace, '}') + 1) {
		struct str number = str_format(a, "%" PRIu64, n);
		struct str value = brace[1] == 'n' ? number : brace[1] == 'o' ? of : at;

		all = str_format(a, "%.*s%.*s%.*s", STR_ARG(all), (int)(brace - text), text, STR_ARG(value));
	}
	return str_format(a, "%.*s%s", STR_ARG(all), text);
}

/* Reports one kind of loss to a reader, as a line of JSON, and to --strict. Nothing is reported where n is
 * 0. */
static void report_loss(struct tracer *t, enum loss_id kind, uint64_t n, struct str of, struct str at)
{
	const struct loss_counter *row = &loss_counters[kind];

	if (!n)
		return;
	message("%.*s", STR_ARG(loss_text(t->runtime.arena, row->text, n, of, at)));
	if (row->of == LOSS_OF_STATEMENTS || row->of == LOSS_OF_EVENTS)
		output_lost(t->runtime.out, n);
	if (row->word)
		output_loss(t->runtime.out, row->word, n, of, at);
	t->loss.total += n;
}

/* Returns the statements of which the programs could not send what they print. */
static uint64_t report_counters(struct tracer *t)
{
	uint64_t unsent = 0;

	for (uint32_t i = 0; i < t->image.counters.n; i++) {
		const struct image_counter *c = &t->image.counters.v[i];
		const struct loss_counter *row = &loss_counters[c->kind];
		uint64_t n = row->severity == SEVERITY_LOSS ? count(t, i) : 0;

		if (n)
			report_loss(t, c->kind, n, counted_of(t, c), place(t, c->span));
		if (row->of == LOSS_OF_STATEMENTS)
			unsent += n;
	}
	return unsent;
}

void loss_watch(struct tracer *t)
{
	uint64_t now = clock_ns(), sums[LOSSES_] = { 0 };
	FILE *out = NULL;

	if (now - t->loss.watched_ns < LOSS_WATCH_MS * 1000000ull)
		return;
	t->loss.watched_ns = now;
	for (uint32_t i = 0; i < t->image.counters.n; i++)
		if (loss_counters[t->image.counters.v[i].kind].word)
			sums[t->image.counters.v[i].kind] += count(t, i);
	for (unsigned kind = 0; kind < LOSSES_; kind++) {
		/* Told again when it has doubled: a loss that goes on must not fill the screen. */
		if (!loss_counters[kind].word || sums[kind] == 0 || sums[kind] < 2 * t->loss.told[kind])
			continue;
		t->loss.told[kind] = sums[kind];
		if (out)
			fputs(", ", out);
		else
			fputs("lost so far: ", out = message_begin());
		fprintf(out, "%" PRIu64 " %s", sums[kind], loss_counters[kind].word);
	}
	if (out)
		fputc('\n', out);
}

/* Returns what the misses that the kernel counts for the probe are. */
static enum loss_id kind_of_misses(const struct probe *p)
{
	if (p->kind != PROGRAM_kretprobe)
		return LOSS_hits_busy;
	return p->methods[p->method] == ATTACH_TRACEFS ? LOSS_hits_slots : LOSS_hits_perf_slots;
}

static void report_missed(struct tracer *t, struct probe *p)
{
	const struct image_attach *at = tracer_attach(t, p);
	struct str where = STR("");
	struct bpf_prog_info info;
	uint64_t missed = 0, recursed = p->off ? 0 : recursion_misses(p, &info);
	bool known = true;

	for (size_t n = 0; n < p->attached.n; n++) {
		missed += p->attached.v[n].missed;
		known = known && p->attached.v[n].missed_known;
	}
	if (missed || recursed)
		where = place(t, at->span);
	/* At least: kernel/kprobes.c adds to its count without a lock. */
	report_loss(t, kind_of_misses(p), missed, at->text, where);
	report_loss(t, LOSS_hits_recursive, recursed, at->text, where);
	if (!p->off && !known && p->kind == PROGRAM_kretprobe)
		message("%.*s may have missed hits: this kernel does not count them for a kretprobe of "
			"%s",
		    STR_ARG(at->text), tracer_method_name(p));
}

/* kernel/trace/bpf_trace.c, trace_call_bpf(): one program at a time on a CPU; counted since 6.7. */
static bool skips_uncounted(const struct tracer *t, const struct probe *p)
{
	return !p->off && t->facts.version < FEATURES_VERSION(6, 7, 0) &&
	       (p->kind == PROGRAM_kprobe || p->kind == PROGRAM_kretprobe || p->kind == PROGRAM_tracepoint);
}

static void tell_uncounted(struct tracer *t)
{
	for (size_t i = 0; i < t->attachment.probes.n && !t->options->quiet; i++) {
		if (!skips_uncounted(t, &t->attachment.probes.v[i]))
			continue;
		message("not counted by this kernel, which is older than 6.7: hits of kprobes and "
			"tracepoints while another program of theirs ran on the same CPU");
		return;
	}
}

#define SLOW_NS 100000000 /* less does not fill a buffer that is sized to the script */

/* Tells why the buffer was full: which of its reader's tasks took long. */
static void explain_full(struct tracer *t)
{
	uint64_t shell = t->runtime.shell_ns, waited = output_waited_ns(t->runtime.out);

	if (shell > SLOW_NS)
		fprintf(stderr,
		    "    nobody read the output buffer for the %" PRIu64 ".%" PRIu64
		    " s that system() and cat() took\n",
		    shell / 1000000000, shell / 100000000 % 10);
	if (waited > SLOW_NS)
		fprintf(stderr,
		    "    nobody read the output buffer for the %" PRIu64 ".%" PRIu64
		    " s that the output was waited for: who reads it is slow\n",
		    waited / 1000000000, waited / 100000000 % 10);
}

void loss_report(struct tracer *t)
{
	uint64_t unsent = report_counters(t);

	if (unsent || t->arriving.lost)
		explain_full(t);

	for (size_t i = 0; i < t->attachment.probes.n; i++)
		report_missed(t, &t->attachment.probes.v[i]);
	tell_uncounted(t);
	attach_tell_switched_off(t);
	/* A perf buffer tells of the same losses again, in its own records. */
	if (unsent == 0)
		report_loss(t, LOSS_perf_full, t->arriving.lost, STR(""), STR(""));
	report_loss(t, LOSS_returns_nested, nested_end(t), STR(""), STR(""));
	report_loss(t, LOSS_cpus, t->attachment.cpus.missed, STR(""), STR(""));
	report_loss(t, LOSS_unwatched, t->attachment.unwatched, STR(""), STR(""));
	report_loss(t, LOSS_not_run, t->runtime.not_run, STR(""), STR(""));
	report_loss(t, LOSS_bad_records, t->runtime.bad_records, STR(""), STR(""));
}

/* Hits while the programs were disabled. */
static uint64_t outside(struct tracer *t, const struct probe *p)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < t->image.counters.n; i++) {
		const struct image_counter *c = &t->image.counters.v[i];

		if (c->kind == LOSS_outside && c->attach == p->attach)
			sum += count(t, i);
	}
	return sum;
}

void loss_stats(struct tracer *t)
{
	struct bpf_prog_info info;

	fprintf(
	    stderr, "%12s %10s %10s %14s %10s  %s\n", "HITS", "OUTSIDE", "MISSED", "NS", "NS/HIT", "PROBE");
	for (size_t i = 0; i < t->attachment.probes.n; i++) {
		struct probe *p = &t->attachment.probes.v[i];
		uint64_t missed;

		if (p->off)
			continue;
		missed = recursion_misses(p, &info);
		for (size_t n = 0; n < p->attached.n; n++)
			missed += p->attached.v[n].missed;
		fprintf(stderr,
		    "%12" PRIu64 " %10" PRIu64 " %10" PRIu64 " %14" PRIu64 " %10" PRIu64 "  %.*s\n",
		    (uint64_t)info.run_cnt, outside(t, p), missed, (uint64_t)info.run_time_ns,
		    (uint64_t)(info.run_cnt ? info.run_time_ns / info.run_cnt : 0),
		    STR_ARG(tracer_attach(t, p)->text));
	}
}
