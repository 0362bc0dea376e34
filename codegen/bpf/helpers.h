/* Calls of the kernel's helpers. */
#ifndef BTRUN_CODEGEN_BPF_HELPERS_H
#define BTRUN_CODEGEN_BPF_HELPERS_H

#include <linux/bpf.h>

#include "codegen/llvm/build.h"

LLVMValueRef gen_call(
    struct function *f, enum bpf_func_id helper, LLVMTypeRef result, LLVMValueRef *args, unsigned n);

#endif
