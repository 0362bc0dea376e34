/* Attaching to functions and static probes of programs and libraries. */
#include "runtime/attach/attach.h"
#include "runtime/tracer/uapi.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/message.h"
#include "base/shortage.h"
#include "kernel/binary.h"
#include "runtime/attach/copies.h"
#include "runtime/attach/place.h"
#include "runtime/symbols/demangle.h"

/* Of one attach point. One by one each takes two descriptors, and a tenth of a second to be detached. */
#define PLACES_MAX (64 << 10)
#define SINGLE_PLACES_MAX 4096

struct match {
	struct binary_symbol symbol;
	size_t number; /* in the order of the tables */
};

/* One attach point while its places are looked for. */
struct search {
	struct tracer *tracer;
	struct probe *probe;
	const struct image_attach *attach;
	struct str binary_name;
	uint32_t index; /* of the attach point */
	uint32_t n;     /* places found */
	const char *path;
	struct binary *binary;
	const char *function; /* that an address lies in */
	struct str_near near;
	VEC(struct match) matches; /* in this binary; aliases of one function among them */
	int refused;               /* the last error of attaching */
	bool imported;             /* the binary calls a function of this name, and a library has it */
	/* of this binary, to be attached at once */
	uint32_t first; /* target; the others follow it */
	VEC(uint64_t) offsets, semaphores, cookies;
};

static bool at_once(const struct search *s)
{
	return s->probe->methods[s->probe->method] == ATTACH_UPROBE_MULTI;
}

/* Whose hits are wanted; 0: everybody's. */
static pid_t process(const struct search *s)
{
	const struct tracer *t = s->tracer;

	return !s->attach->binary.n && t->command_pid ? t->command_pid : t->options->pid;
}

static int attach_gathered(struct search *s)
{
	struct uapi_uprobe_multi link = {
		.prog_fd = (uint32_t)bpf_program__fd(s->probe->program),
		.attach_type = UAPI_TRACE_UPROBE_MULTI,
		.path = (uintptr_t)s->path,
		.offsets = (uintptr_t)s->offsets.v,
		.ref_ctr_offsets = (uintptr_t)s->semaphores.v,
		.cookies = (uintptr_t)s->cookies.v,
		.cnt = (uint32_t)s->offsets.n,
		.multi_flags = s->attach->probe == PROBE_uretprobe ? UAPI_UPROBE_MULTI_RETURN : 0,
		.pid = (uint32_t)process(s),
	};
	int fd;

	if (s->offsets.n == 0)
		return 0;
	s->offsets.n = s->semaphores.n = s->cookies.n = 0;
	fd = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &link, sizeof(link));
	if (fd >= 0)
		return place_keep_fd(s->tracer, s->probe, fd, s->first);
	s->refused = -errno;
	return tracer_refuse(s->tracer, s->probe, s->refused, "uprobe.multi: %s", strerror(-s->refused));
}

static int attach_alone(struct search *s, uint64_t offset, uint64_t semaphore, uint32_t target)
{
	struct tracer *t = s->tracer;
	pid_t pid = process(s);
	LIBBPF_OPTS(bpf_uprobe_opts, options, .bpf_cookie = t->runtime.targets.v[target].id,
	    .ref_ctr_offset = semaphore, .retprobe = s->attach->probe == PROBE_uretprobe);
	/* 0 would be ourselves for libbpf. */
	struct bpf_link *link =
	    bpf_program__attach_uprobe_opts(s->probe->program, pid ? pid : -1, s->path, offset, &options);

	if (!link) {
		s->refused = -errno;
		if (is_shortage(s->refused))
			return tracer_refuse(
			    t, s->probe, s->refused, "the kernel refuses it: %s", strerror(-s->refused));
		s->probe->skipped++;
		s->n--;
		t->runtime.targets.n--;
		return 0;
	}
	return place_keep_link(t, s->probe, link, target, STR(""));
}

/* Where it is attached, as probe tells it, and the function, as func does. */
static int attach_at(
    struct search *s, uint64_t offset, uint64_t semaphore, const char *place, const char *function)
{
	struct tracer *t = s->tracer;
	struct arena *arena = t->runtime.arena;
	struct str path = str_copy(arena, s->path, strlen(s->path)), rest;
	struct str kind = str_split(s->attach->text, ':', &rest);
	struct str probe = str_format(arena, "%.*s:%.*s:%s", STR_ARG(kind), STR_ARG(path), place);
	struct str func = str_copy(arena, function, strlen(function));
	uint32_t target = place_add_target(t, s->index, s->n, probe, func), most;

	most = at_once(s) ? PLACES_MAX : SINGLE_PLACES_MAX;
	if (s->n++ == most)
		return tracer_refuse(t, s->probe, -E2BIG, "more than %u places", most);
	if (!at_once(s))
		return attach_alone(s, offset, semaphore, target);
	if (s->offsets.n == 0)
		s->first = target;
	vec_push(arena, &s->offsets, offset);
	vec_push(arena, &s->semaphores, semaphore);
	vec_push(arena, &s->cookies, t->runtime.targets.v[target].id);
	return 0;
}

/* Inside an instruction a probe would break the program. */
static int check_place(struct search *s, uint64_t function, const char *name, uint64_t offset)
{
	const struct arch_code *code = arch_code(binary_machine(s->binary));
	int is = s->tracer->options->unsafe || !offset
		     ? 1
		     : binary_is_instruction(s->binary, code, function, offset);
	const char *why =
	    is == 0 ? "no instruction begins there"
	    : is == -EOPNOTSUPP
		? "it takes libcapstone4 to see whether an instruction begins there: apt install "
		  "libcapstone4"
		: "not all of the code before it is understood";

	return is == 1 ? 0
		       : tracer_refuse(s->tracer, s->probe, -EILSEQ, "%s+%llu: %s", name,
			     (unsigned long long)offset, why);
}

/* The kernel puts its own address where the function's return address is; Go's runtime reads it when it moves
 * or looks through the stack, and ends the program. */
static int check_returns(struct search *s)
{
	if (s->attach->probe != PROBE_uretprobe || s->tracer->options->unsafe || !binary_is_go(s->binary))
		return 0;
	return tracer_refuse(s->tracer, s->probe, -ENOTRECOVERABLE,
	    "%s is a program of Go, whose runtime ends it when it finds a return probe on its stack",
	    s->path);
}

static int attach_symbol(struct search *s, const struct binary_symbol *symbol)
{
	int err;

	int64_t offset = binary_offset(s->binary, symbol->address);

	if (offset < 0)
		return 0;
	if (s->attach->offset >= (symbol->size ? symbol->size : 1) && s->attach->offset)
		return tracer_refuse(s->tracer, s->probe, -EINVAL, "%s has only %llu bytes", symbol->name,
		    (unsigned long long)symbol->size);
	err = check_returns(s);
	if (!err)
		err = check_place(s, symbol->address, symbol->name, s->attach->offset);
	return err ? err : attach_at(s, (uint64_t)offset + s->attach->offset, 0, symbol->name, symbol->name);
}

/* The function that an address lies in is found. */
static int consider_address(void *context, const struct binary_symbol *symbol)
{
	struct search *s = context;
	uint64_t address = s->attach->address;

	if (address < symbol->address || address - symbol->address >= (symbol->size ? symbol->size : 1))
		return 0;
	s->function = symbol->name;
	return check_place(s, symbol->address, symbol->name, address - symbol->address) ? -EILSEQ : 1;
}

static int attach_address(struct search *s)
{
	int64_t offset = binary_offset(s->binary, s->attach->address);
	char address[32];
	int found;

	snprintf(address, sizeof(address), "0x%llx", (unsigned long long)s->attach->address);
	if (offset < 0)
		return tracer_refuse(s->tracer, s->probe, -ENOENT, "there is no code at %s", address);
	s->function = address;
	found = binary_each_function(s->binary, consider_address, s);
	if (found < 0)
		return found;
	if (!found && !s->tracer->options->unsafe)
		return tracer_refuse(s->tracer, s->probe, -EILSEQ,
		    "%s lies in no function that the file names, so whether an instruction begins there is "
		    "not "
		    "known",
		    address);
	return attach_at(s, (uint64_t)offset, 0, address, s->function);
}

/* A C++ function by its name alone, "ns::f", or with its parameters, "ns::f(int)". */
static bool matches_cpp(struct str pattern, const char *name)
{
	struct str plain = demangle(name), without;

	if (!plain.n)
		return false;
	if (str_find(pattern, '(') >= 0)
		return str_glob(pattern, plain);
	str_split(plain, '(', &without);
	return str_glob(pattern, str_slice(plain, 0, plain.n - without.n - (without.n > 0)));
}

static int consider(void *context, const struct binary_symbol *symbol)
{
	struct search *s = context;
	struct str name = str_of(symbol->name);
	bool fits;

	if (s->attach->module.n)
		fits = matches_cpp(s->attach->function, symbol->name);
	else
		fits =
		    s->attach->glob ? str_glob(s->attach->function, name) : str_eq(s->attach->function, name);
	if (!fits) {
		str_near_offer(&s->near, s->tracer->runtime.arena, name);
		return 0;
	}
	vec_push(s->tracer->runtime.arena, &s->matches, ((struct match){ *symbol, s->matches.n }));
	return 0;
}

static int compare_matches(const void *left, const void *right)
{
	const struct match *a = left, *b = right;

	if (a->symbol.address != b->symbol.address)
		return a->symbol.address < b->symbol.address ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

/* Several symbols, of several tables, may name one function, which is called once: the first of them is its
 * name. */
static int attach_matches(struct search *s)
{
	int err = 0;

	if (s->matches.n)
		qsort(s->matches.v, s->matches.n, sizeof(*s->matches.v), compare_matches);
	for (size_t i = 0; i < s->matches.n && !err; i++)
		if (!i || s->matches.v[i].symbol.address != s->matches.v[i - 1].symbol.address)
			err = attach_symbol(s, &s->matches.v[i].symbol);
	s->matches.n = 0;
	return err;
}

struct namesakes {
	struct search *search;
	struct binary_symbol first;
	uint64_t other;  /* address of another function of that name, or 0 */
	unsigned clones; /* symbols "name.part.0" ... */
	const char *clone;
};

static int count_namesake(void *context, const struct binary_symbol *symbol)
{
	struct namesakes *n = context;
	struct str name = n->search->attach->function;

	if (str_eq(str_of(symbol->name), name) && symbol->address != n->first.address)
		n->other = symbol->address;
	if (!copies_have(str_of(symbol->name), name) || symbol->address == n->first.address)
		return 0;
	/* Each is in one table or two. */
	n->clones += !n->clone || strcmp(n->clone, symbol->name) != 0;
	n->clone = symbol->name;
	return 0;
}

/* The name is that of one function: what else is called so, or nearly so, is not seen. */
static void tell_namesakes(struct search *s, const struct binary_symbol *first)
{
	struct namesakes n = { .search = s, .first = *first };
	const struct image_attach *a = s->attach;
	struct str kind, rest;

	binary_each_function(s->binary, count_namesake, &n);
	kind = str_split(a->text, ':', &rest);
	if (n.other) {
		diag_warning(&s->tracer->diag, a->span,
		    "%s has several functions %.*s: that at 0x%llx is probed", s->path, STR_ARG(a->function),
		    (unsigned long long)first->address);
		diag_hint(&s->tracer->diag, "%.*s:%s:0x%llx is another", STR_ARG(kind), s->path,
		    (unsigned long long)n.other);
	}
	if (n.clones) {
		diag_warning(&s->tracer->diag, a->span,
		    "the compiler has made copies of %.*s (%s ...), whose calls this probe does not see",
		    STR_ARG(a->function), n.clone);
		diag_hint(&s->tracer->diag, "%.*s:%s:%.*s.* beside it is a probe of those", STR_ARG(kind),
		    s->path, STR_ARG(a->function));
	}
}

static int in_binary_functions(struct search *s)
{
	struct binary_symbol symbol;

	if (!s->attach->function.n)
		return attach_address(s);
	/* What looks like a pattern may be a name. */
	if (!s->attach->module.n && binary_find(s->binary, s->attach->function, &symbol) == 0) {
		struct str copy = s->attach->function;

		symbol.name = str_copy(s->tracer->runtime.arena, copy.p, copy.n).p;
		if (!s->probe->method)
			tell_namesakes(s, &symbol);
		return attach_symbol(s, &symbol);
	}
	binary_each_function(s->binary, consider, s);
	return attach_matches(s);
}

static enum usdt_kind usdt_kind(enum arch_place place)
{
	switch (place) {
	case ARCH_CONSTANT:
		return USDT_CONSTANT;
	case ARCH_REGISTER:
		return USDT_REGISTER;
	case ARCH_MEMORY:
		break;
	}
	return USDT_MEMORY;
}

static struct usdt_argument usdt_row(const struct binary_argument *a)
{
	return (struct usdt_argument){
		.value = a->at.value,
		.kind = usdt_kind(a->at.place),
		.base = (uint32_t)a->at.base,
		.index = (uint32_t)a->at.index,
		.scale = a->at.scale,
		.cut = 64 - 8 * a->size,
		.is_signed = a->is_signed,
		.shift = (uint16_t)a->at.shift,
	};
}

static int write_arguments(struct search *s, const struct binary_usdt *probe)
{
	const struct arch *arch = arch_by_name(s->tracer->image.machine);
	struct usdt_argument rows[USDT_ARGUMENTS] = { 0 };
	uint64_t id = (uint64_t)s->index << 32 | (s->n - 1);
	struct str text = str_of(probe->arguments);
	uint64_t address = (uint64_t)binary_address(s->binary, probe->offset);

	for (unsigned i = 0; i < USDT_ARGUMENTS; i++) {
		struct binary_argument a;
		int got = binary_usdt_argument(s->binary, arch, address, &text, &a);

		if (got == 0)
			break;
		if (got < 0) {
			message("%s:%s: argument %u can't be understood: it reads as 0", probe->provider,
			    probe->name, i);
			continue;
		}
		rows[i] = usdt_row(&a);
	}
	if (!bpf_map_update_elem(s->tracer->attachment.usdt_fd, &id, rows, BPF_ANY))
		return 0;
	return tracer_refuse(s->tracer, s->probe, -errno, "%s:%s: no room for where its arguments are: %s",
	    probe->provider, probe->name, strerror(errno));
}

static int consider_usdt(void *context, const struct binary_usdt *probe)
{
	struct search *s = context;
	const struct image_attach *a = s->attach;
	uint32_t before = s->n;
	struct str name;
	int err;

	if ((a->category.n && !str_glob(a->category, str_of(probe->provider))) ||
	    !str_glob(a->event, str_of(probe->name))) {
		str_near_offer(&s->near, s->tracer->runtime.arena, str_of(probe->name));
		return 0;
	}
	name = str_format(s->tracer->runtime.arena, "%s:%s", probe->provider, probe->name);
	err = attach_at(s, probe->offset, probe->semaphore, name.p, name.p);
	if (!err && s->n > before && s->tracer->attachment.usdt_fd >= 0)
		err = write_arguments(s, probe);
	return err;
}

static int in_binary(void *context, const char *path)
{
	struct search *s = context;
	int err = binary_open(path, &s->binary), gathered;

	if (err)
		return tracer_refuse(s->tracer, s->probe, err, "%s: %s", path,
		    err == -ENOEXEC ? "it is no program or library" : strerror(-err));
	s->path = path;
	if (s->attach->probe == PROBE_usdt)
		err = binary_each_usdt(s->binary, consider_usdt, s);
	else
		err = in_binary_functions(s);
	gathered = attach_gathered(s);
	s->imported |=
	    s->n == 0 && s->attach->probe != PROBE_usdt && binary_imports(s->binary, s->attach->function);
	binary_close(s->binary);
	s->binary = NULL;
	return err ? err : gathered;
}

/* Nothing was attached: why? */
static int explain(struct search *s, int err)
{
	struct tracer *t = s->tracer;
	struct str near = str_near_text(&s->near, t->runtime.arena);
	struct str what = s->attach->probe == PROBE_usdt ? s->attach->event : s->attach->function;

	if (s->refused)
		return tracer_refuse(
		    t, s->probe, s->refused, "the kernel refuses it: %s", strerror(-s->refused));
	if (err == -ENOENT)
		return tracer_refuse(
		    t, s->probe, err, "there is no program or library %.*s", STR_ARG(s->binary_name));
	if (s->imported)
		return tracer_refuse(t, s->probe, -ENOENT,
		    "%.*s calls %.*s of a library: name the library, as in uprobe:libc:%.*s",
		    STR_ARG(s->binary_name), STR_ARG(what), STR_ARG(what));
	return tracer_refuse(t, s->probe, -ENOENT, "%.*s has no %s %.*s%s%.*s%s", STR_ARG(s->binary_name),
	    s->attach->probe == PROBE_usdt ? "static probe" : "function", STR_ARG(what),
	    near.n ? "; did you mean " : "", STR_ARG(near), near.n ? "?" : "");
}

/* Tells whether the places found so far will do, though there was an error behind them. */
static bool is_partial(const struct search *s, int err)
{
	return s->n && err != -E2BIG && !is_shortage(err);
}

static int attach_in_binaries(struct tracer *t, struct probe *p, uint32_t index)
{
	struct search s = { .tracer = t, .probe = p, .index = index, .attach = &t->image.attaches.v[index] };
	struct str binary = s.attach->binary;
	size_t refused = p->refused.n; /* by another method */
	int err;

	s.near.wanted = s.attach->probe == PROBE_usdt ? s.attach->event : s.attach->function;
	/* The program of -p or -c is meant when there is none. */
	if (!binary.n && t->options->pid)
		binary = str_format(t->runtime.arena, "/proc/%d/exe", (int)t->options->pid);
	else if (!binary.n)
		binary = t->command_path;
	s.binary_name = binary;
	err = binary_paths(t->options->pid, binary, in_binary, &s);
	if (s.n == 0 && (err == 0 || err == -ENOENT) && p->refused.n == refused)
		err = explain(&s, err);
	if (!at_once(&s))
		return is_partial(&s, err) ? 0 : err;
	/* What is not there is not found one by one either. */
	if (err && !s.refused)
		p->n_methods = p->method + 1;
	return s.refused ? s.refused : is_partial(&s, err) ? 0 : err;
}

int attach_uprobe(struct tracer *t, struct probe *p)
{
	int err = 0;

	for (uint32_t i = p->attach; i < p->attach + p->n_attach && !err; i++)
		err = attach_in_binaries(t, p, i);
	return err;
}

int attach_usdt(struct tracer *t, struct probe *p)
{
	return attach_uprobe(t, p);
}
