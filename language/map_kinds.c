#include "language/map_kinds.h"

#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>

/* 1 KB each, and few scripts see that many different stacks. */
#define STACKS_MOST (32 << 10)
/* Of all static probes of a script; the runtime adds those that it attaches to. */
#define PLACES_MOST (64 << 10)

const struct map_kind map_kinds[MAP_KINDS_] = {
#define MAP_KIND(name, symbol, type, word, key, value, entries, largest, traits, memory)                 \
	[MAP_##name] = { #name, symbol, BPF_MAP_TYPE_##type, word, key, value, entries, largest, traits, \
		MEMORY_##memory },
#include "language/map_kinds.def"
#undef MAP_KIND
};

const struct map_kind *map_kind_of(const char *symbol, uint32_t type)
{
	const struct map_kind *found = NULL;

	for (const struct map_kind *kind = map_kinds; kind < map_kinds + MAP_KINDS_; kind++) {
		if (kind->type != type)
			continue;
		if (kind->symbol && strcmp(kind->symbol, symbol) == 0)
			return kind;
		if (!kind->symbol && !found)
			found = kind;
	}
	return found;
}
