#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"

/* A block doubles in size up to a limit, so a small script costs one page and a
 * large one few calls of malloc. */
#define BLOCK_FIRST 4096
#define BLOCK_LIMIT (256 * 1024)

struct block {
	struct block *older;
	size_t size;
	size_t used;
	alignas(max_align_t) unsigned char bytes[];
};

struct arena {
	struct block *newest;
	size_t used;
};

static void *checked(void *p)
{
	if (!p) {
		message_error("out of memory");
		exit(1);
	}
	return p;
}

static void add_block(struct arena *a, size_t at_least)
{
	size_t size = a->newest ? a->newest->size * 2 : BLOCK_FIRST;

	if (size > BLOCK_LIMIT)
		size = BLOCK_LIMIT;
	if (size < at_least)
		size = at_least;
	struct block *b = checked(calloc(1, sizeof(*b) + size));
	b->size = size;
	b->older = a->newest;
	a->newest = b;
}

struct arena *arena_new(void)
{
	struct arena *a = checked(calloc(1, sizeof(*a)));

	add_block(a, BLOCK_FIRST);
	return a;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct block *b = a->newest, *older; b; b = older) {
		older = b->older;
		free(b);
	}
	free(a);
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);

	if (size > SIZE_MAX / 4)
		checked(NULL);
	size = (size + align - 1) & ~(align - 1);
	if (a->newest->size - a->newest->used < size)
		add_block(a, size);
	void *p = a->newest->bytes + a->newest->used;
	a->newest->used += size;
	a->used += size;
	return p;
}

void *arena_copy(struct arena *a, const void *from, size_t size)
{
	void *p = arena_alloc(a, size);

	if (size)
		memcpy(p, from, size);
	return p;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}

void *vec_room_(struct arena *a, void *v, size_t n, size_t *cap, size_t elem)
{
	if (n < *cap)
		return v;
	size_t wider = *cap ? *cap * 2 : 8;
	void *p = arena_alloc(a, wider * elem);

	if (n)
		memcpy(p, v, n * elem);
	*cap = wider;
	return p;
}
