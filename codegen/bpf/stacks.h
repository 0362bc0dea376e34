/* Stacks, kept once in a map under the hash of their addresses. */
#ifndef BTRUN_CODEGEN_BPF_STACKS_H
#define BTRUN_CODEGEN_BPF_STACKS_H

#include "codegen/bpf/gen.h"

/* Defines the subprogram that takes a stack. */
void stack_define(struct gen *g);
/* Takes the stack where the program is, as far as frames; its hash. */
LLVMValueRef stack_take(struct function *f, uint64_t flags, uint32_t frames, struct span span);
#endif
