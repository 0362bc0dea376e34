/*
 * The arguments of usdt probes. A probe stands at many places of a program, and each place has its arguments
 * elsewhere; the note that says where is read when the program is attached. So it is not
 * compiled in: the runtime writes it to the map "usdt", and this code reads it there.
 */
#include "codegen/gen.h"

#include <string.h>

#include <linux/bpf.h>

/* u64 usdt_register(context, number): each in a block of its own, since the verifier wants to know where in
 * the context a load goes. */
static LLVMValueRef define_register(struct gen *g)
{
	const struct arch *arch = g->program->arch;
	LLVMTypeRef params[2] = { g->ptr, g->i64 };
	LLVMValueRef function = gen_begin_function(g, "usdt_register", g->i64, params, 2), choice, v;
	LLVMBasicBlockRef none = gen_block(g, "none"), one;

	choice = LLVMBuildSwitch(g->b, LLVMGetParam(function, 1), none, arch->n_registers);
	for (unsigned i = 0; i < arch->n_registers; i++) {
		one = gen_block(g, "register");
		LLVMAddCase(choice, gen_const(g, i), one);
		LLVMPositionBuilderAtEnd(g->b, one);
		v = gen_volatile(
		    g, g->i64, gen_offset(g, LLVMGetParam(function, 0), arch->registers[i].offset));
		LLVMBuildRet(g->b, v);
	}
	LLVMPositionBuilderAtEnd(g->b, none);
	LLVMBuildRet(g->b, gen_const(g, 0));
	return function;
}

static LLVMValueRef field(struct gen *g, LLVMValueRef argument, size_t offset, uint32_t size)
{
	struct type type = { .form = FORM_INT, .size = size };

	return gen_load(g, &type, gen_offset(g, argument, (uint32_t)offset));
}

static LLVMValueRef register_of(
    struct gen *g, LLVMValueRef function, LLVMValueRef context, LLVMValueRef number)
{
	LLVMValueRef args[2] = { context, number };

	return LLVMBuildCall2(g->b, LLVMGlobalGetValueType(function), function, args, 2, "");
}

#define FIELD(g, argument, name) \
	field(g, argument, offsetof(struct usdt_argument, name), sizeof(((struct usdt_argument *)0)->name))

/* Bytes of an argument; the mask tells the verifier that they fit what they are read to. */
static LLVMValueRef size_of(struct gen *g, LLVMValueRef argument)
{
	LLVMValueRef bits = LLVMBuildSub(g->b, gen_const(g, 64), FIELD(g, argument, cut), "");

	bits = LLVMBuildLShr(g->b, bits, gen_const(g, 3), "");
	return LLVMBuildTrunc(
	    g->b, LLVMBuildAnd(g->b, gen_opaque(g, bits), gen_const(g, 15), ""), g->i32, "");
}

/* To slot, of 16 bytes, the value where the argument says it is, not cut to its size; to failed, what reading
 * it gave. */
static void locate(struct gen *g, LLVMValueRef registers, LLVMValueRef context, LLVMValueRef argument,
    LLVMValueRef slot, LLVMValueRef failed)
{
	LLVMValueRef kind = FIELD(g, argument, kind), v, index, args[3];
	LLVMBasicBlockRef is_register = gen_block(g, "is_register"), is_memory = gen_block(g, "is_memory"),
			  after = gen_block(g, "located");
	LLVMValueRef choice;

	gen_store64(g, failed, gen_const(g, 0));
	gen_store64(g, gen_offset(g, slot, 8), gen_const(g, 0));
	gen_store64(g, slot, FIELD(g, argument, value));
	choice = LLVMBuildSwitch(g->b, kind, after, 2);
	LLVMAddCase(choice, gen_const(g, USDT_REGISTER), is_register);
	LLVMAddCase(choice, gen_const(g, USDT_MEMORY), is_memory);
	LLVMPositionBuilderAtEnd(g->b, is_register);
	v = register_of(g, registers, context, FIELD(g, argument, base));
	v = LLVMBuildLShr(g->b, v, LLVMBuildAnd(g->b, FIELD(g, argument, shift), gen_const(g, 63), ""), "");
	gen_store64(g, slot, v);
	LLVMBuildBr(g->b, after);
	LLVMPositionBuilderAtEnd(g->b, is_memory);
	v = register_of(g, registers, context, FIELD(g, argument, base));
	index = register_of(g, registers, context, FIELD(g, argument, index));
	index = LLVMBuildMul(g->b, index, FIELD(g, argument, scale), "");
	v = LLVMBuildAdd(g->b, LLVMBuildAdd(g->b, v, index, ""), FIELD(g, argument, value), "");
	args[0] = slot;
	args[1] = size_of(g, argument);
	args[2] = v;
	gen_store64(g, failed, gen_call(g, HELPER_READ_USER, g->i64, args, 3));
	LLVMBuildBr(g->b, after);
	LLVMPositionBuilderAtEnd(g->b, after);
}

/* Cut to the argument's size and extended by its sign. */
static LLVMValueRef sized(struct gen *g, LLVMValueRef v, LLVMValueRef argument)
{
	LLVMValueRef cut = LLVMBuildAnd(g->b, FIELD(g, argument, cut), gen_const(g, 63), ""), is_signed;

	is_signed = LLVMBuildICmp(g->b, LLVMIntNE, FIELD(g, argument, is_signed), gen_const(g, 0), "");
	v = LLVMBuildShl(g->b, v, cut, "");
	return LLVMBuildSelect(
	    g->b, is_signed, LLVMBuildAShr(g->b, v, cut, ""), LLVMBuildLShr(g->b, v, cut, ""), "");
}

/* s64 usdt_argument(context, number, u64 *value): 0, or the error of reading it */
void usdt_define(struct gen *g)
{
	LLVMTypeRef params[3] = { g->ptr, g->i64, g->ptr };
	LLVMValueRef registers = define_register(g),
		     function = gen_begin_function(g, "usdt_argument", g->i64, params, 3);
	LLVMValueRef context = LLVMGetParam(function, 0), number = LLVMGetParam(function, 1),
		     value = LLVMGetParam(function, 2), slot = gen_alloca(g, 16, "value"),
		     failed = gen_alloca(g, 8, "failed"), key, args[2], at, offset;
	LLVMBasicBlockRef missing, outside;

	key = gen_alloca(g, 8, "key");
	gen_store64(g, key, gen_call(g, HELPER_ATTACH_COOKIE, g->i64, &context, 1));
	args[0] = g->usdt_map;
	args[1] = key;
	at = gen_call(g, HELPER_MAP_LOOKUP, g->ptr, args, 2);
	gen_if(g, LLVMBuildIsNotNull(g->b, at, ""), &missing, "found");
	number = gen_opaque(g, number);
	gen_if(
	    g, LLVMBuildICmp(g->b, LLVMIntULT, number, gen_const(g, USDT_ARGUMENTS), ""), &outside, "inside");
	offset = LLVMBuildMul(g->b, number, gen_const(g, sizeof(struct usdt_argument)), "");
	at = LLVMBuildInBoundsGEP2(g->b, g->i8, at, &offset, 1, "");
	locate(g, registers, context, at, slot, failed);
	gen_store64(g, value, sized(g, gen_load64(g, slot), at));
	LLVMBuildRet(g->b, gen_load64(g, failed));
	LLVMPositionBuilderAtEnd(g->b, outside);
	LLVMBuildBr(g->b, missing);
	LLVMPositionBuilderAtEnd(g->b, missing);
	LLVMBuildRet(g->b, gen_const(g, 0));
	g->usdt_function = function;
}
