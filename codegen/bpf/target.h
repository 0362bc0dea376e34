/* LLVM's BPF target. */
#ifndef BTRUN_CODEGEN_BPF_TARGET_H
#define BTRUN_CODEGEN_BPF_TARGET_H

#include "codegen/llvm/module.h"

/* Returns NULL when this LLVM has no such target. script_bytes: how long the script is. */
LLVMTargetMachineRef target_machine(size_t script_bytes);
/* Says that an action is too large: a module's refuse(). */
void target_too_large(struct module *m, const char *why);

#endif
