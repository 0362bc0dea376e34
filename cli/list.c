#include "cli/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "language/registry.h"
#include "cli/lister.h"
#include "kernel/btf.h"

static const struct {
	const char *name, *aliases;
	lister *list;
} probes[] = {
#define PROBE(name, aliases, pattern, gives, split, attach, list, ...) { #name, aliases, list },
#include "language/probes.def"
#undef PROBE
};

static const struct {
	enum probe_id probe;
	const char *names;
} counters[] = {
#define EVENT(probe, names, ...) { PROBE_##probe, names },
#include "language/events.def"
#undef EVENT
};

static bool is_wanted(unsigned i, struct str name)
{
	return str_glob(name, str_of(probes[i].name)) || str_in_words(name, probes[i].aliases);
}

static void print_field(const struct tracepoint_field *f)
{
	if (str_starts(f->name, "common_"))
		return;
	printf("    %.*s %.*s", STR_ARG(f->type), STR_ARG(f->name));
	if (f->array)
		printf("[%u]", f->array);
	putchar('\n');
}

static void show_format(const struct list *l, struct str name)
{
	struct tracepoint_format format = { 0 };
	struct str event, category = str_split(name, ':', &event);

	if (tracepoint_format(l->kernel, l->arena, category, event, &format))
		return;
	for (size_t i = 0; i < format.fields.n; i++)
		print_field(&format.fields.v[i]);
}

static int found_event(void *context, struct str name, struct str module)
{
	struct list *l = context;

	l->found++;
	printf("%s:%.*s\n", l->probe, STR_ARG(name));
	if (l->arguments)
		show_format(l, name);
	return 0;
}

static void show_type(const struct list *l, uint32_t type)
{
	static const char *const tags[] = {
		[BTF_SHAPE_STRUCT] = "struct ", [BTF_SHAPE_UNION] = "union ", [BTF_SHAPE_ENUM] = "enum "
	};
	struct btf_info info;
	unsigned stars = 0;

	for (btf_info(l->btf, type, &info); info.shape == BTF_SHAPE_PTR && stars < 4; stars++)
		btf_info(l->btf, info.target, &info);
	if (info.shape < sizeof(tags) / sizeof(tags[0]) && tags[info.shape])
		fputs(tags[info.shape], stdout);
	if (info.shape == BTF_SHAPE_VOID)
		fputs("void", stdout);
	else
		printf("%.*s", STR_ARG(info.name.n ? info.name : STR("(unnamed)")));
	printf(" %.*s", (int)stars, "****");
}

static void show_prototype(const struct list *l, struct str name)
{
	struct btf_func_info func;
	uint32_t proto, type;
	struct str param;

	if (btf_find_func(l->btf, name, &func, &proto))
		return;
	for (uint32_t i = 0; i < func.n_params; i++) {
		btf_param(l->btf, proto, i, &param, &type);
		fputs("    ", stdout);
		show_type(l, type);
		printf("%.*s\n", STR_ARG(param));
	}
	if (func.ret && strcmp(l->probe, "fexit") == 0) {
		fputs("    ", stdout);
		show_type(l, func.ret);
		puts("retval");
	}
}

static int compare_typed(const void *a, const void *b)
{
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static int keep_typed(void *context, struct str name, struct str module)
{
	struct list *l = context;

	vec_push(l->arena, &l->typed, name);
	return 0;
}

static int found_function(void *context, struct str name, struct str module)
{
	struct list *l = context;
	bool typed = l->probe[0] == 'f';

	/* fentry and fexit need the function's BTF. */
	if (typed &&
	    (!l->typed.n || !bsearch(&name, l->typed.v, l->typed.n, sizeof(*l->typed.v), compare_typed)))
		return 0;
	l->found++;
	printf("%s:%.*s\n", l->probe, STR_ARG(name));
	if (typed && l->arguments)
		show_prototype(l, name);
	return 0;
}

static struct kernel_btf *list_btf(struct list *l)
{
	if (!l->btf)
		kernel_btf_new(l->kernel, STR("vmlinux"), &l->btf);
	return l->btf;
}

int list_none(struct list *l)
{
	return 0;
}

int list_functions(struct list *l)
{
	struct str module = STR(""), function = l->pattern, rest;
	struct str first = str_split(l->pattern, ':', &rest);

	if (rest.n) {
		module = first;
		function = rest;
	}
	if (l->probe[0] == 'f' && list_btf(l) && !l->typed.n) {
		btf_each_func(l->btf, keep_typed, l);
		qsort(l->typed.v, l->typed.n, sizeof(*l->typed.v), compare_typed);
	}
	return kernel_functions(l->kernel, module, function, found_function, l);
}

int list_events(struct list *l)
{
	struct str pattern = l->pattern;

	/* A bare pattern names events of any category. */
	if (str_find(pattern, ':') < 0)
		pattern = str_format(l->arena, "*:%.*s", STR_ARG(pattern));
	return kernel_tracepoints(l->kernel, pattern, found_event, l);
}

static int found_raw(void *context, struct str name, struct str module)
{
	struct list *l = context;
	struct str event, category = str_split(name, ':', &event);

	/* Those of system calls are made of two others, sys_enter and sys_exit. */
	if (!str_glob(l->pattern, event) || str_is(category, "syscalls"))
		return 0;
	l->found++;
	printf("%s:%.*s\n", l->probe, STR_ARG(event));
	return 0;
}

int list_raw(struct list *l)
{
	return kernel_tracepoints(l->kernel, STR("*:*"), found_raw, l);
}

int list_counters(struct list *l)
{
	struct str pattern = str_split(l->pattern, ':', &(struct str){ 0 });

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		struct str rest, name = str_split(str_of(counters[i].names), ' ', &rest);

		if (strcmp(probes[counters[i].probe].name, l->probe) != 0 || !str_glob(pattern, name))
			continue;
		l->found++;
		printf("%s:%.*s:\n", l->probe, STR_ARG(name));
	}
	return 0;
}

/* The type of an iterator's context: struct bpf_iter__NAME; its first member is what all have in common. */
static void show_context(struct list *l, struct str type)
{
	int id = btf_find(l->btf, BTF_SHAPE_STRUCT, type);
	struct btf_member_info member;
	struct btf_info info;

	if (id < 0)
		return;
	btf_info(l->btf, (uint32_t)id, &info);
	for (uint32_t i = 1; i < info.members; i++) {
		btf_member(l->btf, (uint32_t)id, i, &member);
		/* A pointer lies in a union that makes it 8 bytes long everywhere. */
		if (!member.name.n)
			btf_member(l->btf, member.type, 0, &member);
		fputs("    ", stdout);
		show_type(l, member.type);
		printf("%.*s\n", STR_ARG(member.name));
	}
}

#define ITERATOR "bpf_iter__"

struct str list_iterator(struct str type)
{
	struct str object = str_slice(type, strlen(ITERATOR), type.n);

	/* bpf_iter__task__safe_trusted: the verifier's own */
	return str_starts(type, ITERATOR) && !memmem(object.p, object.n, "__", 2) ? object : STR("");
}

static int found_iterator(void *context, struct str name, struct str module)
{
	struct list *l = context;
	struct str object = list_iterator(name);

	if (!object.n || !str_glob(l->pattern, object))
		return 0;
	l->found++;
	printf("%s:%.*s\n", l->probe, STR_ARG(object));
	if (l->arguments)
		show_context(l, name);
	return 0;
}

int list_iterators(struct list *l)
{
	if (!list_btf(l))
		return -ENOENT;
	btf_each_name(l->btf, BTF_SHAPE_STRUCT, found_iterator, l);
	return 0;
}

/* "struct list_head": its definition, as the kernel has it. */
static int show_struct(struct list *l, struct str name)
{
	static const struct {
		const char *word;
		enum btf_shape shape;
	} tags[] = { { "struct", BTF_SHAPE_STRUCT }, { "union", BTF_SHAPE_UNION },
		{ "enum", BTF_SHAPE_ENUM } };
	struct str rest, word = str_split(name, ' ', &rest);

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (!str_is(word, tags[i].word) || !list_btf(l))
			continue;
		l->found += btf_print(l->btf, tags[i].shape, rest, stdout) == 0;
	}
	return l->found ? 0 : -ENOENT;
}

static const char *why(int err)
{
	if (err == -ENODATA)
		return "BTF alone (--btf) does not say which a kernel has";
	return err ? strerror(-err) : "";
}

int list_probes(struct kernel *k, const char *pattern, pid_t pid, bool arguments)
{
	struct list l = { .kernel = k, .arena = arena_new(), .pid = pid, .arguments = arguments };
	struct str all = str_of(pattern ? pattern : "*"), name = STR("*"), rest;
	int err = 0, one;

	l.pattern = all;
	str_split(all, ':', &rest);
	if (rest.n)
		name = str_split(all, ':', &l.pattern);
	if (!rest.n && str_find(all, ' ') >= 0)
		err = show_struct(&l, all);
	for (unsigned i = 0; i < PROBE_N_ && !(l.found && !rest.n && str_find(all, ' ') >= 0); i++) {
		if (!is_wanted(i, name))
			continue;
		l.probe = probes[i].name;
		one = probes[i].list(&l);
		err = err ? err : one;
	}
	if (l.found == 0)
		message("no probe matches %s%s%s", pattern ? pattern : "*", err ? ": " : "", why(err));
	kernel_btf_free(l.btf);
	arena_free(l.arena);
	return l.found ? 0 : err ? err : -ENOENT;
}
