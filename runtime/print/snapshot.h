/* A copy of a map's elements, and what printing and clearing a map need of it. Only maps.c includes this. */
#ifndef BTRUN_RUNTIME_SNAPSHOT_H
#define BTRUN_RUNTIME_SNAPSHOT_H

#include "runtime/print/value.h"

/* A snapshot is a copy of a map's elements, made to print them: tracing goes on meanwhile, so elements may
 * come and go. Values of CPUs are added up while they are read. */
struct snapshot {
	struct runtime *r;
	const struct image_map *map;
	const struct image_type *key_type; /* NULL: no key */
	const struct image_type *value_type;
	int fd;
	uint32_t key_size, raw_size, value_size; /* raw: as the kernel gives it */
	uint32_t max_entries;
	/* Of an array all elements are there, of zeros while there was nothing. */
	bool is_array, is_per_cpu;
	bool is_one; /* of two halves that are elements: key half is all that is read */
	uint64_t half;
	size_t n, cap;
	unsigned char *keys, *values;
	uint32_t *sorted; /* numbers of elements, the least first */
};

struct element {
	const struct snapshot *of;
	const unsigned char *key, *value;
};

static inline struct element element_at(const struct snapshot *s, size_t i)
{
	return (struct element){ s, s->keys + i * s->key_size, s->values + i * s->value_size };
}

/* Asks the kernel for the map's sizes, and whether the types fit into them. Returns 0 or negative errno;
 * the snapshot is to be closed in any case. */
int snapshot_open(struct snapshot *s, struct runtime *r, uint32_t map);
/* The same of one of the map's halves, whichever is read now. */
int snapshot_open_half(struct snapshot *s, struct runtime *r, uint32_t map, unsigned half);
void snapshot_close(struct snapshot *s);
/* Opens, reads and sorts. Of all elements the top greatest are wanted; 0 stands for all. */
int snapshot_take(struct snapshot *s, struct runtime *r, uint32_t map, size_t top);
/* Reads the keys alone. */
int snapshot_read_keys(struct snapshot *s);
/* Returns how many elements are read at once. */
uint32_t snapshot_batch(const struct snapshot *s);

bool is_histogram(const struct image_type *t);
bool has_average(const struct image_type *t);

#endif
