#include "codegen/bpf/generations.h"

#include "codegen/llvm/blocks.h"
#include "codegen/llvm/build.h"

bool map_is_two(const struct map *map)
{
	return map->is_reset && map->key;
}

LLVMValueRef generation_of(struct function *f, const struct map *map)
{
	LLVMValueRef word = gen_load64(f, f->bpf->generations);

	f->bpf->generations_used = true;
	word = LLVMBuildLShr(f->b, word, gen_const(f, map->generation), "");
	return LLVMBuildAnd(f->b, word, gen_const(f, 1), "");
}

void generations_read(struct function *f)
{
	if (f->bpf->generations_used)
		gen_store64(f, f->bpf->generations, gen_volatile(f, f->m->i64, f->g->generations));
}

void map_use_begin(struct function *f, const struct map *map, LLVMValueRef generation, struct map_use *use)
{
	LLVMValueRef key, args[2] = { f->g->halves.v[map->index] };

	*use = (struct map_use){ .map = f->g->maps.v[map->index] };
	if (!map_is_two(map))
		return;
	args[1] = key = gen_alloca(f, 4, "generation");
	generation = generation ? generation : generation_of(f, map);
	LLVMBuildStore(f->b, LLVMBuildTrunc(f->b, generation, f->m->i32, ""), key);
	use->map = gen_call(f, BPF_FUNC_map_lookup_elem, f->m->ptr, args, 2);
	use->before = LLVMGetInsertBlock(f->b);
	gen_if(f, LLVMBuildIsNotNull(f->b, use->map, ""), &use->after, "half");
}

LLVMValueRef map_use_end(struct function *f, const struct map_use *use, LLVMValueRef v)
{
	LLVMBasicBlockRef end = LLVMGetInsertBlock(f->b);

	if (!use->after)
		return v;
	gen_go(f, use->after);
	return gen_either(f, LLVMConstNull(LLVMTypeOf(v)), use->before, v, end);
}

LLVMValueRef map_call(struct function *f, enum bpf_func_id helper, LLVMTypeRef result, const struct map *map,
    LLVMValueRef generation, LLVMValueRef *args, unsigned n)
{
	struct map_use use;

	map_use_begin(f, map, generation, &use);
	args[0] = use.map;
	return map_use_end(f, &use, gen_call(f, helper, result, args, n));
}
