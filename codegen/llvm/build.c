#include "codegen/llvm/build.h"

#include <string.h>

#include "base/round.h"

LLVMTypeRef gen_int_type(struct function *f, uint32_t size)
{
	return module_int_type(f->m, size);
}

LLVMValueRef gen_const(struct function *f, uint64_t value)
{
	return LLVMConstInt(f->m->i64, value, 0);
}

LLVMValueRef gen_const32(struct function *f, uint32_t value)
{
	return LLVMConstInt(f->m->i32, value, 0);
}

LLVMValueRef gen_intrinsic(struct function *f, const char *name, LLVMTypeRef *overloads, unsigned n_overloads,
    LLVMValueRef *args, unsigned n)
{
	unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
	LLVMValueRef function = LLVMGetIntrinsicDeclaration(f->m->module, id, overloads, n_overloads);

	return LLVMBuildCall2(f->b, LLVMGlobalGetValueType(function), function, args, n, "");
}

LLVMValueRef gen_alloca(struct function *f, uint32_t size, const char *name)
{
	LLVMBasicBlockRef here = LLVMGetInsertBlock(f->b);
	/* Going before an instruction takes on its place in the script. */
	LLVMMetadataRef place = LLVMGetCurrentDebugLocation2(f->b);
	LLVMValueRef first = LLVMGetFirstInstruction(f->entry), slot;

	if (first)
		LLVMPositionBuilderBefore(f->b, first);
	else
		LLVMPositionBuilderAtEnd(f->b, f->entry);
	slot = LLVMBuildAlloca(f->b, LLVMArrayType(f->m->i8, round_8(size)), name);
	LLVMSetAlignment(slot, 8);
	LLVMPositionBuilderAtEnd(f->b, here);
	LLVMSetCurrentDebugLocation2(f->b, place);
	return slot;
}

LLVMValueRef gen_offset(struct function *f, LLVMValueRef base, uint32_t offset)
{
	LLVMValueRef index = gen_const(f, offset);

	return offset ? LLVMBuildInBoundsGEP2(f->b, f->m->i8, base, &index, 1, "") : base;
}

LLVMValueRef gen_load64(struct function *f, LLVMValueRef from)
{
	return LLVMBuildLoad2(f->b, f->m->i64, from, "");
}

void gen_store64(struct function *f, LLVMValueRef to, LLVMValueRef value)
{
	LLVMBuildStore(f->b, value, to);
}

LLVMValueRef gen_volatile(struct function *f, LLVMTypeRef type, LLVMValueRef from)
{
	LLVMValueRef v = LLVMBuildLoad2(f->b, type, from, "");

	LLVMSetVolatile(v, 1);
	return v;
}

LLVMValueRef gen_opaque(struct function *f, LLVMValueRef v)
{
	LLVMTypeRef type = LLVMFunctionType(f->m->i64, &f->m->i64, 1, 0);
	LLVMValueRef nothing = LLVMGetInlineAsm(type, "", 0, "=r,0", 4, 1, 0, LLVMInlineAsmDialectATT, 0);

	return LLVMBuildCall2(f->b, type, nothing, &v, 1, "");
}

LLVMValueRef gen_call_function(struct function *f, LLVMValueRef function, LLVMValueRef *args, unsigned n)
{
	return LLVMBuildCall2(f->b, LLVMGlobalGetValueType(function), function, args, n, "");
}
