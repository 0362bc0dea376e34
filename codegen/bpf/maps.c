/*
 * What lies outside the programs: BTF-defined maps, the constants that the runtime
 * fills in, btrun_enabled, and the subprogram that counts losses.
 */
#include "codegen/gen.h"

#include <string.h>

#include <linux/bpf.h>

/* One member of a map's definition: number n is written as a pointer to an array of n ints,
 * which is what libbpf reads from the BTF (its bpf_helpers.h, __uint()). */
static LLVMMetadataRef definition_member(struct gen *g, const char *name, uint32_t n, uint32_t at)
{
	LLVMMetadataRef integer = LLVMDIBuilderCreateBasicType(g->di, "int", 3, 32, 5, LLVMDIFlagZero);
	LLVMMetadataRef range = LLVMDIBuilderGetOrCreateSubrange(g->di, 0, n);
	LLVMMetadataRef array = LLVMDIBuilderCreateArrayType(g->di, 32ull * n, 32, integer, &range, 1);
	LLVMMetadataRef pointer = LLVMDIBuilderCreatePointerType(g->di, array, 64, 64, 0, "", 0);

	return LLVMDIBuilderCreateMemberType(
	    g->di, g->cu, name, strlen(name), g->file, 0, 64, 64, 64ull * at, LLVMDIFlagZero, pointer);
}

/* Debug information of a global, without which LLVM writes no BTF for it. */
static void describe_global(
    struct gen *g, LLVMValueRef global, struct str name, LLVMMetadataRef type, bool local)
{
	LLVMMetadataRef expression = LLVMDIBuilderCreateExpression(g->di, NULL, 0);
	LLVMMetadataRef variable = LLVMDIBuilderCreateGlobalVariableExpression(
	    g->di, g->cu, name.p, name.n, "", 0, g->file, 0, type, local, expression, NULL, 0);

	LLVMGlobalSetMetadata(global, LLVMGetMDKindIDInContext(g->context, "dbg", 3), variable);
}

/* What a map has that the row of its kind leaves open. */
struct map_shape {
	const char *name;
	uint32_t key_size, value_size, entries;
};

static LLVMValueRef define_map(struct gen *g, enum map_kind_id id, struct map_shape shape)
{
	const struct map_kind *kind = &map_kinds[id];
	const char *name = kind->symbol ? kind->symbol : shape.name;
	uint32_t entries = kind->entries ? kind->entries : shape.entries;
	uint32_t key_size = kind->key ? kind->key : shape.key_size;
	uint32_t value_size = kind->value ? kind->value : shape.value_size;
	LLVMMetadataRef members[5];
	unsigned n = 0;
	LLVMTypeRef fields[5] = { g->ptr, g->ptr, g->ptr, g->ptr, g->ptr };

	members[n] = definition_member(g, "type", kind->type, n), n++;
	members[n] = definition_member(g, "max_entries", entries, n), n++;
	if (key_size) {
		members[n] = definition_member(g, "key_size", key_size, n), n++;
		members[n] = definition_member(g, "value_size", value_size, n), n++;
	}
	if (kind->traits & MAP_IS_LATE)
		members[n] = definition_member(g, "map_flags", BPF_F_NO_PREALLOC, n), n++;
	LLVMTypeRef type = LLVMStructTypeInContext(g->context, fields, n, 0);
	LLVMValueRef map = LLVMAddGlobal(g->module, type, name);

	LLVMSetInitializer(map, LLVMConstNull(type));
	LLVMSetSection(map, ".maps");
	LLVMSetAlignment(map, 8);
	describe_global(g, map, str_of(name),
	    LLVMDIBuilderCreateStructType(g->di, g->cu, "", 0, g->file, 0, 64ull * n, 64, LLVMDIFlagZero,
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
	uint32_t value_type = image_tables_type(g, map->value);
	struct map_shape shape = {
		.name = symbol.p,
		.key_size = round_8(key),
		.value_size = round_8(g->image->types.v[value_type].size),
		.entries = map->key ? map->max_entries : 1,
	};
	struct image_map row = {
		.name = map->name,
		.elf_name = symbol,
		.key_type = map->key ? image_tables_type(g, map->key) : IMAGE_NONE,
		.value_type = value_type,
		.per_cpu = map_kinds[map->kind].traits & MAP_IS_PER_CPU,
		.span = map->first,
	};

	vec_push(g->arena, &g->maps, define_map(g, map->kind, shape));
	vec_push(g->arena, &g->image->maps, row);
}

static LLVMValueRef define_number(
    struct gen *g, const char *name, uint32_t size, const char *section, bool constant)
{
	LLVMTypeRef type = gen_int_type(g, size);
	LLVMValueRef global = LLVMAddGlobal(g->module, type, name);
	LLVMMetadataRef di = LLVMDIBuilderCreateBasicType(g->di, size == 8 ? "unsigned long" : "unsigned int",
	    size == 8 ? 13 : 12, size * 8, 7, LLVMDIFlagZero);

	LLVMSetInitializer(global, LLVMConstInt(type, 0, 0));
	LLVMSetSection(global, section);
	LLVMSetAlignment(global, size);
	LLVMSetGlobalConstant(global, constant);
	LLVMSetExternallyInitialized(global, 1);
	describe_global(g, global, str_of(name), di, false);
	return global;
}

static void define_license(struct gen *g)
{
	LLVMValueRef text = LLVMConstStringInContext(g->context, "GPL", 3, 0);
	LLVMValueRef license = LLVMAddGlobal(g->module, LLVMTypeOf(text), "_license");

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

static void define_text(struct gen *g, const char *name, uint32_t size)
{
	LLVMTypeRef type = LLVMArrayType(g->i8, size);
	LLVMValueRef global = LLVMAddGlobal(g->module, type, name);
	LLVMMetadataRef range = LLVMDIBuilderGetOrCreateSubrange(g->di, 0, size), character;

	character = LLVMDIBuilderCreateBasicType(g->di, "char", 4, 8, 6, LLVMDIFlagZero);
	LLVMSetInitializer(global, LLVMConstNull(type));
	LLVMSetSection(global, ".rodata");
	LLVMSetAlignment(global, 8);
	LLVMSetGlobalConstant(global, 1);
	LLVMSetExternallyInitialized(global, 1);
	describe_global(g, global, str_of(name),
	    LLVMDIBuilderCreateArrayType(g->di, 8ull * size, 8, character, &range, 1), false);
}

/* All of them, used or not: each has its place. */
static void define_parameters(struct gen *g)
{
	g->image->n_fixed = g->program->n_fixed;
	for (size_t i = 0; i < g->program->parameters.n; i++) {
		const struct parameter *p = &g->program->parameters.v[i];
		struct str symbol = str_format(g->arena, PARAMETER_SYMBOL "%zu", i);
		struct image_parameter row = {
			.kind = p->kind,
			.number = p->number,
			.name = p->name,
			.description = p->description,
			.fallback = p->fallback,
			.offset = IMAGE_NONE,
			.size = p->size,
			.skip = p->skip,
			.span = p->span,
		};

		vec_push(g->arena, &g->image->parameters, row);
		if (p->unplaced)
			continue;
		if (p->kind == PARAMETER_TEXT)
			define_text(g, symbol.p, round_8(p->size));
		else
			define_number(g, symbol.p, 8, ".rodata", true);
	}
}

void maps_begin(struct gen *g)
{
	define_license(g);
	define_parameters(g);
	g->enabled = define_number(g, "btrun_enabled", 4, ".bss", false);
	g->events = define_map(g, MAP_events, (struct map_shape){ 0 });
	/* Stand-ins: their sizes are known at the end. */
	g->counters = LLVMAddGlobal(g->module, g->i64, "counters_later");
	g->scratch = LLVMAddGlobal(g->module, g->i64, "scratch_later");
	g->large = LLVMAddGlobal(g->module, g->i64, "large_later");
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

LLVMValueRef param_load(struct gen *g, uint32_t row, const struct type *type, LLVMValueRef to)
{
	LLVMValueRef from = LLVMGetNamedGlobal(g->module, str_format(g->arena, PARAMETER_SYMBOL "%u", row).p);

	if (!to)
		return gen_volatile(g, g->i64, from);
	gen_copy(g, to, from, type->size);
	return NULL;
}

static LLVMValueRef extern_find(struct gen *g, enum image_extern_kind kind, struct str name)
{
	for (size_t i = 0; i < g->image->externs.n; i++) {
		const struct image_extern *s = &g->image->externs.v[i];

		if (s->kind == kind && str_eq(s->name, name))
			return LLVMGetNamedGlobal(g->module, str_format(g->arena, EXTERN_SYMBOL "%zu", i).p);
	}
	return NULL;
}

static LLVMValueRef extern_define(struct gen *g, enum image_extern_kind kind, struct str name)
{
	uint32_t size = image_extern_size(kind);
	LLVMValueRef slot = extern_find(g, kind, name);
	struct str symbol = str_format(g->arena, EXTERN_SYMBOL "%zu", g->image->externs.n);
	/* Its offset in .rodata is read from the object once that is made (relocs.c). */
	struct image_extern row = { .kind = kind, .size = size, .name = name, .span = g->place };

	if (slot)
		return slot;
	vec_push(g->arena, &g->image->externs, row);
	return define_number(g, symbol.p, size, ".rodata", true);
}

LLVMValueRef extern_load(struct gen *g, enum image_extern_kind kind, struct str name)
{
	uint32_t size = image_extern_size(kind);
	LLVMValueRef v = gen_volatile(g, gen_int_type(g, size), extern_define(g, kind, name));

	return size == 8 ? v : LLVMBuildZExt(g->b, v, g->i64, "");
}

void extern_note(struct gen *g, enum image_extern_kind kind, struct str name)
{
	extern_define(g, kind, name);
}
