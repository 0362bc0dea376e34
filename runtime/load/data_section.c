#include "runtime/load/data_section.h"

#include <bpf/libbpf.h>
#include <string.h>

struct bpf_map *load_internal_map(struct tracer *t, const char *suffix)
{
	struct bpf_map *map;

	bpf_object__for_each_map (map, t->loaded.object) {
		const char *name = bpf_map__name(map);
		size_t n = strlen(name), s = strlen(suffix);

		if (n >= s && strcmp(name + n - s, suffix) == 0)
			return map;
	}
	return NULL;
}
