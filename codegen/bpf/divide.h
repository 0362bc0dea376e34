/* Division: BPF before its fourth version divides unsigned only. */
#ifndef BTRUN_CODEGEN_BPF_DIVIDE_H
#define BTRUN_CODEGEN_BPF_DIVIDE_H

#include "codegen/llvm/build.h"

LLVMValueRef gen_divide(struct function *f, LLVMValueRef a, LLVMValueRef b, bool remainder, bool is_signed);

#endif
