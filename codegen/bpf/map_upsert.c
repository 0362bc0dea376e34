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
#include "codegen/bpf/map_upsert.h"

#include <string.h>

#include "base/round.h"
#include "codegen/bpf/gen.h"
#include "codegen/bpf/generations.h"
#include "codegen/bpf/helpers.h"
#include "codegen/bpf/loss_counters.h"
#include "codegen/bpf/memory.h"
#include "codegen/bpf/subprogram.h"
#include "codegen/llvm/blocks.h"

/* A global function takes numbers: older kernels take no pointers there. What is zeroed lies on its stack. */
#define ZEROS_MOST 64

static bool has_maker(const struct map *map)
{
	return (!map->key || round_8(map->key->size) == 8) && map->value->size <= ZEROS_MOST;
}

/* Its result: 0, or negative. */
static LLVMValueRef update(
    struct function *f, const struct map *map, LLVMValueRef generation, LLVMValueRef key, LLVMValueRef zeros)
{
	LLVMValueRef args[4] = { NULL, key, zeros, gen_const(f, BPF_NOEXIST) };

	gen_zero(f, zeros, round_8(map->value->size));
	return map_call(f, BPF_FUNC_map_update_elem, f->m->i64, map, generation, args, 4);
}

void map_upsert_begin(struct gen *g)
{
	g->upserts = arena_many(g->arena, LLVMValueRef, g->program->maps.n + 1);
	g->adders = arena_many(g->arena, LLVMValueRef, g->program->maps.n + 1);
}

/* u64 key, u32 full, u32 refused, what the function is told beside these, and of two maps which one. */
static void call(struct function *f, LLVMValueRef *function, const char *name, const struct map *map,
    LLVMValueRef key, struct span span, LLVMValueRef more)
{
	static const uint32_t sizes[] = { 8, 4, 4, 8, 8 };
	LLVMValueRef args[5] = { key, loss_index(f, LOSS_map_full, map->index, span),
		loss_index(f, LOSS_map_refused, map->index, span), more };
	unsigned n = more ? 4 : 3;

	if (map_is_two(map))
		args[n++] = generation_of(f, map);
	if (!*function)
		*function = global_function_declare(
		    f->g, str_format(f->g->arena, "%s_%u", name, map->index).p, sizes, n);
	gen_call_function(f, *function, args, n);
}

static void call_maker(struct function *f, const struct map *map, LLVMValueRef key, struct span span)
{
	call(f, &f->g->upserts[map->index], "make", map, gen_load64(f, key), span, NULL);
}

LLVMValueRef map_upsert_element(struct function *f, const struct map *map, LLVMValueRef key, struct span span)
{
	LLVMValueRef args[2] = { NULL, key };

	if (has_maker(map))
		call_maker(f, map, key, span);
	else
		loss_count_update(f, update(f, map, NULL, key, gen_temporary(f, round_8(map->value->size))),
		    map->index, span);
	return map_call(f, BPF_FUNC_map_lookup_elem, f->m->ptr, map, NULL, args, 2);
}

/* Of two maps, which one a function is told by its last argument. */
static LLVMValueRef told_generation(const struct map *map, LLVMValueRef function)
{
	return map_is_two(map) ? LLVMGetParam(function, LLVMCountParams(function) - 1) : NULL;
}

/* int make(u64 key, u32 full, u32 refused, [u64 generation]) */
static void define(struct gen *g, const struct map *map, LLVMValueRef maker)
{
	struct function opened, *f = &opened;
	LLVMValueRef key, args[3] = { NULL, LLVMGetParam(maker, 1), LLVMGetParam(maker, 2) };

	global_function_begin(f, g, maker);
	key = gen_alloca(f, 8, "key");
	gen_store64(f, key, LLVMGetParam(maker, 0));
	args[0] = update(
	    f, map, told_generation(map, maker), key, gen_alloca(f, round_8(map->value->size), "zeros"));
	gen_call_function(f, g->loss_update_function, args, 3);
	LLVMBuildRet(f->b, gen_const32(f, 0));
	function_end(f);
}

/* A program has so many additions to a map in place. Of a script with hundreds of them the others are calls:
 * each lookup in place is several instructions, before which and behind which the program is cut for a
 * branch, and the kernel and LLVM take longer by the square of both. */
#define ADDS_IN_PLACE 16

bool map_upsert_is_call(struct function *f, const struct map *map)
{
	return has_maker(map) && !(map_kinds[map->kind].traits & MAP_IS_ARRAY) &&
	       ++f->bpf->adds[map->index] > ADDS_IN_PLACE;
}

void map_upsert_add(
    struct function *f, const struct map *map, LLVMValueRef key, LLVMValueRef by, struct span span)
{
	call(f, &f->g->adders[map->index], "add", map, key, span, by);
}

/* int add(u64 key, u32 full, u32 refused, u64 by, [u64 generation]) */
static void define_adder(struct gen *g, const struct map *map, LLVMValueRef adder)
{
	struct function opened, *f = &opened;
	LLVMValueRef key, args[3] = { NULL, LLVMGetParam(adder, 1), LLVMGetParam(adder, 2) }, found,
			  generation = told_generation(map, adder), look[2];
	LLVMBasicBlockRef before, inserted, after;

	global_function_begin(f, g, adder);
	look[1] = key = gen_alloca(f, 8, "key");
	gen_store64(f, key, LLVMGetParam(adder, 0));
	found = map_call(f, BPF_FUNC_map_lookup_elem, g->m.ptr, map, generation, look, 2);
	before = LLVMGetInsertBlock(f->b);
	gen_if(f, LLVMBuildIsNull(f->b, found, ""), &after, "missing");
	args[0] = update(f, map, generation, key, gen_alloca(f, round_8(map->value->size), "zeros"));
	gen_call_function(f, g->loss_update_function, args, 3);
	look[0] = map_call(f, BPF_FUNC_map_lookup_elem, g->m.ptr, map, generation, look, 2);
	inserted = LLVMGetInsertBlock(f->b);
	gen_go(f, after);
	found = gen_either(f, found, before, look[0], inserted);
	gen_if(f, LLVMBuildIsNotNull(f->b, found, ""), &after, "present");
	gen_add_word(f, map, found, LLVMGetParam(adder, 3));
	gen_go(f, after);
	LLVMBuildRet(f->b, gen_const32(f, 0));
	function_end(f);
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
