/* Small steps of building: constants, addresses, loads and stores, LLVM's intrinsics. */
#ifndef BTRUN_CODEGEN_LLVM_BUILD_H
#define BTRUN_CODEGEN_LLVM_BUILD_H

#include "codegen/llvm/function.h"

LLVMTypeRef gen_int_type(struct function *f, uint32_t size);
LLVMValueRef gen_const(struct function *f, uint64_t value);
LLVMValueRef gen_const32(struct function *f, uint32_t value);
LLVMValueRef gen_intrinsic(struct function *f, const char *name, LLVMTypeRef *overloads, unsigned n_overloads,
    LLVMValueRef *args, unsigned n);
/* Calls a function of the module. */
LLVMValueRef gen_call_function(struct function *f, LLVMValueRef function, LLVMValueRef *args, unsigned n);
/* Makes an alloca of size bytes, aligned to 8, in the entry block. */
LLVMValueRef gen_alloca(struct function *f, uint32_t size, const char *name);
LLVMValueRef gen_offset(struct function *f, LLVMValueRef base, uint32_t offset);
LLVMValueRef gen_load64(struct function *f, LLVMValueRef from);
void gen_store64(struct function *f, LLVMValueRef to, LLVMValueRef value);
LLVMValueRef gen_volatile(struct function *f, LLVMTypeRef type, LLVMValueRef from);
/* Gives the same value, of which LLVM knows nothing: a bound that is checked on it is checked in the
 * register that is used, which is where the verifier looks. */
LLVMValueRef gen_opaque(struct function *f, LLVMValueRef v);

#endif
