/*
 * A stack is kept once, in the map "stacks", under the hash of its addresses; what
 * scripts keep, compare and print is the hash. (bpf_get_stackid() would lose stacks that meet in
 * a bucket, or put one in place of another.)
 */
#include "codegen/bpf/stacks.h"

#include "codegen/bpf/gen.h"
#include "codegen/bpf/helpers.h"
#include "codegen/bpf/loss_counters.h"
#include "codegen/bpf/memory.h"
#include "codegen/bpf/subprogram.h"
#include "codegen/llvm/blocks.h"

#define FRAMES ((uint32_t)(sizeof(((struct stack_value *)0)->addresses) / 8))
#define HASH_MULTIPLIER 0x9e3779b97f4a7c15ull /* of Fibonacci hashing: 2^64 by the golden ratio */

/* hash = (hash ^ address) * multiplier, folded, over the n bytes at from. */
static LLVMValueRef hash_addresses(struct function *f, LLVMValueRef from, LLVMValueRef n)
{
	LLVMBasicBlockRef head = gen_block(f, "frames"), body = gen_block(f, "frame"),
			  after = gen_block(f, "hashed");
	LLVMValueRef i = gen_alloca(f, 8, "i"), hash = gen_alloca(f, 8, "hash"), at, v, more;

	gen_store64(f, i, gen_const(f, 0));
	gen_store64(f, hash, n);
	gen_go(f, head);
	at = gen_load64(f, i);
	more = LLVMBuildAnd(f->b, LLVMBuildICmp(f->b, LLVMIntULT, at, n, ""),
	    LLVMBuildICmp(f->b, LLVMIntULT, at, gen_const(f, 8 * FRAMES), ""), "");
	LLVMBuildCondBr(f->b, more, body, after);
	LLVMPositionBuilderAtEnd(f->b, body);
	v = gen_load64(f, LLVMBuildInBoundsGEP2(f->b, f->m->i8, from, &at, 1, ""));
	v = LLVMBuildMul(
	    f->b, LLVMBuildXor(f->b, gen_load64(f, hash), v, ""), gen_const(f, HASH_MULTIPLIER), "");
	v = LLVMBuildXor(f->b, v, LLVMBuildLShr(f->b, v, gen_const(f, 29), ""), "");
	gen_store64(f, hash, v);
	gen_store64(f, i, LLVMBuildAdd(f->b, at, gen_const(f, 8), ""));
	LLVMBuildBr(f->b, head);
	LLVMPositionBuilderAtEnd(f->b, after);
	v = gen_load64(f, hash);
	/* 0 is the stack of no frames. */
	return LLVMBuildSelect(
	    f->b, LLVMBuildICmp(f->b, LLVMIntEQ, v, gen_const(f, 0), ""), gen_const(f, 1), v, "");
}

/*
 * u64 stack_id(context, room, flags, bytes): takes the stack into room, and into the map when it is not
 * there. 0: there are no frames; UINT64_MAX: the map is full.
 */
void stack_define(struct gen *g)
{
	struct function opened, *f = &opened;
	LLVMTypeRef params[4] = { g->m.ptr, g->m.ptr, g->m.i64, g->m.i64 };
	LLVMValueRef function = subprogram_begin(f, g, "stack_id", g->m.i64, params, 4);
	LLVMValueRef room = LLVMGetParam(function, 1), addresses, args[4], n, key, hash, found, empty;
	LLVMBasicBlockRef after, failed;

	key = gen_alloca(f, 8, "key");
	addresses = gen_offset(f, room, offsetof(struct stack_value, addresses));
	args[0] = LLVMGetParam(function, 0);
	args[1] = addresses;
	args[2] = LLVMBuildTrunc(f->b, LLVMGetParam(function, 3), g->m.i32, "");
	args[3] = LLVMGetParam(function, 2);
	n = gen_call(f, BPF_FUNC_get_stack, g->m.i64, args, 4);
	empty = LLVMBuildICmp(f->b, LLVMIntSLE, n, gen_const(f, 0), "");
	gen_if(f, empty, &after, "empty");
	LLVMBuildRet(f->b, gen_const(f, 0));
	LLVMPositionBuilderAtEnd(f->b, after);
	gen_store64(f, room, LLVMBuildLShr(f->b, n, gen_const(f, 3), ""));
	hash = hash_addresses(f, addresses, n);
	gen_store64(f, key, hash);
	args[0] = g->stacks;
	args[1] = key;
	found = gen_call(f, BPF_FUNC_map_lookup_elem, g->m.ptr, args, 2);
	gen_if(f, LLVMBuildIsNull(f->b, found, ""), &after, "new");
	args[2] = room;
	args[3] = gen_const(f, BPF_ANY);
	n = gen_call(f, BPF_FUNC_map_update_elem, g->m.i64, args, 4);
	gen_if(f, LLVMBuildICmp(f->b, LLVMIntSLT, n, gen_const(f, 0), ""), &failed, "full");
	LLVMBuildRet(f->b, gen_const(f, UINT64_MAX));
	LLVMPositionBuilderAtEnd(f->b, failed);
	gen_go(f, after);
	LLVMBuildRet(f->b, hash);
	function_end(f);
	g->stack_id = function;
}

LLVMValueRef stack_take(struct function *f, uint64_t flags, uint32_t frames, struct span span)
{
	LLVMValueRef args[4] = { f->bpf->context_arg, gen_scratch(f, sizeof(struct stack_value)),
		gen_const(f, flags), gen_const(f, 8ull * frames) };
	LLVMValueRef id = gen_call_function(f, f->g->stack_id, args, 4);
	LLVMBasicBlockRef after;

	gen_if(f, LLVMBuildICmp(f->b, LLVMIntEQ, id, gen_const(f, UINT64_MAX), ""), &after, "lost");
	loss_count(f, LOSS_stack_lost, IMAGE_NONE, span);
	gen_go(f, after);
	return id;
}
