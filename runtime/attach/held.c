#include "runtime/attach/held.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"
#include "language/registry.h"
#include "runtime/attach/explain.h"

#define KERNEL_PROPER "vmlinux"
/* The kernel defines a function of this name where it defines a tracepoint (DEFINE_TRACE_FN). */
#define TRACEPOINT_FUNCTION "__traceiter_"

struct place {
	struct tracer *tracer;
	struct str module, function; /* as wanted */
	bool found, is_loaded;
	struct str holder; /* another one that has the function */
	VEC(uint64_t) addresses;
	uint64_t size; /* of the largest function of the name */
};

static bool is_code(const struct kernel_symbol *symbol)
{
	return strchr("tTwW", symbol->letter) != NULL;
}

static int look(void *context, const struct kernel_symbol *symbol)
{
	struct place *l = context;
	struct arena *arena = l->tracer->runtime.arena;
	struct str module = symbol->module.n ? symbol->module : STR(KERNEL_PROPER);
	bool is_here = !l->module.n || str_eq(module, l->module);

	l->is_loaded |= is_here;
	if (!is_code(symbol) || !str_eq(symbol->name, l->function))
		return 0;
	if (!is_here) {
		l->holder = str_copy(arena, module.p, module.n);
		return 0;
	}
	l->found = true;
	if (symbol->address)
		vec_push(arena, &l->addresses, symbol->address);
	return 0;
}

struct reach {
	struct place *place;
	uint64_t *ends; /* of each address: where the next symbol begins */
};

static int look_behind(void *context, const struct kernel_symbol *symbol)
{
	struct reach *r = context;

	for (size_t i = 0; i < r->place->addresses.n; i++)
		if (symbol->address > r->place->addresses.v[i] && symbol->address < r->ends[i])
			r->ends[i] = symbol->address;
	return 0;
}

/* Finds how long the function is, as the kernel itself does: to the next symbol. 0: nobody knows. */
static void measure(struct place *l)
{
	struct reach r = { l, arena_many(l->tracer->runtime.arena, uint64_t, l->addresses.n + 1) };

	for (size_t i = 0; i < l->addresses.n; i++)
		r.ends[i] = UINT64_MAX;
	kernel_symbols(l->tracer->runtime.kernel, look_behind, &r);
	for (size_t i = 0; i < l->addresses.n; i++)
		if (r.ends[i] != UINT64_MAX && r.ends[i] - l->addresses.v[i] > l->size)
			l->size = r.ends[i] - l->addresses.v[i];
}

static const char *what_of(const struct image_attach *a)
{
	return a->probe == PROBE_rawtracepoint ? "tracepoint" : "function";
}

static struct str name_wanted(const struct image_attach *a)
{
	return a->probe == PROBE_rawtracepoint ? a->event : a->function;
}

/* Says it as a warning where other probes of the action remain. */
static int say_wrong(
    struct tracer *t, struct probe *p, const struct image_attach *a, struct str text, int err)
{
	if (!attach_has_alternative(t, p)) {
		diag_error(&t->diag, a->span, "%.*s", STR_ARG(text));
		return err;
	}
	diag_warning(&t->diag, a->span, "%.*s; the other probes of its action are attached", STR_ARG(text));
	p->off = true;
	return 0;
}

static int tell_module(struct tracer *t, struct probe *p, const struct image_attach *a, const struct place *l)
{
	struct arena *arena = t->runtime.arena;
	struct str name = name_wanted(a);
	int err;

	err = say_wrong(t, p, a,
	    str_format(arena,
		l->is_loaded ? "%.*s has no %s %.*s"
			     : "there is no module %.*s with a %s %.*s: no such module is loaded",
		STR_ARG(l->module), what_of(a), STR_ARG(name)),
	    -ENOENT);
	if (l->holder.n)
		diag_hint(&t->diag, "%.*s has it%s", STR_ARG(l->holder),
		    str_is(l->holder, KERNEL_PROPER) ? ": the kernel proper" : "");
	else if (!l->is_loaded)
		diag_hint(&t->diag, "modprobe %.*s loads it, where the kernel has one", STR_ARG(l->module));
	return err;
}

static int tell_offset(struct tracer *t, struct probe *p, const struct image_attach *a, uint64_t size)
{
	return say_wrong(t, p, a,
	    str_format(t->runtime.arena,
		"the offset %" PRIu64 " lies beyond the end of %.*s, which has %" PRIu64 " bytes", a->offset,
		STR_ARG(a->function), size),
	    -ERANGE);
}

/* Does the script itself name the module? The compiler fills it in too, for the kernel that it knows. */
static bool names_module(const struct image_attach *a)
{
	struct str rest, module;

	str_split(a->text, ':', &rest);
	module = str_split(rest, ':', &rest);
	return a->module.n && rest.n && str_eq(module, a->module);
}

static int found_event(void *context, struct str name, struct str module)
{
	*(bool *)context = true;
	return 1;
}

/* A raw tracepoint may be written with the category of its tracepoint, too. */
static bool is_category(struct tracer *t, const struct image_attach *a)
{
	bool found = false;

	kernel_tracepoints(t->runtime.kernel,
	    str_format(t->runtime.arena, "%.*s:%.*s", STR_ARG(a->module), STR_ARG(a->event)), found_event,
	    &found);
	return found;
}

static int check_one(struct tracer *t, struct probe *p, const struct image_attach *a)
{
	bool raw = a->probe == PROBE_rawtracepoint;
	struct place l = { .tracer = t, .module = names_module(a) ? a->module : STR("") };

	l.function =
	    raw ? str_format(t->runtime.arena, TRACEPOINT_FUNCTION "%.*s", STR_ARG(a->event)) : a->function;
	if ((!l.module.n && !a->offset) || kernel_symbols(t->runtime.kernel, look, &l) < 0)
		return 0;
	/* Of what is nowhere the attaching tells, with names that are near. */
	if (!l.found && !l.holder.n && str_is(l.module, KERNEL_PROPER))
		return 0;
	if (l.module.n && !l.found)
		return raw && is_category(t, a) ? 0 : tell_module(t, p, a, &l);
	if (a->offset)
		measure(&l);
	return l.size && a->offset >= l.size ? tell_offset(t, p, a, l.size) : 0;
}

static bool is_of_kernel(const struct image_attach *a)
{
	return !a->glob &&
	       (a->probe == PROBE_kprobe || a->probe == PROBE_kretprobe || a->probe == PROBE_fentry ||
		   a->probe == PROBE_fexit || a->probe == PROBE_rawtracepoint);
}

int held_check(struct tracer *t, struct probe *p)
{
	int err = 0;

	for (uint32_t i = 0; i < p->n_attach && !err && !p->off; i++)
		if (is_of_kernel(&t->image.attaches.v[p->attach + i]))
			err = check_one(t, p, &t->image.attaches.v[p->attach + i]);
	return err;
}
