/*
 * Attach points taken apart, second part: programs and libraries, perf events, raw tracepoints, iterators.
 */
#include "analysis/compilation.h"

#include <string.h>

#define PROBE(name, aliases, pattern, gives, split, ...) \
	bool split(struct compilation *c, const struct attach_syntax *syntax, struct attach *a);
#include "language/probes.def"
#undef PROBE

/* "path:rest" where the rest may have colons of its own: std::vector. */
static bool take_binary(struct attach *a, struct str text, struct str *rest)
{
	a->binary = str_split(text, ':', rest);
	return a->binary.n && rest->n;
}

static bool take_offset(struct attach *a)
{
	struct str offset;
	ptrdiff_t plus = str_find(a->function, '+');

	if (plus < 0 || str_find(a->function, '(') >= 0)
		return true;
	a->function = str_split(a->function, '+', &offset);
	return attach_number(offset, &a->offset);
}

bool split_uprobe(struct compilation *c, const struct attach_syntax *syntax, struct attach *a)
{
	struct str language, rest;

	if (!take_binary(a, syntax->rest, &rest))
		return attach_malformed(c, syntax, a);
	language = str_split(rest, ':', &a->function);
	if (!str_is(language, "cpp"))
		a->function = rest;
	else
		a->module = language;
	if (attach_number(a->function, &a->address) && a->probe == PROBE_uprobe) {
		a->function = STR("");
		a->glob = a->is_open || str_has_glob(a->binary);
		return true;
	}
	a->address = 0;
	if (a->probe == PROBE_uprobe && !take_offset(a))
		return attach_malformed(c, syntax, a);
	/* A C++ name stands for every function that is called so, whatever its parameters. */
	a->glob = a->is_open || str_has_glob(a->binary) || str_has_glob(a->function) || a->module.n;
	return a->function.n || attach_malformed(c, syntax, a);
}

bool split_usdt(struct compilation *c, const struct attach_syntax *syntax, struct attach *a)
{
	struct str rest = { 0 }, name;

	a->binary = str_split(syntax->rest, ':', &rest);
	/* With -p the binary may be left out: "usdt:provider:name" or "usdt::name". */
	if (!rest.n)
		return attach_malformed(c, syntax, a);
	name = str_split(rest, ':', &a->event);
	if (a->event.n)
		a->category = name;
	else
		a->event = name;
	if (!a->event.n || str_find(a->event, ':') >= 0)
		return attach_malformed(c, syntax, a);
	a->function = a->event;
	/* One name can stand at many places of a program. */
	a->glob = true;
	return true;
}

bool split_raw(struct compilation *c, const struct attach_syntax *syntax, struct attach *a)
{
	struct str module, event;

	/* "event", or "module:event" of the newest language. */
	module = str_split(syntax->rest, ':', &event);
	a->event = event.n ? event : module;
	if (event.n)
		a->module = module;
	if (!a->event.n || str_find(a->event, ':') >= 0)
		return attach_malformed(c, syntax, a);
	if (!str_has_glob(a->event))
		return true;
	problem_error(c, syntax->rest_span, "a raw tracepoint is named without a pattern");
	problem_hint(c,
	    "btrun -l 'rawtracepoint:%.*s' lists those that match; tracepoint probes take patterns",
	    STR_ARG(a->event));
	return false;
}

static const struct {
	enum probe_id probe;
	const char *names;
} events[] = {
#define EVENT(probe, names, ...) { PROBE_##probe, names },
#include "language/events.def"
#undef EVENT
};

static bool known_event(struct compilation *c, const struct attach_syntax *syntax, const struct attach *a)
{
	struct str_near near = { .wanted = a->event };

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		struct str list = str_of(events[i].names);

		while (events[i].probe == a->probe && list.n) {
			struct str name = str_split(list, ' ', &list);

			if (str_eq(name, a->event))
				return true;
			str_near_offer(&near, c->arena, name);
		}
	}
	problem_error(
	    c, syntax->rest_span, "there is no %s event %.*s", probe_row(a->probe)->name, STR_ARG(a->event));
	problem_hint_near(c, &near, "btrun -l 'software:*' and 'hardware:*' list them");
	return false;
}

bool split_event(struct compilation *c, const struct attach_syntax *syntax, struct attach *a)
{
	struct str count;

	a->event = str_split(syntax->rest, ':', &count);
	if (!a->event.n || (count.n && (!attach_count(c, syntax, a, count, &a->count) || !a->count)))
		return attach_malformed(c, syntax, a);
	return known_event(c, syntax, a);
}

/* r, w, x, each once; what processors can watch is more narrow, and the kernel says so. */
static bool good_mode(struct str mode)
{
	unsigned seen = 0;

	for (size_t i = 0; i < mode.n; i++) {
		const char *at = strchr("rwx", mode.p[i]);

		if (!at || seen & 1u << (at - "rwx"))
			return false;
		seen |= 1u << (at - "rwx");
	}
	return mode.n > 0;
}

/* "function+arg1" */
static bool take_argument(struct compilation *c, struct attach *a, struct str place)
{
	struct str argument, function = str_split(place, '+', &argument);
	int number = builtin_argument(c, argument);

	if (!function.n || number < 0)
		return false;
	a->function = function;
	a->watch.argument = (uint32_t)number;
	return true;
}

bool split_watchpoint(struct compilation *c, const struct attach_syntax *syntax, struct attach *a)
{
	struct str place, rest, length;
	uint64_t n = 0;

	place = str_split(syntax->rest, ':', &rest);
	length = str_split(rest, ':', &a->watch.mode);
	if (!attach_number(length, &n) || !good_mode(a->watch.mode))
		return attach_malformed(c, syntax, a);
	a->watch.length = (uint32_t)n;
	if (n != 1 && n != 2 && n != 4 && n != 8) {
		problem_error(c, syntax->rest_span, "a watchpoint watches 1, 2, 4 or 8 bytes");
		problem_hint(c, "as in watchpoint:0x10000000:8:rw");
		return false;
	}
	if (attach_number(place, &a->address) || take_argument(c, a, place))
		return true;
	problem_error(
	    c, syntax->rest_span, "%.*s is no address, and no argument of a function", STR_ARG(place));
	problem_hint(c, "as in watchpoint:0x10000000:8:rw or, with -p or -c, watchpoint:function+arg1:8:rw");
	return false;
}

#define ITER "bpf_iter__"

bool split_iter(struct compilation *c, const struct attach_syntax *syntax, struct attach *a)
{
	struct near_found n = { .arena = c->arena, .prefix = STR(ITER) };

	a->event = str_split(syntax->rest, ':', &a->binary);
	if (!a->event.n)
		return attach_malformed(c, syntax, a);
	if (attach_iterator(c, a))
		return true;
	n.near.wanted = a->event;
	if (c->program->btf)
		btf_each_name(c->program->btf, BTF_SHAPE_STRUCT, near_offer_found, &n);
	problem_missing(c, syntax->rest_span, "the kernel has no iterator %.*s", STR_ARG(a->event));
	problem_hint_near(c, &n.near, "iterators are task, task_file, task_vma ...: btrun -l 'iter:*'");
	return false;
}
