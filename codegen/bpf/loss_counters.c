/*
 * Counters of what is lost: an element of a per-CPU array for each kind of loss and place of the script. What
 * counts are global functions, which the verifier walks through once and not at each call: a script of a
 * thousand statements has more than a thousand calls.
 */
#include "codegen/bpf/loss_counters.h"

#include <errno.h>

#include "codegen/bpf/gen.h"
#include "codegen/bpf/helpers.h"
#include "codegen/bpf/subprogram.h"
#include "codegen/llvm/blocks.h"

/* Adds one on this CPU and returns 0. */
static void add_to_counter(struct function *f, LLVMValueRef counter)
{
	LLVMValueRef args[2], slot = gen_alloca(f, 4, "key"), value;
	LLVMBasicBlockRef after;

	LLVMBuildStore(f->b, counter, slot);
	args[0] = f->g->counters, args[1] = slot;
	value = gen_call(f, BPF_FUNC_map_lookup_elem, f->m->ptr, args, 2);
	gen_if(f, LLVMBuildIsNotNull(f->b, value, ""), &after, "found");
	gen_store64(f, value, LLVMBuildAdd(f->b, gen_load64(f, value), gen_const(f, 1), ""));
	gen_go(f, after);
	LLVMBuildRet(f->b, gen_const32(f, 0));
}

/* Defines int loss_count_update(s64 result, u32 full, u32 refused). E2BIG: the map has all the keys that it
 * may have (kernel/bpf/hashtab.c). It is no failure when another CPU has just made the element. */
static void define_update(struct gen *g)
{
	struct function opened, *f = &opened;
	static const uint32_t sizes[] = { 8, 4, 4 };
	LLVMValueRef result, done, full;
	LLVMBasicBlockRef after;

	g->loss_update_function = global_function_declare(g, "loss_count_update", sizes, 3);
	global_function_begin(f, g, g->loss_update_function);
	result = LLVMGetParam(f->function, 0);
	done = LLVMBuildOr(f->b, LLVMBuildICmp(f->b, LLVMIntSGE, result, gen_const(f, 0), ""),
	    LLVMBuildICmp(f->b, LLVMIntEQ, result, gen_const(f, (uint64_t)-EEXIST), ""), "");
	gen_if(f, done, &after, "done");
	LLVMBuildRet(f->b, gen_const32(f, 0));
	LLVMPositionBuilderAtEnd(f->b, after);
	full = LLVMBuildICmp(f->b, LLVMIntEQ, result, gen_const(f, (uint64_t)-E2BIG), "");
	add_to_counter(
	    f, LLVMBuildSelect(f->b, full, LLVMGetParam(f->function, 1), LLVMGetParam(f->function, 2), ""));
	function_end(f);
}

/* int loss_count(u32 counter) */
void loss_define(struct gen *g)
{
	struct function opened, *f = &opened;
	static const uint32_t size = 4;

	g->loss_function = global_function_declare(g, "loss_count", &size, 1);
	global_function_begin(f, g, g->loss_function);
	add_to_counter(f, LLVMGetParam(f->function, 0));
	function_end(f);
	if (g->program->maps.n)
		define_update(g);
}

static uint32_t counter(struct function *f, struct image_counter row)
{
	for (size_t i = 0; i < f->g->image->counters.n; i++) {
		const struct image_counter *c = &f->g->image->counters.v[i];

		if (c->kind == row.kind && c->attach == row.attach && c->map == row.map &&
		    c->statements == row.statements && c->span.begin == row.span.begin &&
		    c->span.end == row.span.end)
			return (uint32_t)i;
	}
	vec_push(f->g->arena, &f->g->image->counters, row);
	return (uint32_t)f->g->image->counters.n - 1;
}

LLVMValueRef loss_index(struct function *f, enum loss_id kind, uint32_t map, struct span span)
{
	struct image_counter row = {
		.kind = kind,
		.attach = f->bpf->attach->index,
		.map = map,
		.statements = loss_counters[kind].of == LOSS_OF_STATEMENTS ? f->bpf->record_statements : 1,
		.span = source_in_script(f->g->program->map, span),
	};

	return gen_const32(f, counter(f, row));
}

void loss_count(struct function *f, enum loss_id kind, uint32_t map, struct span span)
{
	LLVMValueRef index = loss_index(f, kind, map, span);

	gen_call_function(f, f->g->loss_function, &index, 1);
}

void loss_count_update(struct function *f, LLVMValueRef result, uint32_t map, struct span span)
{
	LLVMValueRef args[3] = { result, loss_index(f, LOSS_map_full, map, span),
		loss_index(f, LOSS_map_refused, map, span) };

	gen_call_function(f, f->g->loss_update_function, args, 3);
}

void loss_count_failure(
    struct function *f, LLVMValueRef result, enum loss_id kind, uint32_t map, struct span span)
{
	struct rare rare;

	gen_if_rare(f, LLVMBuildICmp(f->b, LLVMIntSLT, result, gen_const(f, 0), ""), &rare, "failed");
	loss_count(f, kind, map, span);
	gen_end_rare(f, &rare);
}
