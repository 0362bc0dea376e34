#include "runtime/symbols/symbol_table.h"

#include <stdlib.h>
#include <string.h>

/* Room for one more of size bytes. False: no memory. */
static bool grow(void **v, size_t *room, size_t used, size_t more, size_t size)
{
	size_t wanted = *room ? *room * 2 : 256;
	void *bigger;

	if (used + more <= *room)
		return true;
	while (wanted < used + more)
		wanted *= 2;
	bigger = realloc(*v, wanted * size);
	if (!bigger)
		return false;
	*v = bigger;
	*room = wanted;
	return true;
}

void symbol_table_add(struct symbol_table *t, uint64_t start, uint64_t size, struct str name)
{
	if (t->names_used + name.n + 1 > UINT32_MAX ||
	    !grow((void **)&t->v, &t->room, t->n, 1, sizeof(*t->v)) ||
	    !grow((void **)&t->names, &t->names_room, t->names_used, name.n + 1, 1))
		return;
	t->v[t->n++] = (struct symbol_entry){ start, size > UINT32_MAX ? UINT32_MAX : (uint32_t)size,
		(uint32_t)t->names_used };
	memcpy(t->names + t->names_used, name.p, name.n);
	t->names[t->names_used + name.n] = '\0';
	t->names_used += name.n + 1;
}

/* The plainer of two names first: without leading underscores, then the shorter one. */
static int compare_symbol_names(const char *a, const char *b)
{
	size_t x = strspn(a, "_"), y = strspn(b, "_");

	if (x != y)
		return x < y ? -1 : 1;
	x = strlen(a);
	y = strlen(b);
	return x != y ? (x < y ? -1 : 1) : strcmp(a, b);
}

static int compare_symbols(const void *left, const void *right, void *context)
{
	const struct symbol_entry *a = left, *b = right;
	const struct symbol_table *t = context;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return compare_symbol_names(symbol_table_name(t, a), symbol_table_name(t, b));
}

/* What has no size (a label of assembly) lasts until the next symbol begins, the last one for a page. */
#define LAST_SIZE 4096

void symbol_table_sort(struct symbol_table *t)
{
	uint64_t next = 0;

	if (t->n)
		qsort_r(t->v, t->n, sizeof(*t->v), compare_symbols, t);
	for (size_t i = t->n; i-- > 0;) {
		uint64_t size = next ? next - t->v[i].start : LAST_SIZE;

		if (t->v[i].size == 0)
			t->v[i].size = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
		if (i && t->v[i - 1].start != t->v[i].start)
			next = t->v[i].start;
	}
}

/* How far back a symbol may be that holds others: parts of a function that the compiler split lie close by.
 */
#define LOOK_BACK 64

const struct symbol_entry *symbol_table_find(const struct symbol_table *t, uint64_t at)
{
	size_t low = 0, high = t->n, looked = 0;
	const struct symbol_entry *found = NULL;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->v[middle].start <= at)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low-- > 0 && looked < LOOK_BACK; looked++) {
		const struct symbol_entry *e = &t->v[low];

		if (found && e->start != found->start)
			break;
		if (at - e->start < e->size)
			found = e; /* the first of its place comes last here */
	}
	return found;
}

void symbol_table_free(struct symbol_table *t)
{
	free(t->v);
	free(t->names);
	*t = (struct symbol_table){ 0 };
}
