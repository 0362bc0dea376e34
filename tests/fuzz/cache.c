/*
 * Bytes of a cache entry, as they are and with a right digest, which says nothing about the rest. What is
 * accepted is what entry_pack() makes of it.
 */
#include "cache/entry.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct arena *a, struct str bytes)
{
	struct str key = STR("the key"), again;
	struct entry e;

	if (!entry_read(a, bytes, key, &e))
		return;
	again = entry_pack(a, &e);
	if (!str_eq(e.key, key) || !str_eq(again, bytes))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *copy = arena_copy(a, data, size);

	check(a, (struct str){ (const char *)data, size });
	entry_seal(copy, size);
	check(a, (struct str){ copy, size });
	arena_free(a);
	return 0;
}
