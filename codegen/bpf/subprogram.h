/* Functions of the object's own, which its programs call. */
#ifndef BTRUN_CODEGEN_BPF_SUBPROGRAM_H
#define BTRUN_CODEGEN_BPF_SUBPROGRAM_H

#include "codegen/bpf/gen.h"

/* Opens a subprogram, which is called and never inlined. */
LLVMValueRef subprogram_begin(
    struct function *f, struct gen *g, const char *name, LLVMTypeRef result, LLVMTypeRef *params, unsigned n);
/* Declares a global function, which the verifier walks through once and not at each call. Its arguments are
 * numbers of 4 or 8 bytes, its result is an int. */
LLVMValueRef global_function_declare(struct gen *g, const char *name, const uint32_t *sizes, unsigned n);
/* Opens it. */
void global_function_begin(struct function *f, struct gen *g, LLVMValueRef function);
/* Describes a program, or a function of our own, without its arguments. */
LLVMMetadataRef subprogram_describe(
    struct module *m, const char *name, LLVMValueRef function, struct span span);

#endif
