/*
 * The arguments of usdt probes. A probe stands at many places of a program, and each place has its arguments
 * elsewhere; the note that says where is read when the program is attached. So it is not
 * compiled in: the runtime writes it to the map "usdt", and this code reads it there.
 */
#include "codegen/bpf/usdt.h"

#include <string.h>

#include "codegen/bpf/gen.h"
#include "codegen/bpf/helpers.h"
#include "codegen/bpf/memory.h"
#include "codegen/bpf/subprogram.h"
#include "codegen/llvm/blocks.h"

/* u64 usdt_register(context, number): each in a block of its own, since the verifier wants to know where in
 * the context a load goes. */
static LLVMValueRef define_register(struct gen *g)
{
	const struct arch *arch = g->program->arch;
	struct function opened, *f = &opened;
	LLVMTypeRef params[2] = { g->m.ptr, g->m.i64 };
	LLVMValueRef function = subprogram_begin(f, g, "usdt_register", g->m.i64, params, 2), choice, v;
	LLVMBasicBlockRef none = gen_block(f, "none"), one;

	choice = LLVMBuildSwitch(f->b, LLVMGetParam(function, 1), none, arch->n_registers);
	for (unsigned i = 0; i < arch->n_registers; i++) {
		one = gen_block(f, "register");
		LLVMAddCase(choice, gen_const(f, i), one);
		LLVMPositionBuilderAtEnd(f->b, one);
		v = gen_volatile(
		    f, g->m.i64, gen_offset(f, LLVMGetParam(function, 0), arch->registers[i].offset));
		LLVMBuildRet(f->b, v);
	}
	LLVMPositionBuilderAtEnd(f->b, none);
	LLVMBuildRet(f->b, gen_const(f, 0));
	function_end(f);
	return function;
}

static LLVMValueRef field(struct function *f, LLVMValueRef argument, size_t offset, uint32_t size)
{
	struct type type = { .form = FORM_INT, .size = size };

	return gen_load(f, &type, gen_offset(f, argument, (uint32_t)offset));
}

static LLVMValueRef register_of(
    struct function *f, LLVMValueRef function, LLVMValueRef context, LLVMValueRef number)
{
	LLVMValueRef args[2] = { context, number };

	return gen_call_function(f, function, args, 2);
}

#define FIELD(f, argument, name) \
	field(f, argument, offsetof(struct usdt_argument, name), sizeof(((struct usdt_argument *)0)->name))

/* Bytes of an argument; the mask tells the verifier that they fit what they are read to. */
static LLVMValueRef size_of(struct function *f, LLVMValueRef argument)
{
	LLVMValueRef bits = LLVMBuildSub(f->b, gen_const(f, 64), FIELD(f, argument, cut), "");

	bits = LLVMBuildLShr(f->b, bits, gen_const(f, 3), "");
	return LLVMBuildTrunc(
	    f->b, LLVMBuildAnd(f->b, gen_opaque(f, bits), gen_const(f, 15), ""), f->m->i32, "");
}

/* To slot, of 16 bytes, the value where the argument says it is, not cut to its size; to failed, what reading
 * it gave. */
static void locate(struct function *f, LLVMValueRef registers, LLVMValueRef context, LLVMValueRef argument,
    LLVMValueRef slot, LLVMValueRef failed)
{
	LLVMValueRef kind = FIELD(f, argument, kind), v, index, args[3];
	LLVMBasicBlockRef is_register = gen_block(f, "is_register"), is_memory = gen_block(f, "is_memory"),
			  after = gen_block(f, "located");
	LLVMValueRef choice;

	gen_store64(f, failed, gen_const(f, 0));
	gen_store64(f, gen_offset(f, slot, 8), gen_const(f, 0));
	gen_store64(f, slot, FIELD(f, argument, value));
	choice = LLVMBuildSwitch(f->b, kind, after, 2);
	LLVMAddCase(choice, gen_const(f, USDT_REGISTER), is_register);
	LLVMAddCase(choice, gen_const(f, USDT_MEMORY), is_memory);
	LLVMPositionBuilderAtEnd(f->b, is_register);
	v = register_of(f, registers, context, FIELD(f, argument, base));
	v = LLVMBuildLShr(f->b, v, LLVMBuildAnd(f->b, FIELD(f, argument, shift), gen_const(f, 63), ""), "");
	gen_store64(f, slot, v);
	LLVMBuildBr(f->b, after);
	LLVMPositionBuilderAtEnd(f->b, is_memory);
	v = register_of(f, registers, context, FIELD(f, argument, base));
	index = register_of(f, registers, context, FIELD(f, argument, index));
	index = LLVMBuildMul(f->b, index, FIELD(f, argument, scale), "");
	v = LLVMBuildAdd(f->b, LLVMBuildAdd(f->b, v, index, ""), FIELD(f, argument, value), "");
	args[0] = slot;
	args[1] = size_of(f, argument);
	args[2] = v;
	gen_store64(f, failed, gen_call(f, BPF_FUNC_probe_read_user, f->m->i64, args, 3));
	LLVMBuildBr(f->b, after);
	LLVMPositionBuilderAtEnd(f->b, after);
}

/* Cut to the argument's size and extended by its sign. */
static LLVMValueRef sized(struct function *f, LLVMValueRef v, LLVMValueRef argument)
{
	LLVMValueRef cut = LLVMBuildAnd(f->b, FIELD(f, argument, cut), gen_const(f, 63), ""), is_signed;

	is_signed = LLVMBuildICmp(f->b, LLVMIntNE, FIELD(f, argument, is_signed), gen_const(f, 0), "");
	v = LLVMBuildShl(f->b, v, cut, "");
	return LLVMBuildSelect(
	    f->b, is_signed, LLVMBuildAShr(f->b, v, cut, ""), LLVMBuildLShr(f->b, v, cut, ""), "");
}

/* s64 usdt_argument(context, number, u64 *value): 0, or the error of reading it */
void usdt_define(struct gen *g)
{
	struct function opened, *f = &opened;
	LLVMTypeRef params[3] = { g->m.ptr, g->m.i64, g->m.ptr };
	LLVMValueRef registers = define_register(g),
		     function = subprogram_begin(f, g, "usdt_argument", g->m.i64, params, 3);
	LLVMValueRef context = LLVMGetParam(function, 0), number = LLVMGetParam(function, 1),
		     value = LLVMGetParam(function, 2), slot = gen_alloca(f, 16, "value"),
		     failed = gen_alloca(f, 8, "failed"), key, args[2], at, offset;
	LLVMBasicBlockRef missing, outside;

	key = gen_alloca(f, 8, "key");
	gen_store64(f, key, gen_call(f, BPF_FUNC_get_attach_cookie, g->m.i64, &context, 1));
	args[0] = g->usdt_map;
	args[1] = key;
	at = gen_call(f, BPF_FUNC_map_lookup_elem, g->m.ptr, args, 2);
	gen_if(f, LLVMBuildIsNotNull(f->b, at, ""), &missing, "found");
	number = gen_opaque(f, number);
	gen_if(
	    f, LLVMBuildICmp(f->b, LLVMIntULT, number, gen_const(f, USDT_ARGUMENTS), ""), &outside, "inside");
	offset = LLVMBuildMul(f->b, number, gen_const(f, sizeof(struct usdt_argument)), "");
	at = LLVMBuildInBoundsGEP2(f->b, g->m.i8, at, &offset, 1, "");
	locate(f, registers, context, at, slot, failed);
	gen_store64(f, value, sized(f, gen_load64(f, slot), at));
	LLVMBuildRet(f->b, gen_load64(f, failed));
	LLVMPositionBuilderAtEnd(f->b, outside);
	LLVMBuildBr(f->b, missing);
	LLVMPositionBuilderAtEnd(f->b, missing);
	LLVMBuildRet(f->b, gen_const(f, 0));
	function_end(f);
	g->usdt_function = function;
}
