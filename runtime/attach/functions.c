/*
 * The functions that the patterns of an image stand for. The kernel's list of functions is gone through once
 * for all of them, and kept for a second method of attaching: the kernel takes longer to write it than to
 * attach to hundreds (each piece of it is looked for from the beginning: kernel/trace/ftrace.c, t_start()).
 */
#include "runtime/attach/functions.h"

#include <errno.h>
#include <stdlib.h>

struct gathering {
	struct tracer *tracer;
	bool (*is_function)(const struct image_attach *a);
};

static int gather(void *context, struct str name, struct str module)
{
	const struct gathering *g = context;
	struct tracer *t = g->tracer;
	struct arena *arena = t->runtime.arena;
	struct str copy = { 0 };

	for (size_t i = 0; i < t->image.attaches.n; i++) {
		const struct image_attach *a = &t->image.attaches.v[i];

		if (!a->glob || !g->is_function(a) ||
		    !kernel_function_matches(a->module, a->function, name, module))
			continue;
		if (!copy.n)
			copy = str_copy(arena, name.p, name.n);
		vec_push(arena, &t->attachment.names[i], copy);
	}
	return 0;
}

static int compare_functions(const void *a, const void *b)
{
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* Several static functions of one name: kprobe.multi refuses the whole list for them, or takes one of them.
 */
static void drop_doubles(struct arena *arena, struct function_names *f)
{
	VEC(struct str) shared = { 0 };
	size_t kept = 0, end;

	if (f->n)
		qsort(f->v, f->n, sizeof(*f->v), compare_functions);
	for (size_t i = 0; i < f->n; i = end) {
		for (end = i + 1; end < f->n && str_eq(f->v[i], f->v[end]);)
			end++;
		if (end == i + 1)
			f->v[kept++] = f->v[i];
		else
			vec_push(arena, &shared, f->v[i]);
	}
	for (size_t i = 0; i < shared.n; i++)
		f->v[kept++] = shared.v[i];
	f->n = kept;
	f->n_shared = shared.n;
}

int functions_of(struct tracer *t, uint32_t attach, bool (*is_function)(const struct image_attach *),
    const struct function_names **found)
{
	struct gathering g = { t, is_function };
	int err;

	if (!t->attachment.names) {
		t->attachment.names =
		    arena_many(t->runtime.arena, struct function_names, t->image.attaches.n);
		err = kernel_functions(t->runtime.kernel, STR(""), STR("*"), gather, &g);
		if (err) {
			t->attachment.names = NULL;
			return err;
		}
		for (size_t i = 0; i < t->image.attaches.n; i++)
			drop_doubles(t->runtime.arena, &t->attachment.names[i]);
	}
	*found = &t->attachment.names[attach];
	return 0;
}
