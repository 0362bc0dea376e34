/*
 * What lies outside the programs: BTF-defined maps, the constants that the runtime
 * fills in, btrun_enabled, and the subprogram that counts losses.
 */
#include "codegen/bpf/maps.h"

#include <string.h>
#include <linux/bpf.h>

#include "base/round.h"
#include "codegen/bpf/bss.h"
#include "codegen/bpf/externs.h"
#include "codegen/bpf/gen.h"
#include "codegen/bpf/generations.h"
#include "codegen/bpf/image_tables.h"
#include "codegen/bpf/loss_counters.h"
#include "codegen/bpf/map_upsert.h"
#include "codegen/bpf/stacks.h"
#include "codegen/bpf/usdt.h"
#include "codegen/llvm/debug_info.h"

/* One member of a map's definition: number n is written as a pointer to an array of n ints,
 * which is what libbpf reads from the BTF (its bpf_helpers.h, __uint()). */
static LLVMMetadataRef definition_member(struct module *m, const char *name, uint32_t n, uint32_t at)
{
	LLVMMetadataRef integer = LLVMDIBuilderCreateBasicType(m->di, "int", 3, 32, 5, LLVMDIFlagZero);
	LLVMMetadataRef range = LLVMDIBuilderGetOrCreateSubrange(m->di, 0, n);
	LLVMMetadataRef array = LLVMDIBuilderCreateArrayType(m->di, 32ull * n, 32, integer, &range, 1);
	LLVMMetadataRef pointer = LLVMDIBuilderCreatePointerType(m->di, array, 64, 64, 0, "", 0);

	return LLVMDIBuilderCreateMemberType(
	    m->di, m->cu, name, strlen(name), m->file, 0, 64, 64, 64ull * at, LLVMDIFlagZero, pointer);
}

/* What a map has that the row of its kind leaves open. */
struct map_shape {
	const char *name;
	uint32_t key_size, value_size, entries;
};

static LLVMValueRef define_map(struct gen *g, enum map_kind_id id, struct map_shape shape)
{
	struct module *m = &g->m;
	const struct map_kind *kind = &map_kinds[id];
	const char *name = kind->symbol ? kind->symbol : shape.name;
	uint32_t entries = kind->entries ? kind->entries : shape.entries;
	uint32_t key_size = kind->key ? kind->key : shape.key_size;
	uint32_t value_size = kind->value ? kind->value : shape.value_size;
	LLVMMetadataRef members[5];
	unsigned n = 0;
	LLVMTypeRef fields[5] = { m->ptr, m->ptr, m->ptr, m->ptr, m->ptr };

	members[n] = definition_member(m, "type", kind->type, n), n++;
	members[n] = definition_member(m, "max_entries", entries, n), n++;
	if (key_size) {
		members[n] = definition_member(m, "key_size", key_size, n), n++;
		members[n] = definition_member(m, "value_size", value_size, n), n++;
	}
	if (kind->traits & MAP_IS_LATE)
		members[n] = definition_member(m, "map_flags", BPF_F_NO_PREALLOC, n), n++;
	LLVMTypeRef type = LLVMStructTypeInContext(m->context, fields, n, 0);
	LLVMValueRef map = LLVMAddGlobal(m->module, type, name);

	LLVMSetInitializer(map, LLVMConstNull(type));
	LLVMSetSection(map, ".maps");
	LLVMSetAlignment(map, 8);
	describe_global(m, map, str_of(name),
	    LLVMDIBuilderCreateStructType(m->di, m->cu, "", 0, m->file, 0, 64ull * n, 64, LLVMDIFlagZero,
		NULL, members, n, 0, NULL, "", 0),
	    false);
	return map;
}

/* "@x" -> "at_x": an ELF symbol's name. */
static struct str map_symbol(struct gen *g, const struct map *map)
{
	return str_format(g->arena, "at_%.*s", (int)map->name.n - 1, map->name.p + 1);
}

static void define_script_map(struct gen *g, const struct map *map)
{
	uint32_t key = map->key ? map->key->size : 8;
	struct str symbol = map_symbol(g, map);
	struct str halves = str_format(g->arena, "two_%.*s", (int)map->name.n - 1, map->name.p + 1);
	uint32_t value_type = image_tables_type(g, map->value);
	struct map_shape shape = {
		.name = symbol.p,
		.key_size = round_8(key),
		.value_size = round_8(g->image->types.v[value_type].size),
		.entries = map->key        ? map->max_entries
			   : map->is_reset ? 2
					   : 1,
	};
	struct image_map row = {
		.name = map->name,
		.elf_name = symbol,
		.key_type = map->key ? image_tables_type(g, map->key) : IMAGE_NONE,
		.value_type = value_type,
		.kind = map->kind,
		.generation = map->is_reset ? map->generation : IMAGE_NONE,
		.halves = map_is_two(map) ? halves : STR(""),
		.span = source_in_script(g->program->map, map->first),
	};

	vec_push(g->arena, &g->maps, define_map(g, map->kind, shape));
	vec_push(g->arena, &g->halves,
	    map_is_two(map) ? define_map(g, MAP_halves, (struct map_shape){ .name = halves.p }) : NULL);
	vec_push(g->arena, &g->image->maps, row);
}

static void define_license(struct gen *g)
{
	LLVMValueRef text = LLVMConstStringInContext(g->m.context, "GPL", 3, 0);
	LLVMValueRef license = LLVMAddGlobal(g->m.module, LLVMTypeOf(text), "_license");

	LLVMSetInitializer(license, text);
	LLVMSetSection(license, "license");
}

static void define_stacks(struct gen *g)
{
	if (!g->program->uses_stacks)
		return;
	g->stacks = define_map(g, MAP_stacks, (struct map_shape){ .value_size = sizeof(struct stack_value) });
	stack_define(g);
}

static void define_usdt(struct gen *g)
{
	bool wanted = false;

	for (size_t i = 0; i < g->program->units.n; i++)
		wanted |= g->program->units.v[i]->probe == PROBE_usdt && g->program->units.v[i]->arg_mask;
	if (!wanted)
		return;
	g->usdt_map = define_map(
	    g, MAP_usdt, (struct map_shape){ .value_size = USDT_ARGUMENTS * sizeof(struct usdt_argument) });
	usdt_define(g);
}

void maps_begin(struct gen *g)
{
	define_license(g);
	params_define(g);
	bss_define(g);
	g->events = define_map(g, MAP_events, (struct map_shape){ 0 });
	/* Stand-ins: their sizes are known at the end. */
	g->counters = LLVMAddGlobal(g->m.module, g->m.i64, "counters_later");
	g->scratch = LLVMAddGlobal(g->m.module, g->m.i64, "scratch_later");
	g->large = LLVMAddGlobal(g->m.module, g->m.i64, "large_later");
	for (size_t i = 0; i < g->program->maps.n; i++)
		define_script_map(g, g->program->maps.v[i]);
	map_upsert_begin(g);
	loss_define(g);
	define_stacks(g);
	define_usdt(g);
	if (g->program->has_packets)
		g->packets = define_map(g, MAP_packets, (struct map_shape){ 0 });
}

static void replace(
    struct gen *g, LLVMValueRef *later, enum map_kind_id kind, uint32_t value_size, uint32_t entries)
{
	LLVMValueRef map =
	    define_map(g, kind, (struct map_shape){ .value_size = value_size, .entries = entries });

	LLVMReplaceAllUsesWith(*later, map);
	LLVMDeleteGlobal(*later);
	*later = map;
}

void maps_end(struct gen *g)
{
	uint32_t counters = g->image->counters.n ? (uint32_t)g->image->counters.n : 1;

	map_upsert_define(g);
	replace(g, &g->counters, MAP_counters, 0, counters);
	/* In a perf buffer's time a program of the other kind puts its small records together here. */
	if (g->n_large && g->small_size < RESERVE_LIMIT)
		g->small_size = RESERVE_LIMIT;
	replace(
	    g, &g->scratch, MAP_scratch, g->small_size ? g->small_size : 8, g->programs ? g->programs : 1);
	if (g->n_large)
		replace(g, &g->large, MAP_large, g->large_size, g->n_large);
	else
		LLVMDeleteGlobal(g->large);
}
