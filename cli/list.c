#include "cli/list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/registry.h"
#include "kernel/btf.h"

struct list {
	struct kernel *kernel;
	struct arena *arena;
	struct kernel_btf *btf;
	const char *probe; /* what is being listed */
	struct str pattern;
	bool arguments;
	unsigned found;
};

static const struct {
	const char *name, *aliases;
	unsigned gives;
} probes[] = {
#define PROBE(name, aliases, pattern, gives, split, attach) { #name, aliases, gives },
#include "base/probes.def"
#undef PROBE
};

static bool has_alias(const char *aliases, struct str name)
{
	struct str rest = str_of(aliases);

	while (rest.n)
		if (str_eq(str_split(rest, ' ', &rest), name))
			return true;
	return false;
}

static bool is_wanted(unsigned i, struct str name)
{
	return str_glob(name, str_of(probes[i].name)) || has_alias(probes[i].aliases, name);
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
	printf("tracepoint:%.*s\n", STR_ARG(name));
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

static int found_function(void *context, struct str name, struct str module)
{
	struct list *l = context;
	struct btf_func_info func;
	uint32_t proto;
	bool typed = l->probe[0] == 'f';

	/* fentry and fexit need the function's BTF. */
	if (typed && (!l->btf || btf_find_func(l->btf, name, &func, &proto)))
		return 0;
	l->found++;
	printf("%s:%.*s\n", l->probe, STR_ARG(name));
	if (typed && l->arguments)
		show_prototype(l, name);
	return 0;
}

static int list_functions(struct list *l)
{
	struct str module = STR(""), function = l->pattern, rest;
	struct str first = str_split(l->pattern, ':', &rest);

	if (rest.n) {
		module = first;
		function = rest;
	}
	if (l->probe[0] == 'f' && !l->btf)
		kernel_btf_new(l->kernel, STR("vmlinux"), &l->btf);
	return kernel_functions(l->kernel, module, function, found_function, l);
}

static int list_one(struct list *l, unsigned i)
{
	struct str pattern = l->pattern;

	l->probe = probes[i].name;
	if (probes[i].gives & WITH_FUNC)
		return list_functions(l);
	if (!(probes[i].gives & WITH_ARGS))
		return 0;
	/* A bare pattern names events of any category. */
	if (str_find(pattern, ':') < 0)
		pattern = str_format(l->arena, "*:%.*s", STR_ARG(pattern));
	return kernel_tracepoints(l->kernel, pattern, found_event, l);
}

int list_probes(struct kernel *k, const char *pattern, bool arguments)
{
	struct list l = { .kernel = k, .arena = arena_new(), .arguments = arguments };
	struct str all = str_of(pattern ? pattern : "*"), name = STR("*"), rest;
	int err = 0, one;

	l.pattern = all;
	str_split(all, ':', &rest);
	if (rest.n)
		name = str_split(all, ':', &l.pattern);
	for (unsigned i = 0; i < PROBE_N_; i++) {
		if (!is_wanted(i, name))
			continue;
		one = list_one(&l, i);
		err = err ? err : one;
	}
	if (l.found == 0)
		fprintf(stderr, "btrun: no probe matches %s%s%s\n", pattern ? pattern : "*", err ? ": " : "",
		    err ? strerror(-err) : "");
	kernel_btf_free(l.btf);
	arena_free(l.arena);
	return l.found ? 0 : err ? err : -ENOENT;
}
