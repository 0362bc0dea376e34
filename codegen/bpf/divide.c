#include "codegen/bpf/divide.h"

#include "codegen/llvm/build.h"

static LLVMValueRef magnitude(struct function *f, LLVMValueRef v)
{
	LLVMValueRef negative = LLVMBuildICmp(f->b, LLVMIntSLT, v, gen_const(f, 0), "");

	return LLVMBuildSelect(f->b, negative, LLVMBuildNeg(f->b, v, ""), v, "");
}

/* A division of which the instruction set says what by zero gives (0, and the dividend for a
 * remainder), where LLVM calls it undefined: so it must not see a plain udiv. */
static LLVMValueRef divide_unsigned(struct function *f, LLVMValueRef a, LLVMValueRef b, bool remainder)
{
	LLVMValueRef zero = LLVMBuildICmp(f->b, LLVMIntEQ, b, gen_const(f, 0), "");
	LLVMValueRef safe = LLVMBuildSelect(f->b, zero, gen_const(f, 1), b, "");

	if (remainder)
		return LLVMBuildSelect(f->b, zero, a, LLVMBuildURem(f->b, a, safe, ""), "");
	return LLVMBuildSelect(f->b, zero, gen_const(f, 0), LLVMBuildUDiv(f->b, a, safe, ""), "");
}

/* BPF before its fourth version divides unsigned only. */
LLVMValueRef gen_divide(struct function *f, LLVMValueRef a, LLVMValueRef b, bool remainder, bool is_signed)
{
	LLVMValueRef v, sign, negative;

	if (!is_signed)
		return divide_unsigned(f, a, b, remainder);
	v = divide_unsigned(f, magnitude(f, a), magnitude(f, b), remainder);
	sign = remainder ? a : LLVMBuildXor(f->b, a, b, "");
	negative = LLVMBuildICmp(f->b, LLVMIntSLT, sign, gen_const(f, 0), "");
	return LLVMBuildSelect(f->b, negative, LLVMBuildNeg(f->b, v, ""), v, "");
}
