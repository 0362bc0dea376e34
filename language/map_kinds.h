/* The rows of map_kinds.def, for whoever asks about one of them. */
#ifndef BTRUN_LANGUAGE_MAP_KINDS_H
#define BTRUN_LANGUAGE_MAP_KINDS_H

#include <stdint.h>

#include "language/registry.h"

enum map_trait {
	MAP_IS_SCRIPTS = 1 << 0,      /* what @x of a script can be */
	MAP_IS_PER_CPU = 1 << 1,      /* each CPU has its value of an element; who reads puts them together */
	MAP_IS_ARRAY = 1 << 2,        /* the key is a number; all elements are there, of zeros at first */
	MAP_IS_SIZED = 1 << 3,        /* made whole as long as memory is not a question */
	MAP_IS_LATE = 1 << 4,         /* never made whole: few elements are used, and they are large */
	MAP_IS_FOR_EACH_CPU = 1 << 5, /* has as many elements for each CPU as the image says */
};

/* How the kernel allocates a map: kernel/bpf/hashtab.c, arraymap.c and ringbuf.c. */
enum map_memory {
	MEMORY_NONE, /* nothing worth telling */
	MEMORY_HASH,
	MEMORY_ARRAY,
	MEMORY_RING,
};

struct map_kind {
	const char *name, *symbol;
	uint32_t type;
	const char *word;
	uint32_t key, value, entries, largest;
	unsigned traits;
	enum map_memory memory;
};

extern const struct map_kind map_kinds[MAP_KINDS_];

/* Returns the kind of a map of this type that the ELF object calls so; NULL: no image has such a map. */
const struct map_kind *map_kind_of(const char *symbol, uint32_t type);

#endif
