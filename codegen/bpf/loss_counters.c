/*
 * Counters of what is lost: an element of a per-CPU array for each kind of loss and place of the script. What
 * counts are global functions, which the verifier walks through once and not at each call: a script of a
 * thousand statements has more than a thousand calls.
 */
#include "codegen/gen.h"

#define E2BIG_RESULT (-7) /* -E2BIG: kernel/bpf/hashtab.c, a map that has all the keys it may have */
#define EEXIST_RESULT (-17)

/* Adds one on this CPU and returns 0. */
static void add_to_counter(struct gen *g, LLVMValueRef counter)
{
	LLVMValueRef args[2], slot = gen_alloca(g, 4, "key"), value;
	LLVMBasicBlockRef after;

	LLVMBuildStore(g->b, counter, slot);
	args[0] = g->counters, args[1] = slot;
	value = gen_call(g, HELPER_MAP_LOOKUP, g->ptr, args, 2);
	gen_if(g, LLVMBuildIsNotNull(g->b, value, ""), &after, "found");
	gen_store64(g, value, LLVMBuildAdd(g->b, gen_load64(g, value), gen_const(g, 1), ""));
	gen_go(g, after);
	LLVMBuildRet(g->b, gen_const32(g, 0));
}

/* int loss_count_update(s64 result, u32 full, u32 refused). It is no failure when another CPU has just made
 * the element. */
static void define_update(struct gen *g)
{
	static const uint32_t sizes[] = { 8, 4, 4 };
	LLVMValueRef result, done, full;
	LLVMBasicBlockRef after;

	g->loss_update_function = gen_declare_global(g, "loss_count_update", sizes, 3);
	gen_enter_global(g, g->loss_update_function);
	result = LLVMGetParam(g->function, 0);
	done = LLVMBuildOr(g->b, LLVMBuildICmp(g->b, LLVMIntSGE, result, gen_const(g, 0), ""),
	    LLVMBuildICmp(g->b, LLVMIntEQ, result, gen_const(g, (uint64_t)EEXIST_RESULT), ""), "");
	gen_if(g, done, &after, "done");
	LLVMBuildRet(g->b, gen_const32(g, 0));
	LLVMPositionBuilderAtEnd(g->b, after);
	full = LLVMBuildICmp(g->b, LLVMIntEQ, result, gen_const(g, (uint64_t)E2BIG_RESULT), "");
	add_to_counter(
	    g, LLVMBuildSelect(g->b, full, LLVMGetParam(g->function, 1), LLVMGetParam(g->function, 2), ""));
}

/* int loss_count(u32 counter) */
void loss_define(struct gen *g)
{
	static const uint32_t size = 4;

	g->loss_function = gen_declare_global(g, "loss_count", &size, 1);
	gen_enter_global(g, g->loss_function);
	add_to_counter(g, LLVMGetParam(g->function, 0));
	if (g->program->maps.n)
		define_update(g);
}

static uint32_t counter(struct gen *g, struct image_counter row)
{
	for (size_t i = 0; i < g->image->counters.n; i++) {
		const struct image_counter *c = &g->image->counters.v[i];

		if (c->kind == row.kind && c->attach == row.attach && c->map == row.map &&
		    c->statements == row.statements && c->span.begin == row.span.begin &&
		    c->span.end == row.span.end)
			return (uint32_t)i;
	}
	vec_push(g->arena, &g->image->counters, row);
	return (uint32_t)g->image->counters.n - 1;
}

LLVMValueRef loss_index(struct gen *g, enum loss_id kind, uint32_t map, struct span span)
{
	struct image_counter row = {
		.kind = kind,
		.attach = g->attach->index,
		.map = map,
		.statements = loss_counters[kind].of == LOSS_OF_STATEMENTS ? (uint32_t)g->open->actions.n : 1,
		.span = span,
	};

	return gen_const32(g, counter(g, row));
}

void loss_count(struct gen *g, enum loss_id kind, uint32_t map, struct span span)
{
	LLVMValueRef index = loss_index(g, kind, map, span);

	LLVMBuildCall2(g->b, LLVMGlobalGetValueType(g->loss_function), g->loss_function, &index, 1, "");
}

void loss_count_update(struct gen *g, LLVMValueRef result, uint32_t map, struct span span)
{
	LLVMValueRef args[3] = { result, loss_index(g, LOSS_map_full, map, span),
		loss_index(g, LOSS_map_refused, map, span) };

	LLVMBuildCall2(
	    g->b, LLVMGlobalGetValueType(g->loss_update_function), g->loss_update_function, args, 3, "");
}

void loss_count_failure(struct gen *g, LLVMValueRef result, enum loss_id kind, uint32_t map, struct span span)
{
	struct rare rare;

	gen_if_rare(g, LLVMBuildICmp(g->b, LLVMIntSLT, result, gen_const(g, 0), ""), &rare, "failed");
	loss_count(g, kind, map, span);
	gen_end_rare(g, &rare);
}
