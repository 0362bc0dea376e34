/*
 * What an action does to a map by calling a global function of that map.
 *
 * Elements that a map has not yet: such a function makes them, which keeps code that seldom runs
 * out of the programs: for twice the code, LLVM's passes and the kernel take more than twice as long (the
 * kernel puts several instructions in the place of each lookup, and each time moves all that lie behind it).
 *
 * It is no static function, which would give the element back: the verifier walks through these at each call,
 * and since 6.18 through the whole program at each of their ends.
 */
#include "codegen/gen.h"

#include <string.h>

#include <linux/bpf.h>

/* A global function takes numbers: older kernels take no pointers there. What is zeroed lies on its stack. */
#define ZEROS_MOST 64

static bool has_maker(const struct map *map)
{
	return (!map->key || round_8(map->key->size) == 8) && map->value->size <= ZEROS_MOST;
}

/* Its result: 0, or negative. */
static LLVMValueRef update(struct gen *g, const struct map *map, LLVMValueRef key, LLVMValueRef zeros)
{
	LLVMValueRef args[4] = { g->maps.v[map->index], key, zeros, gen_const(g, BPF_NOEXIST) };

	gen_zero(g, zeros, round_8(map->value->size));
	return gen_call(g, HELPER_MAP_UPDATE, g->i64, args, 4);
}

void map_upsert_begin(struct gen *g)
{
	g->upserts = arena_many(g->arena, LLVMValueRef, g->program->maps.n + 1);
	g->adders = arena_many(g->arena, LLVMValueRef, g->program->maps.n + 1);
	g->adds = arena_many(g->arena, unsigned, g->program->maps.n + 1);
}

void map_upsert_begin_program(struct gen *g)
{
	memset(g->adds, 0, g->program->maps.n * sizeof(*g->adds));
}

/* u64 key, u32 full, u32 refused, and what the function is told beside these. */
static void call(struct gen *g, LLVMValueRef *function, const char *name, const struct map *map,
    LLVMValueRef key, struct span span, LLVMValueRef more)
{
	static const uint32_t sizes[] = { 8, 4, 4, 8 };
	LLVMValueRef args[4] = { key, loss_index(g, LOSS_map_full, map->index, span),
		loss_index(g, LOSS_map_refused, map->index, span), more };
	unsigned n = more ? 4 : 3;

	if (!*function)
		*function =
		    gen_declare_global(g, str_format(g->arena, "%s_%u", name, map->index).p, sizes, n);
	LLVMBuildCall2(g->b, LLVMGlobalGetValueType(*function), *function, args, n, "");
}

static void call_maker(struct gen *g, const struct map *map, LLVMValueRef key, struct span span)
{
	call(g, &g->upserts[map->index], "make", map, gen_load64(g, key), span, NULL);
}

LLVMValueRef map_upsert_element(struct gen *g, const struct map *map, LLVMValueRef key, struct span span)
{
	LLVMValueRef args[2] = { g->maps.v[map->index], key };

	if (has_maker(map))
		call_maker(g, map, key, span);
	else
		loss_count_update(
		    g, update(g, map, key, gen_temporary(g, round_8(map->value->size))), map->index, span);
	return gen_call(g, HELPER_MAP_LOOKUP, g->ptr, args, 2);
}

/* int make(u64 key, u32 full, u32 refused) */
static void define(struct gen *g, const struct map *map, LLVMValueRef maker)
{
	LLVMValueRef key, args[3] = { NULL, LLVMGetParam(maker, 1), LLVMGetParam(maker, 2) };

	gen_enter_global(g, maker);
	key = gen_alloca(g, 8, "key");
	gen_store64(g, key, LLVMGetParam(maker, 0));
	args[0] = update(g, map, key, gen_alloca(g, round_8(map->value->size), "zeros"));
	LLVMBuildCall2(
	    g->b, LLVMGlobalGetValueType(g->loss_update_function), g->loss_update_function, args, 3, "");
	LLVMBuildRet(g->b, gen_const32(g, 0));
}

/* A program has so many additions to a map in place. Of a script with hundreds of them the others are calls:
 * each lookup in place is several instructions, before which and behind which the program is cut for a
 * branch, and the kernel and LLVM take longer by the square of both. */
#define ADDS_IN_PLACE 16

void map_upsert_sum(struct gen *g, struct node *element, LLVMValueRef by)
{
	const struct map *map = element->map.map;
	LLVMValueRef key;

	if (!has_maker(map) || map_kinds[map->kind].traits & MAP_IS_ARRAY ||
	    ++g->adds[map->index] <= ADDS_IN_PLACE) {
		gen_add_to_element(g, element, by);
		return;
	}
	key = gen_load64(g, gen_key(g, element));
	load_cse_forget(g, map);
	call(g, &g->adders[map->index], "add", map, key, element->span, by);
}

/* int add(u64 key, u32 full, u32 refused, u64 by) */
static void define_adder(struct gen *g, const struct map *map, LLVMValueRef adder)
{
	LLVMValueRef key, args[3] = { NULL, LLVMGetParam(adder, 1), LLVMGetParam(adder, 2) }, found,
			  look[2] = { g->maps.v[map->index] };
	LLVMBasicBlockRef before, inserted, after;

	gen_enter_global(g, adder);
	look[1] = key = gen_alloca(g, 8, "key");
	gen_store64(g, key, LLVMGetParam(adder, 0));
	found = gen_call(g, HELPER_MAP_LOOKUP, g->ptr, look, 2);
	before = LLVMGetInsertBlock(g->b);
	gen_if(g, LLVMBuildIsNull(g->b, found, ""), &after, "missing");
	args[0] = update(g, map, key, gen_alloca(g, round_8(map->value->size), "zeros"));
	LLVMBuildCall2(
	    g->b, LLVMGlobalGetValueType(g->loss_update_function), g->loss_update_function, args, 3, "");
	look[0] = gen_call(g, HELPER_MAP_LOOKUP, g->ptr, look, 2);
	inserted = LLVMGetInsertBlock(g->b);
	gen_go(g, after);
	found = gen_either(g, found, before, look[0], inserted);
	gen_if(g, LLVMBuildIsNotNull(g->b, found, ""), &after, "present");
	gen_add_word(g, map, found, LLVMGetParam(adder, 3));
	gen_go(g, after);
	LLVMBuildRet(g->b, gen_const32(g, 0));
}

void map_upsert_define(struct gen *g)
{
	for (size_t i = 0; i < g->program->maps.n; i++) {
		if (g->upserts[i])
			define(g, g->program->maps.v[i], g->upserts[i]);
		if (g->adders[i])
			define_adder(g, g->program->maps.v[i], g->adders[i]);
	}
}
