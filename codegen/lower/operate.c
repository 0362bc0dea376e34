/* Operators on numbers. */
#include "codegen/lower/operate.h"

#include "codegen/bpf/divide.h"
#include "codegen/llvm/build.h"

LLVMValueRef gen_operate(struct function *f, enum op op, LLVMValueRef a, LLVMValueRef b, bool is_signed)
{
	LLVMValueRef bits = LLVMBuildAnd(f->b, b, gen_const(f, 63), "");

	switch (op) {
	case OP_ADD:
		return LLVMBuildAdd(f->b, a, b, "");
	case OP_SUB:
		return LLVMBuildSub(f->b, a, b, "");
	case OP_MUL:
		return LLVMBuildMul(f->b, a, b, "");
	case OP_DIV:
	case OP_MOD:
		return gen_divide(f, a, b, op == OP_MOD, is_signed);
	case OP_SHL:
		return LLVMBuildShl(f->b, a, bits, "");
	case OP_SHR:
		return is_signed ? LLVMBuildAShr(f->b, a, bits, "") : LLVMBuildLShr(f->b, a, bits, "");
	case OP_AND:
		return LLVMBuildAnd(f->b, a, b, "");
	case OP_OR:
		return LLVMBuildOr(f->b, a, b, "");
	case OP_XOR:
		return LLVMBuildXor(f->b, a, b, "");
	case OP_EQ:
	case OP_NE:
	case OP_LT:
	case OP_LE:
	case OP_GT:
	case OP_GE:
	case OP_LAND:
	case OP_LOR:
	case OP_NEG:
	case OP_NOT:
	case OP_LNOT:
	case OP_DEREF:
	case OP_ADDRESS:
	case OP_NONE:
		break;
	}
	return NULL; /* these are made by expr.c */
}

bool gen_is_signed(struct function *f, enum op op, const struct type *a, const struct type *b)
{
	/* A shift's sign is that of what is shifted. */
	if (op == OP_SHR)
		return a->is_signed || a->size < 8;
	return type_common(f->g->program->types, a, b)->is_signed;
}
