/* The members of args: what the probe's context gives by name. */
#ifndef BTRUN_CODEGEN_BPF_ARGS_H
#define BTRUN_CODEGEN_BPF_ARGS_H

#include "codegen/bpf/gen.h"

/* Gives a member that is a scalar, or the address of one that is not. */
LLVMValueRef args_value(struct function *f, const struct member *m);
/* Gives the pointer that is a parameter, loaded from the trampoline's context: with the type that the
 * verifier knows. */
LLVMValueRef args_typed_load(struct function *f, const struct member *m);
/* The same of an iterator's object. */
LLVMValueRef args_iter_load(struct function *f, const struct member *m);
/* Copies an array in a tracepoint's record, element by element: that needs no helper, so it works under
 * lockdown. */
void args_copy_field(struct function *f, const struct member *m, LLVMValueRef to);

#endif
