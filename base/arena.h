/*
 * A bump allocator. Everything that the compile phase makes lives in one arena
 * and is released with it; nothing in it is freed alone. The run phase makes
 * its tables in an arena before the first event and allocates nothing after.
 *
 * Ownership: arena_new() is paired with arena_free(). Memory is zeroed.
 * Errors: running out of memory is fatal (a message, exit status 1); no caller
 * checks for NULL.
 */
#ifndef BTRUN_BASE_ARENA_H
#define BTRUN_BASE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);

/* Returns size bytes, zeroed, aligned for any object. */
void *arena_alloc(struct arena *a, size_t size);
/* Returns a copy of size bytes. */
void *arena_copy(struct arena *a, const void *from, size_t size);
/* The bytes given out so far, for --stats and tests. */
size_t arena_used(const struct arena *a);

#define arena_one(a, T) ((T *)arena_alloc((a), sizeof(T)))
#define arena_many(a, T, n) ((T *)arena_alloc((a), sizeof(T) * (n)))

/*
 * A growing array in an arena. Pointers into it die when it grows.
 *
 *	VEC(struct node *) list = {0};
 *	vec_push(arena, &list, node);
 *	for (size_t i = 0; i < list.n; i++) use(list.v[i]);
 */
#define VEC(T)              \
	struct {            \
		T *v;       \
		size_t n;   \
		size_t cap; \
	}

#define vec_push(a, vec, value)                                                                \
	do {                                                                                   \
		(vec)->v = vec_room_((a), (vec)->v, (vec)->n, &(vec)->cap, sizeof(*(vec)->v)); \
		(vec)->v[(vec)->n++] = (value);                                                \
	} while (0)

void *vec_room_(struct arena *a, void *v, size_t n, size_t *cap, size_t elem);

#endif
