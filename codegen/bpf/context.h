/* What the probe's context gives: arguments, registers, the return value. */
#ifndef BTRUN_CODEGEN_BPF_CONTEXT_H
#define BTRUN_CODEGEN_BPF_CONTEXT_H

#include "codegen/bpf/gen.h"

/* Loads a register, a number of the architecture's, from the context. */
LLVMValueRef context_register(struct function *f, unsigned number);
/* Gives an argument of a function at its entry: first come those in registers, then those on the stack. */
LLVMValueRef context_entry_argument(struct function *f, uint32_t place);
/* Gives argN or, on_stack, sargN. */
LLVMValueRef context_argument(struct function *f, uint32_t number, bool on_stack);
LLVMValueRef context_retval(struct function *f, const struct type *type);

#endif
