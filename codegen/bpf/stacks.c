/*
 * A stack is kept once, in the map "stacks", under the hash of its addresses; what
 * scripts keep, compare and print is the hash. (bpf_get_stackid() would lose stacks that meet in
 * a bucket, or put one in place of another.)
 */
#include "codegen/bpf/stacks.h"

#include "codegen/bpf/context.h"
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

/* Keeps the n bytes of addresses of the stack in the map, which has it under its hash, and returns that from
 * the subprogram. */
static void keep_stack(struct function *f, LLVMValueRef stack, LLVMValueRef n)
{
	LLVMValueRef key = gen_alloca(f, 8, "key"), hash, found, result;
	LLVMValueRef args[4] = { f->g->stacks, key, stack, gen_const(f, BPF_ANY) };
	LLVMBasicBlockRef after, failed;

	gen_store64(f, stack, LLVMBuildLShr(f->b, n, gen_const(f, 3), ""));
	hash = hash_addresses(f, gen_offset(f, stack, offsetof(struct stack_value, addresses)), n);
	gen_store64(f, key, hash);
	found = gen_call(f, BPF_FUNC_map_lookup_elem, f->m->ptr, args, 2);
	gen_if(f, LLVMBuildIsNull(f->b, found, ""), &after, "new");
	result = gen_call(f, BPF_FUNC_map_update_elem, f->m->i64, args, 4);
	gen_if(f, LLVMBuildICmp(f->b, LLVMIntSLT, result, gen_const(f, 0), ""), &failed, "full");
	LLVMBuildRet(f->b, gen_const(f, UINT64_MAX));
	LLVMPositionBuilderAtEnd(f->b, failed);
	gen_go(f, after);
	LLVMBuildRet(f->b, hash);
}

/* Lets the kernel write the addresses to where they belong; its bytes. Without any the subprogram returns. */
static LLVMValueRef take_addresses(struct function *f, LLVMValueRef function, LLVMValueRef to)
{
	LLVMValueRef args[4] = { LLVMGetParam(function, 0), to,
		LLVMBuildTrunc(f->b, LLVMGetParam(function, 3), f->m->i32, ""), LLVMGetParam(function, 2) };
	LLVMValueRef n = gen_call(f, BPF_FUNC_get_stack, f->m->i64, args, 4);
	LLVMBasicBlockRef after;

	gen_if(f, LLVMBuildICmp(f->b, LLVMIntSLE, n, gen_const(f, 0), ""), &after, "empty");
	LLVMBuildRet(f->b, gen_const(f, 0));
	LLVMPositionBuilderAtEnd(f->b, after);
	return n;
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
	LLVMValueRef room = LLVMGetParam(function, 1), n;

	n = take_addresses(f, function, gen_offset(f, room, offsetof(struct stack_value, addresses)));
	keep_stack(f, room, n);
	function_end(f);
	g->stack_id = function;
}

/* What a function's entry is given of the registers, in front of where the stack goes. */
struct entry_registers {
	uint64_t stack_pointer, frame_pointer;
};

/* A frame as programs that keep frame pointers have it. */
struct user_frame {
	uint64_t next, caller;
};

#define LOW_STACK (1ull << 32) /* the stacks of 32-bit programs lie below */

static LLVMValueRef read_user(struct function *f, LLVMValueRef to, uint32_t size, LLVMValueRef at)
{
	LLVMValueRef args[3] = { to, gen_const32(f, size), at };

	return gen_call(f, BPF_FUNC_probe_read_user, f->m->i64, args, 3);
}

/*
 * Counts from 1 the first frame, by the frame pointers, that does not return to the caller: with a function
 * that calls itself from one place several do. A frame that can't be read is taken for such a one.
 */
static LLVMValueRef count_alike(struct function *f, LLVMValueRef caller, LLVMValueRef frame_pointer)
{
	LLVMBasicBlockRef head = gen_block(f, "frame"), more = gen_block(f, "alike"),
			  after = gen_block(f, "counted");
	LLVMValueRef frame = gen_alloca(f, sizeof(struct user_frame), "user_frame"),
		     at = gen_alloca(f, 8, "at"), k = gen_alloca(f, 8, "k"), same, n;

	gen_store64(f, at, frame_pointer);
	gen_store64(f, k, gen_const(f, 1));
	gen_go(f, head);
	read_user(f, frame, sizeof(struct user_frame), gen_load64(f, at));
	n = gen_load64(f, k);
	same = LLVMBuildICmp(f->b, LLVMIntEQ,
	    gen_load64(f, gen_offset(f, frame, offsetof(struct user_frame, caller))), caller, "");
	same = LLVMBuildAnd(f->b, same, LLVMBuildICmp(f->b, LLVMIntULT, n, gen_const(f, FRAMES - 1), ""), "");
	LLVMBuildCondBr(f->b, same, more, after);
	LLVMPositionBuilderAtEnd(f->b, more);
	gen_store64(f, k, LLVMBuildAdd(f->b, n, gen_const(f, 1), ""));
	gen_store64(f, at, gen_load64(f, frame));
	LLVMBuildBr(f->b, head);
	LLVMPositionBuilderAtEnd(f->b, after);
	return n;
}

/*
 * Tells whether the caller has to be put behind the first of the n bytes of addresses. Kernels from 6.11 on
 * do so themselves, if the function begins with endbr64 or push (arch/x86/events/core.c,
 * is_uprobe_at_func_entry()): then as many frames stand behind the caller as return to it.
 */
static LLVMValueRef is_caller_missing(
    struct function *f, LLVMValueRef addresses, LLVMValueRef n, LLVMValueRef caller, LLVMValueRef frame)
{
	LLVMBasicBlockRef after;
	LLVMValueRef missing = gen_alloca(f, 8, "missing"), k, at, there;

	gen_store64(f, missing, gen_const(f, 1));
	k = LLVMBuildShl(f->b, count_alike(f, caller, frame), gen_const(f, 3), "");
	gen_if(f, LLVMBuildICmp(f->b, LLVMIntULT, k, n, ""), &after, "long_enough");
	at = LLVMBuildAnd(f->b, gen_opaque(f, k), gen_const(f, 1023), "");
	there = gen_load64(f, LLVMBuildInBoundsGEP2(f->b, f->m->i8, addresses, &at, 1, ""));
	there = LLVMBuildICmp(f->b, LLVMIntNE, there, caller, "");
	gen_store64(f, missing, LLVMBuildZExt(f->b, there, f->m->i64, ""));
	gen_go(f, after);
	return LLVMBuildICmp(f->b, LLVMIntNE, gen_load64(f, missing), gen_const(f, 0), "");
}

/* Puts the caller behind the first of the addresses, which moves down by one: into the last word of the
 * registers. */
static void insert_caller(struct function *f, LLVMValueRef addresses, LLVMValueRef caller)
{
	LLVMValueRef back = LLVMConstInt(f->m->i64, (uint64_t)-8, true);
	LLVMValueRef before = LLVMBuildInBoundsGEP2(f->b, f->m->i8, addresses, &back, 1, "");

	gen_store64(f, before, gen_load64(f, addresses));
	gen_store64(f, addresses, caller);
}

/*
 * u64 entry_stack_id(context, room, flags, bytes): the same at a function's entry, where its frame does not
 * stand yet and nothing but the stack pointer leads to its caller. Room begins with struct entry_registers,
 * of which the last word becomes the head of the stack, or, with the caller, the first.
 */
static void define_entry(struct gen *g)
{
	struct function opened, *f = &opened;
	LLVMTypeRef params[4] = { g->m.ptr, g->m.ptr, g->m.i64, g->m.i64 };
	LLVMValueRef function = subprogram_begin(f, g, "entry_stack_id", g->m.i64, params, 4);
	LLVMValueRef room = LLVMGetParam(function, 1), most = LLVMGetParam(function, 3), caller, n, sp, bp;
	LLVMValueRef addresses = gen_offset(f, room, sizeof(struct entry_registers)), begin, known, stack;
	LLVMBasicBlockRef after, present;

	begin = gen_alloca(f, 8, "begin");
	caller = gen_alloca(f, 8, "caller");
	sp = gen_load64(f, gen_offset(f, room, offsetof(struct entry_registers, stack_pointer)));
	bp = gen_load64(f, gen_offset(f, room, offsetof(struct entry_registers, frame_pointer)));
	known = LLVMBuildICmp(f->b, LLVMIntEQ, read_user(f, caller, 8, sp), gen_const(f, 0), "");
	known =
	    LLVMBuildAnd(f->b, known, LLVMBuildICmp(f->b, LLVMIntUGE, sp, gen_const(f, LOW_STACK), ""), "");
	n = take_addresses(f, function, addresses);
	gen_store64(f, begin, n);
	stack = gen_alloca(f, 8, "stack");
	gen_store64(f, stack, gen_const(f, 8));
	gen_if(f, known, &after, "known");
	gen_if(f, is_caller_missing(f, addresses, n, gen_load64(f, caller), bp), &present, "missing");
	insert_caller(f, addresses, gen_load64(f, caller));
	gen_store64(f, stack, gen_const(f, 0));
	n = LLVMBuildAdd(f->b, n, gen_const(f, 8), "");
	gen_store64(
	    f, begin, LLVMBuildSelect(f->b, LLVMBuildICmp(f->b, LLVMIntULT, n, most, ""), n, most, ""));
	gen_go(f, present);
	gen_go(f, after);
	stack = gen_load64(f, stack);
	keep_stack(f, LLVMBuildInBoundsGEP2(f->b, f->m->i8, room, &stack, 1, ""), gen_load64(f, begin));
	function_end(f);
	g->entry_stack_id = function;
}

/* Tells whether the program stands at the first instruction of a function of a program whose calls leave the
 * way back on the stack. At an address nobody knows. */
static bool is_at_entry(const struct function *f)
{
	const struct attach *a = f->bpf->attach;

	return f->bpf->program_kind == PROGRAM_uprobe && a->function.n && !a->offset &&
	       f->g->program->arch->first_on_stack;
}

static LLVMValueRef call_entry(struct function *f, LLVMValueRef args[4])
{
	const struct arch *arch = f->g->program->arch;

	if (!f->g->entry_stack_id)
		define_entry(f->g);
	args[1] = gen_scratch(f, sizeof(struct entry_registers) + sizeof(struct stack_value));
	gen_store64(f, gen_offset(f, args[1], offsetof(struct entry_registers, stack_pointer)),
	    context_register(f, arch->stack_pointer));
	gen_store64(f, gen_offset(f, args[1], offsetof(struct entry_registers, frame_pointer)),
	    context_register(f, arch->frame_pointer));
	return gen_call_function(f, f->g->entry_stack_id, args, 4);
}

LLVMValueRef stack_take(struct function *f, uint64_t flags, uint32_t frames, struct span span)
{
	LLVMValueRef args[4] = { f->bpf->context_arg, NULL, gen_const(f, flags),
		gen_const(f, 8ull * frames) };
	LLVMBasicBlockRef after;
	LLVMValueRef id;

	if (flags & BPF_F_USER_STACK && is_at_entry(f)) {
		id = call_entry(f, args);
	} else {
		args[1] = gen_scratch(f, sizeof(struct stack_value));
		id = gen_call_function(f, f->g->stack_id, args, 4);
	}
	gen_if(f, LLVMBuildICmp(f->b, LLVMIntEQ, id, gen_const(f, UINT64_MAX), ""), &after, "lost");
	loss_count(f, LOSS_stack_lost, IMAGE_NONE, span);
	gen_go(f, after);
	return id;
}
