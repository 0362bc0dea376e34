/*
 * Attach points taken apart: the split_ functions of language/probes.def.
 */
#include "analysis/compilation.h"

#include <errno.h>

#define PROBE(name, aliases, pattern, gives, split, ...) \
	bool split(struct compilation *c, const struct attach_syntax *syntax, struct attach *a);
#include "language/probes.def"
#undef PROBE

bool attach_malformed(struct compilation *c, const struct attach_syntax *syntax, const struct attach *a)
{
	const struct probe_row *row = probe_row(a->probe);

	problem_error(c, syntax->rest_span.end > syntax->rest_span.begin ? syntax->rest_span : syntax->span,
	    "this is not how %s probes are written", row->name);
	if (*row->pattern)
		problem_hint(c, "write it as %s:%s", row->name, row->pattern);
	else
		problem_hint(c, "%.*s stands alone", STR_ARG(syntax->provider));
	return false;
}

bool split_none(struct compilation *c, const struct attach_syntax *syntax, struct attach *a)
{
	if (syntax->rest.n)
		return attach_malformed(c, syntax, a);
	a->text = syntax->provider;
	return true;
}

bool attach_is_typed(const struct attach *a)
{
	return (probe_row(a->probe)->gives & WITH_ARGS) && a->probe != PROBE_iter;
}

struct module_search {
	struct compilation *c;
	bool found;
	struct str module;
};

static int found_module(void *context, struct str name, struct str module)
{
	struct module_search *s = context;

	s->found = true;
	s->module = str_copy(s->c->arena, module.p, module.n);
	return 1;
}

/* A typed probe may leave out the module of its function. */
static void find_module(struct compilation *c, struct attach *a)
{
	struct module_search s = { .c = c };
	struct btf_func_info info;

	if (!attach_is_typed(a) || a->module.n ||
	    btf_find_func(c->program->btf, a->function, &info, &a->proto) == 0)
		return;
	kernel_functions(c->options->kernel, STR(""), a->function, found_module, &s);
	a->module = s.module;
}

/* The types of a module are read with the first probe that names it. Of a second module there are none: their
 * ids would be the same. */
static bool has_types(struct compilation *c, const struct attach *a)
{
	if (!a->module.n || str_is(a->module, "vmlinux") || str_eq(a->module, c->program->btf_module))
		return true;
	if (c->program->btf_module.n || str_find(a->module, '*') >= 0 ||
	    kernel_btf_add(c->options->kernel, a->module, &c->program->btf))
		return false;
	c->program->btf_module = a->module;
	types_use_btf(c->types, c->program->btf);
	return true;
}

struct alias_search {
	struct compilation *c;
	struct str name;
	uint64_t address;
	struct str alias; /* a name of the same place that BTF knows; empty: none yet */
};

static int found_address(void *context, const struct kernel_symbol *symbol)
{
	struct alias_search *s = context;

	s->address = str_eq(symbol->name, s->name) && !symbol->module.n ? symbol->address : 0;
	return s->address != 0;
}

static int found_alias(void *context, const struct kernel_symbol *symbol)
{
	struct alias_search *s = context;
	struct btf_func_info info;
	uint32_t proto;

	if (symbol->address != s->address || symbol->module.n ||
	    btf_find_func(s->c->program->btf, symbol->name, &info, &proto))
		return 0;
	s->alias = str_copy(s->c->arena, symbol->name.p, symbol->name.n);
	return 1;
}

/* BTF and ftrace give a function that has several names one of them, which need not be the one in use:
 * __x64_sys_getpid is only __do_sys_getpid there (6.1 to 6.12; all system calls without arguments). */
static bool use_alias(struct compilation *c, struct attach *a)
{
	struct alias_search s = { .c = c, .name = a->function };

	if (!attach_is_typed(a) || kernel_symbols(c->options->kernel, found_address, &s) || !s.address)
		return false;
	kernel_symbols(c->options->kernel, found_alias, &s);
	if (s.alias.n)
		a->function = s.alias;
	return s.alias.n > 0;
}

static void function_facts(struct compilation *c, struct attach *a)
{
	struct btf_func_info info;

	if (!c->program->btf || a->glob)
		return;
	find_module(c, a);
	if (!has_types(c, a))
		return;
	if (btf_find_func(c->program->btf, a->function, &info, &a->proto) &&
	    (!use_alias(c, a) || btf_find_func(c->program->btf, a->function, &info, &a->proto)))
		return;
	a->in_btf = true;
	a->btf_id = info.id;
	a->n_params = info.n_params;
	a->variadic = info.variadic;
	a->refusal = info.refusal;
	a->ambiguous = info.ambiguous;
	a->ret_type = info.ret;
}

/* BTF lacks clones (f.isra.0, f.part.0), which are functions all the same. */
static bool is_traced_without_type(struct compilation *c, struct str function)
{
	struct module_search s = { .c = c };

	kernel_functions(c->options->kernel, STR(""), function, found_module, &s);
	return s.found;
}

/* fentry and fexit need the function's prototype. */
static bool typed_function_exists(
    struct compilation *c, const struct attach_syntax *syntax, const struct attach *a)
{
	const char *name = probe_row(a->probe)->name;
	struct near_found n = { c->arena, { .wanted = a->function }, STR("") };

	if (!c->program->btf) {
		problem_error(c, syntax->span, "%s needs the kernel's BTF, and this kernel has none", name);
		problem_hint(c, "a kernel with CONFIG_DEBUG_INFO_BTF=y has /sys/kernel/btf/vmlinux; "
				"kprobe and kretprobe work without");
		return false;
	}
	if (a->in_btf && a->refusal) {
		problem_error(c, syntax->rest_span, "%s can't trace %.*s, which %s", name,
		    STR_ARG(a->function), a->refusal);
		problem_hint(c, "kprobe and kretprobe ask for no type");
		return false;
	}
	if (a->in_btf || a->glob)
		return true;
	problem_missing(c, syntax->rest_span, "the kernel's BTF has no function %.*s", STR_ARG(a->function));
	if (is_traced_without_type(c, a->function)) {
		problem_hint(c,
		    "the kernel has it without its type: kprobe:%.*s and kretprobe:%.*s can trace it",
		    STR_ARG(a->function), STR_ARG(a->function));
		return false;
	}
	btf_each_func(c->program->btf, near_offer_found, &n);
	problem_hint_near(c, &n.near,
	    "btrun -l 'fentry:*' lists those of the kernel proper; with kprobe others can be traced too");
	return false;
}

/* 1e6: zeros are added. */
static bool take_exponent(struct str *text, unsigned *zeros)
{
	struct str exponent, digits = str_split(*text, 'e', &exponent);

	*zeros = 0;
	if (str_find(*text, 'e') < 0)
		return true;
	*text = digits;
	for (size_t i = 0; i < exponent.n; i++) {
		if (exponent.p[i] < '0' || exponent.p[i] > '9')
			return false;
		*zeros = *zeros * 10 + (unsigned)(exponent.p[i] - '0');
	}
	return exponent.n > 0 && exponent.n < 3 && *zeros < 20;
}

bool attach_number(struct str text, uint64_t *offset)
{
	unsigned base = str_starts(text, "0x") ? 16 : 10, zeros = 0;

	if (base == 16)
		text = str_slice(text, 2, text.n);
	else if (!take_exponent(&text, &zeros))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char ch = text.p[i] | 0x20;
		unsigned digit = ch >= '0' && ch <= '9'   ? (unsigned)(ch - '0')
				 : ch >= 'a' && ch <= 'f' ? (unsigned)(ch - 'a') + 10
							  : 99;

		if (digit >= base)
			return false;
		if (__builtin_mul_overflow(*offset, base, offset) ||
		    __builtin_add_overflow(*offset, digit, offset))
			return false;
	}
	for (unsigned i = 0; i < zeros; i++)
		if (__builtin_mul_overflow(*offset, 10, offset))
			return false;
	return text.n > 0;
}

bool split_function(struct compilation *c, const struct attach_syntax *syntax, struct attach *a)
{
	struct str rest = syntax->rest, offset, first = str_split(rest, ':', &a->function);

	if (str_find(rest, ':') < 0)
		a->function = first;
	else
		a->module = first;
	if (str_find(a->function, '+') >= 0) {
		a->function = str_split(a->function, '+', &offset);
		if (!(probe_row(a->probe)->gives & WITH_REGS) || !attach_number(offset, &a->offset))
			return attach_malformed(c, syntax, a);
	}
	if (!a->function.n || str_find(a->function, ':') >= 0)
		return attach_malformed(c, syntax, a);
	a->glob = a->is_open || str_has_glob(a->function) || str_has_glob(a->module);
	if (a->glob && a->offset)
		return attach_malformed(c, syntax, a);
	function_facts(c, a);
	return !attach_is_typed(a) || typed_function_exists(c, syntax, a);
}

bool split_tracepoint(struct compilation *c, const struct attach_syntax *syntax, struct attach *a)
{
	a->category = str_split(syntax->rest, ':', &a->event);
	if (!a->category.n || !a->event.n || str_find(a->event, ':') >= 0)
		return attach_malformed(c, syntax, a);
	a->glob = str_has_glob(syntax->rest);
	return a->glob || tracepoint_exists(c, syntax, a);
}

static const struct {
	const char *unit;
	uint64_t ns;
} units[] = {
	{ "s", 1000000000 },
	{ "ms", 1000000 },
	{ "us", 1000 },
	{ "ns", 1 },
};

static bool unit_ns(struct str unit, uint64_t count, uint64_t *ns)
{
	if (str_is(unit, "hz")) {
		*ns = count ? 1000000000 / count : 0;
		return true;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!str_is(unit, units[i].unit))
			continue;
		return !__builtin_mul_overflow(count, units[i].ns, ns);
	}
	return false;
}

#define SHORT_PERIOD_NS 1000000

static void warn_of_short_period(
    struct compilation *c, const struct attach_syntax *syntax, const struct attach *a)
{
	if (a->period_ns >= SHORT_PERIOD_NS)
		return;
	problem_warning(c, syntax->rest_span,
	    "the kernel leaves out ticks that it is late for, uncounted, as is usual below a millisecond");
	problem_hint(c, "take times with nsecs instead of counting ticks");
}

/* "s:1", or "1s" of the newest language. */
bool split_interval(struct compilation *c, const struct attach_syntax *syntax, struct attach *a)
{
	struct str count, unit = str_split(syntax->rest, ':', &count);
	uint64_t n = 0;
	size_t digits = 0;

	if (str_find(syntax->rest, ':') < 0) {
		while (digits < unit.n && unit.p[digits] >= '0' && unit.p[digits] <= '9')
			digits++;
		count = str_slice(unit, 0, digits);
		unit = str_slice(unit, digits, unit.n);
	}
	a->is_rate = str_is(unit, "hz");
	if (count.n > 18 || !attach_count(c, syntax, a, count, &n) || !unit_ns(unit, n, &a->period_ns)) {
		attach_malformed(c, syntax, a);
		problem_hint(c, "units are s, ms, us and hz, as in interval:s:1 or interval:1s");
		return false;
	}
	if (a->period_ns) {
		warn_of_short_period(c, syntax, a);
		return true;
	}
	problem_error(c, syntax->rest_span, "an interval of 0 is none");
	problem_hint(c, "the shortest sensible interval is some microseconds: interval:us:100");
	return false;
}

static void add(struct compilation *c, struct attach_list *list, const struct attach *attach)
{
	struct attach *copy = arena_copy(c->arena, attach, sizeof(*attach));

	vec_push(c->arena, &list->v, copy);
}

struct expansion {
	struct compilation *c;
	struct attach_list *list;
	const struct attach *pattern;
	size_t refused; /* functions that match, and trampolines do not take */
	const struct attach *one;
};

static int expand_to_function(void *context, struct str name, struct str module)
{
	struct expansion *e = context;
	struct attach attach = *e->pattern;

	if (!str_glob(attach.function, name))
		return 0;
	attach.glob = false;
	attach.function = name;
	attach.text = str_format(e->c->arena, "%s:%.*s", probe_row(attach.probe)->name, STR_ARG(name));
	function_facts(e->c, &attach);
	if (attach.in_btf && attach.ambiguous)
		attach.refusal = "is several functions of different types";
	if (attach.in_btf && !attach.refusal)
		add(e->c, e->list, &attach);
	else if (attach.in_btf && !e->refused++)
		e->one = arena_copy(e->c->arena, &attach, sizeof(attach));
	return 0;
}

static int found_in_program(void *context, struct str name, struct str module)
{
	struct expansion *e = context;
	struct attach attach = *e->pattern;

	attach.glob = false;
	attach.function = name;
	attach.text = str_format(e->c->arena, "%s:%.*s:%.*s", probe_row(attach.probe)->name,
	    STR_ARG(attach.binary), STR_ARG(name));
	add(e->c, e->list, &attach);
	return 0;
}

static int found_tracepoint(void *context, struct str name, struct str module)
{
	struct expansion *e = context;
	struct attach attach = *e->pattern;

	attach.glob = false;
	name = str_copy(e->c->arena, name.p, name.n);
	attach.category = str_split(name, ':', &attach.event);
	attach.text = str_format(e->c->arena, "%s:%.*s", probe_row(attach.probe)->name, STR_ARG(name));
	add(e->c, e->list, &attach);
	return 0;
}

/* Of a kernel that does not run. -ENODATA: there is an error already. */
static int expand_by_btf(struct compilation *c, const struct attach_syntax *syntax,
    const struct attach *pattern, struct expansion *e)
{
	char first = pattern->event.p[0];

	if (str_has_glob(pattern->category) || first == '*' || first == '?' || first == '[') {
		problem_missing(c, syntax->span,
		    "%.*s and args: which tracepoints match can't be seen in BTF, which does not name their "
		    "categories",
		    STR_ARG(pattern->text));
		problem_hint(
		    c, "write out the category and how the names begin, as in tracepoint:sched:sched_*");
		return -ENODATA;
	}
	tracepoints_of_btf(c->arena, c->program->btf, pattern->category, pattern->event, found_tracepoint, e);
	return 0;
}

/* Typed probes differ in what args is: each match is a unit of its own. */
static void expand(struct compilation *c, const struct attach_syntax *syntax, const struct attach *pattern,
    struct attach_list *list)
{
	struct expansion e = { .c = c, .list = list, .pattern = pattern };
	size_t before = list->v.n;
	int err = 0;

	if (pattern->binary.n)
		err = parameters_each_function(c, pattern, found_in_program, &e);
	else if (pattern->function.n)
		btf_each_func(c->program->btf, expand_to_function, &e);
	else
		err = kernel_tracepoints(c->options->kernel,
		    str_format(c->arena, "%.*s:%.*s", STR_ARG(pattern->category), STR_ARG(pattern->event)),
		    found_tracepoint, &e);
	if (err == -ENODATA)
		err = expand_by_btf(c, syntax, pattern, &e);
	if (e.refused && list->v.n > before) {
		problem_warning(c, syntax->span, "%zu functions that match %.*s can't be traced by it",
		    e.refused, STR_ARG(pattern->text));
		problem_hint(c, "one is %.*s, which %s; kprobe and kretprobe ask for no type",
		    STR_ARG(e.one->function), e.one->refusal);
	}
	if (err == -ENODATA || list->v.n > before)
		return;
	c->incomplete = !c->conditional;
	if (!pattern->binary.n && (err == -EACCES || err == -EPERM || err == -ENOENT)) {
		problem_error(c, syntax->span, "the kernel's list of tracepoints can't be read");
		problem_hint(c, "as root: mount -t tracefs tracefs /sys/kernel/tracing");
		return;
	}
	problem_missing(c, syntax->span, "nothing matches %.*s", STR_ARG(pattern->text));
	problem_hint(c, "btrun -l '%.*s' lists what a pattern matches", STR_ARG(pattern->text));
}

static void unknown_provider(struct compilation *c, const struct attach_syntax *syntax)
{
	struct str_near near = { .wanted = syntax->provider };
	struct str names = probe_names(c, 0);
	struct span name = { syntax->span.begin, syntax->span.begin + (uint32_t)syntax->provider.n };
	struct str otherwise = str_format(c->arena, "this version has: %.*s", STR_ARG(names));

	probe_near(c, &near);
	problem_error(c, name, "unknown probe type %.*s", STR_ARG(syntax->provider));
	problem_hint_near(c, &near, otherwise.p);
}

static struct str plain_dollars(struct str text, struct arena *arena)
{
	char *copy = (char *)str_copy(arena, text.p, text.n).p;

	for (size_t i = 0; i < text.n; i++)
		if (copy[i] == AST_LITERAL_DOLLAR)
			copy[i] = '$';
	return (struct str){ copy, text.n };
}

/* "uprobe:$1:f": the parameters of the command line, in an attach point too. Those that an image gets later
 * stay as they are written: *open is the first of them, or 0. */
static struct str with_params(struct compilation *c, struct str text, unsigned *open)
{
	struct str out = STR(""), before, after;
	unsigned number;

	*open = 0;
	while (commandline_find(text, &before, &number, &after)) {
		struct str value = commandline_text(c, number);

		if (commandline_is_open(c, number)) {
			value = str_format(c->arena, "$%u", number);
			*open = *open ? *open : number;
		}
		out = str_format(c->arena, "%.*s%.*s%.*s", STR_ARG(out), STR_ARG(before), STR_ARG(value));
		text = after;
	}
	return plain_dollars(str_format(c->arena, "%.*s%.*s", STR_ARG(out), STR_ARG(text)), c->arena);
}

static bool may_stay_open(
    struct compilation *c, const struct attach_syntax *written, const struct probe_row *row, unsigned number)
{
	if (row->gives & (WITH_OPEN_NAMES | WITH_OPEN_COUNT))
		return true;
	problem_error(c, written->rest_span,
	    "what this attaches to is $%u, which an image gets only when it runs", number);
	problem_hint(c, "give it when the image is made, behind the script: there it stays the same");
	return false;
}

bool attach_count(struct compilation *c, const struct attach_syntax *syntax, struct attach *a,
    struct str text, uint64_t *count)
{
	struct str before, after;
	unsigned number;

	if (!a->is_open || !commandline_find(text, &before, &number, &after) || before.n || after.n)
		return attach_number(text, count);
	a->parameter = commandline_open(c, PARAMETER_NUMBER, number, syntax->span);
	*count = 1;
	return true;
}

/* A pattern of functions in one program, of which the action wants the parameters. */
static bool has_parameters(const struct compilation *c, const struct attach *a)
{
	return c->names_args && (probe_row(a->probe)->gives & WITH_DWARF) && a->function.n && !a->module.n &&
	       !str_has_glob(a->binary);
}

/* A pattern of which the matches differ in more than their names. Tracepoints can do so only in args. */
static bool needs_expansion(const struct compilation *c, const struct attach *a)
{
	return attach_is_typed(a) && !(a->category.n && c->options->portable && !c->names_args);
}

void attach_expand(struct compilation *c, const struct attach_syntax *written, struct attach_list *list)
{
	struct attach attach = { .span = written->span, .parameter = NO_PARAMETER };
	const struct probe_row *row = probe_find(written->provider, &attach.probe);
	struct attach_syntax copy = *written, *syntax = &copy;
	unsigned number;

	copy.rest = with_params(c, written->rest, &number);
	if (!row) {
		unknown_provider(c, written);
		c->incomplete = true;
		return;
	}
	attach.is_open = number != 0;
	if (number && !may_stay_open(c, written, row, number)) {
		c->incomplete = true;
		return;
	}
	attach.text =
	    str_format(c->arena, "%s%s%.*s", row->name, syntax->rest.n ? ":" : "", STR_ARG(syntax->rest));
	if (!row->split(c, syntax, &attach)) {
		/* After an error the action is still typed, for its other mistakes. */
		if (!c->trial && !c->others && !c->conditional)
			add(c, list, &attach);
		return;
	}
	portable_attach(c, syntax, &attach);
	if (attach.is_open && (row->gives & WITH_OPEN_NAMES))
		commandline_open_names(c, syntax->rest, syntax->span);
	if (attach.glob && !attach.is_open && (needs_expansion(c, &attach) || has_parameters(c, &attach)))
		expand(c, syntax, &attach, list);
	else
		add(c, list, &attach);
}
