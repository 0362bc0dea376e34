#include "runtime/info/describe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include "base/round.h"
#include "language/map_kinds.h"

static const char *const type_names[] = {
#define TYPE(name, ...) #name,
#include "language/types.def"
#undef TYPE
};

static struct str type_text(struct tracer *t, uint32_t index)
{
	const struct image_type *type = &t->image.types.v[index];
	struct arena *a = t->runtime.arena;
	struct str items = STR("");

	switch (type->kind) {
	case TYPE_int:
		return str_format(a, "%sint%u", type->is_signed ? "" : "u", type->size * 8);
	case TYPE_float:
		return type->size == 4 ? STR("float") : type->size == 8 ? STR("double") : STR("long double");
	case TYPE_string:
	case TYPE_buffer:
		return str_format(a, "%s[%u]", type_names[type->kind], type->size);
	case TYPE_enum:
	case TYPE_struct:
		return str_format(a, "%s %.*s", type_names[type->kind], STR_ARG(type->name));
	case TYPE_array:
		return str_format(a, "%.*s[%u]", STR_ARG(type_text(t, type->element)), type->count);
	case TYPE_tuple:
		for (uint32_t i = 0; i < type->n_items; i++)
			items = str_format(a, "%.*s%s%.*s", STR_ARG(items), i ? ", " : "",
			    STR_ARG(type_text(t, type->items[i].type)));
		return items;
	case TYPE_bool:
	case TYPE_ptr:
	case TYPE_inet:
	case TYPE_probe:
	case TYPE_func:
	case TYPE_ksym:
	case TYPE_usym:
	case TYPE_kstack:
	case TYPE_ustack:
	case TYPE_mac:
	case TYPE_timestamp:
	case TYPE_cgroup_path:
	case TYPE_username:
	case TYPE_strerror:
	case TYPE_strings:
	case TYPE_count:
	case TYPE_sum:
	case TYPE_avg:
	case TYPE_min:
	case TYPE_max:
	case TYPE_stats:
	case TYPE_hist:
	case TYPE_lhist:
	case TYPE_N_:
		break;
	}
	return str_of(type_names[type->kind]);
}

static const struct map_kind *kind_of_map(const struct bpf_map *map)
{
	return map_kind_of(bpf_map__name(map), bpf_map__type(map));
}

/* Bytes of the kernel's, as kernel/bpf/hashtab.c, arraymap.c and ringbuf.c allocate: an element of a hash has
 * a head of 48 bytes, a bucket 16. */
static uint64_t memory_of(const struct tracer *t, const struct bpf_map *map)
{
	uint64_t entries = bpf_map__max_entries(map), key = round_8(bpf_map__key_size(map)),
		 value = round_8(bpf_map__value_size(map)), cpus = t->runtime.n_cpus, buckets = 1;
	const struct map_kind *kind = kind_of_map(map);
	bool per_cpu = kind && kind->traits & MAP_IS_PER_CPU;

	switch (kind ? kind->memory : MEMORY_NONE) {
	case MEMORY_NONE:
		break;
	case MEMORY_RING:
		return entries + 3 * (uint64_t)sysconf(_SC_PAGESIZE);
	case MEMORY_ARRAY:
		return entries * value * (per_cpu ? cpus : 1);
	case MEMORY_HASH:
		while (buckets < entries)
			buckets *= 2;
		return entries * (48 + key + (per_cpu ? 8 + value * cpus : value)) + buckets * 16;
	}
	return 0;
}

static const struct image_map *script_map(const struct tracer *t, const struct bpf_map *map)
{
	for (size_t i = 0; i < t->image.maps.n; i++)
		if (str_is(t->image.maps.v[i].elf_name, bpf_map__name(map)))
			return &t->image.maps.v[i];
	return NULL;
}

static uint64_t describe_map(struct tracer *t, const struct bpf_map *map, FILE *out)
{
	const struct image_map *m = script_map(t, map);
	const struct map_kind *kind = kind_of_map(map);
	bool late = bpf_map__map_flags(map) & BPF_F_NO_PREALLOC;
	uint64_t bytes = memory_of(t, map);

	if (m && m->key_type != IMAGE_NONE)
		fprintf(out, "  %.*s[%.*s]: %.*s", STR_ARG(m->name), STR_ARG(type_text(t, m->key_type)),
		    STR_ARG(type_text(t, m->value_type)));
	else if (m)
		fprintf(out, "  %.*s: %.*s", STR_ARG(m->name), STR_ARG(type_text(t, m->value_type)));
	else
		fprintf(out, "  %s", bpf_map__name(map));
	fprintf(
	    out, "; %s, %u", kind ? kind->word : "of a kind that no image has", bpf_map__max_entries(map));
	if (bpf_map__key_size(map))
		fprintf(out, " x (%u + %u)", bpf_map__key_size(map), bpf_map__value_size(map));
	fprintf(out, " bytes, %s%llu KB\n", late ? "up to " : "", (unsigned long long)(bytes + 1023) / 1024);
	return bytes;
}

void describe_maps(struct tracer *t, FILE *out)
{
	uint64_t sum = 0;
	struct bpf_map *map;

	fprintf(out, "\nMaps (elements x (key + value), kernel memory with %u CPUs)\n", t->runtime.n_cpus);
	bpf_object__for_each_map (map, t->loaded.object)
		sum += describe_map(t, map, out);
	fprintf(out, "  all: %llu KB\n", (unsigned long long)(sum + 1023) / 1024);
}
