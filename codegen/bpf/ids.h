/* The current thread's ids, as btrun itself sees them. */
#ifndef BTRUN_CODEGEN_BPF_IDS_H
#define BTRUN_CODEGEN_BPF_IDS_H

#include "codegen/bpf/gen.h"

/* Asks the kernel for tgid << 32 | pid. */
LLVMValueRef ids_ask(struct function *f);
/* Gives the same, of which the program asks the kernel once. */
LLVMValueRef gen_pid_tgid(struct function *f);

#endif
