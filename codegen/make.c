/*
 * Elements that a map has not yet. A global function of the map makes them, which keeps code that seldom runs
 * out of the programs: for twice the code, LLVM's passes and the kernel take more than twice as long (the
 * kernel puts several instructions in the place of each lookup, and each time moves all that lie behind it).
 *
 * It is no static function, which would give the element back: the verifier walks through these at each call,
 * and since 6.18 through the whole program at each of their ends.
 */
#include "codegen/gen.h"

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

static void call_maker(struct gen *g, const struct map *map, LLVMValueRef key, struct span span)
{
	static const uint32_t sizes[] = { 8, 4, 4 };
	LLVMValueRef *maker = &g->makers[map->index],
		     args[3] = { gen_load64(g, key), count_index(g, COUNTER_MAP_FULL, map->index, span),
			     count_index(g, COUNTER_MAP_REFUSED, map->index, span) };

	if (!*maker)
		*maker = gen_declare_global(g, str_format(g->arena, "make_%u", map->index).p, sizes, 3);
	LLVMBuildCall2(g->b, LLVMGlobalGetValueType(*maker), *maker, args, 3, "");
}

LLVMValueRef make_element(struct gen *g, const struct map *map, LLVMValueRef key, struct span span)
{
	LLVMValueRef args[2] = { g->maps.v[map->index], key };

	if (has_maker(map))
		call_maker(g, map, key, span);
	else
		count_update(
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
	LLVMBuildCall2(g->b, LLVMGlobalGetValueType(g->count_update), g->count_update, args, 3, "");
	LLVMBuildRet(g->b, gen_const32(g, 0));
}

void make_define(struct gen *g)
{
	for (size_t i = 0; i < g->program->maps.n; i++)
		if (g->makers[i])
			define(g, g->program->maps.v[i], g->makers[i]);
}
