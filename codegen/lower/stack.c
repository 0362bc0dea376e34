/*
 * Stacks and user symbols. A stack is kept once, in the map "stacks", under the hash of its addresses; what
 * scripts keep, compare and print is the hash. (bpf_get_stackid() would lose stacks that meet in
 * a bucket, or put one in place of another.)
 */
#include "codegen/lower/builtin.h"

#include <linux/bpf.h>

#define FRAMES ((uint32_t)(sizeof(((struct stack_value *)0)->addresses) / 8))
#define HASH_MULTIPLIER 0x9e3779b97f4a7c15ull /* of Fibonacci hashing: 2^64 by the golden ratio */

/* hash = (hash ^ address) * multiplier, folded, over the n bytes at from. */
static LLVMValueRef hash_addresses(struct gen *g, LLVMValueRef from, LLVMValueRef n)
{
	LLVMBasicBlockRef head = gen_block(g, "frames"), body = gen_block(g, "frame"),
			  after = gen_block(g, "hashed");
	LLVMValueRef i = gen_alloca(g, 8, "i"), hash = gen_alloca(g, 8, "hash"), at, v, more;

	gen_store64(g, i, gen_const(g, 0));
	gen_store64(g, hash, n);
	gen_go(g, head);
	at = gen_load64(g, i);
	more = LLVMBuildAnd(g->b, LLVMBuildICmp(g->b, LLVMIntULT, at, n, ""),
	    LLVMBuildICmp(g->b, LLVMIntULT, at, gen_const(g, 8 * FRAMES), ""), "");
	LLVMBuildCondBr(g->b, more, body, after);
	LLVMPositionBuilderAtEnd(g->b, body);
	v = gen_load64(g, LLVMBuildInBoundsGEP2(g->b, g->i8, from, &at, 1, ""));
	v = LLVMBuildMul(
	    g->b, LLVMBuildXor(g->b, gen_load64(g, hash), v, ""), gen_const(g, HASH_MULTIPLIER), "");
	v = LLVMBuildXor(g->b, v, LLVMBuildLShr(g->b, v, gen_const(g, 29), ""), "");
	gen_store64(g, hash, v);
	gen_store64(g, i, LLVMBuildAdd(g->b, at, gen_const(g, 8), ""));
	LLVMBuildBr(g->b, head);
	LLVMPositionBuilderAtEnd(g->b, after);
	v = gen_load64(g, hash);
	/* 0 is the stack of no frames. */
	return LLVMBuildSelect(
	    g->b, LLVMBuildICmp(g->b, LLVMIntEQ, v, gen_const(g, 0), ""), gen_const(g, 1), v, "");
}

/*
 * u64 stack_id(context, room, flags, bytes): takes the stack into room, and into the map when it is not
 * there. 0: there are no frames; UINT64_MAX: the map is full.
 */
void stack_define(struct gen *g)
{
	LLVMTypeRef params[4] = { g->ptr, g->ptr, g->i64, g->i64 };
	LLVMValueRef function = gen_begin_function(g, "stack_id", g->i64, params, 4);
	LLVMValueRef room = LLVMGetParam(function, 1), addresses, args[4], n, key, hash, found, empty;
	LLVMBasicBlockRef after, failed;

	key = gen_alloca(g, 8, "key");
	addresses = gen_offset(g, room, offsetof(struct stack_value, addresses));
	args[0] = LLVMGetParam(function, 0);
	args[1] = addresses;
	args[2] = LLVMBuildTrunc(g->b, LLVMGetParam(function, 3), g->i32, "");
	args[3] = LLVMGetParam(function, 2);
	n = gen_call(g, HELPER_GET_STACK, g->i64, args, 4);
	empty = LLVMBuildICmp(g->b, LLVMIntSLE, n, gen_const(g, 0), "");
	gen_if(g, empty, &after, "empty");
	LLVMBuildRet(g->b, gen_const(g, 0));
	LLVMPositionBuilderAtEnd(g->b, after);
	gen_store64(g, room, LLVMBuildLShr(g->b, n, gen_const(g, 3), ""));
	hash = hash_addresses(g, addresses, n);
	gen_store64(g, key, hash);
	args[0] = g->stacks;
	args[1] = key;
	found = gen_call(g, HELPER_MAP_LOOKUP, g->ptr, args, 2);
	gen_if(g, LLVMBuildIsNull(g->b, found, ""), &after, "new");
	args[2] = room;
	args[3] = gen_const(g, BPF_ANY);
	n = gen_call(g, HELPER_MAP_UPDATE, g->i64, args, 4);
	gen_if(g, LLVMBuildICmp(g->b, LLVMIntSLT, n, gen_const(g, 0), ""), &failed, "full");
	LLVMBuildRet(g->b, gen_const(g, UINT64_MAX));
	LLVMPositionBuilderAtEnd(g->b, failed);
	gen_go(g, after);
	LLVMBuildRet(g->b, hash);
	g->stack_id = function;
}

static LLVMValueRef take_stack(struct gen *g, const struct builtin_use *use, uint64_t flags)
{
	const struct type *type = use->node->type;
	LLVMValueRef args[4] = { g->context_arg, gen_scratch(g, sizeof(struct stack_value)),
		gen_const(g, flags), gen_const(g, 8ull * type->frames) };
	LLVMValueRef id = LLVMBuildCall2(g->b, LLVMGlobalGetValueType(g->stack_id), g->stack_id, args, 4, "");
	LLVMBasicBlockRef after;

	gen_if(g, LLVMBuildICmp(g->b, LLVMIntEQ, id, gen_const(g, UINT64_MAX), ""), &after, "lost");
	loss_count(g, LOSS_stack_lost, IMAGE_NONE, use->node->span);
	gen_go(g, after);
	return id;
}

LLVMValueRef builtin_kstack(struct gen *g, const struct builtin_use *use)
{
	return take_stack(g, use, program_kinds[g->program_kind].frames);
}

/* A number that only the process can explain: the number, and the process. */
static LLVMValueRef with_process(struct gen *g, const struct builtin_use *use, LLVMValueRef number)
{
	LLVMValueRef pid = gen_pid_tgid(g);

	gen_store64(g, use->to, number);
	gen_store64(g, gen_offset(g, use->to, 8), LLVMBuildLShr(g->b, pid, gen_const(g, 32), ""));
	return NULL;
}

LLVMValueRef builtin_ustack(struct gen *g, const struct builtin_use *use)
{
	return with_process(g, use, take_stack(g, use, BPF_F_USER_STACK));
}

LLVMValueRef builtin_ksym(struct gen *g, const struct builtin_use *use)
{
	return gen_value(g, use->args);
}

LLVMValueRef builtin_usym(struct gen *g, const struct builtin_use *use)
{
	return with_process(g, use, gen_value(g, use->args));
}
