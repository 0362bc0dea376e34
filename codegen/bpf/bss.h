/* What programs write for the runtime besides records, and cannot lose: image.h says what lies in .bss. */
#ifndef BTRUN_CODEGEN_BPF_BSS_H
#define BTRUN_CODEGEN_BPF_BSS_H

#include "codegen/bpf/gen.h"

/* Symbols of it: relocs.c reads their places from the object. */
#define BSS_ENABLED "btrun_enabled"
#define BSS_EXIT "btrun_exit"
#define BSS_UNDONE "btrun_undone"
#define BSS_GENERATIONS "btrun_generations"

void bss_define(struct gen *g);
/* Stops all programs, from their next hits on, and notes the exit code unless there is one already. */
void bss_exit(struct function *f, LLVMValueRef code);
/* Notes that a map is still to be cleared, or its values to be set to zero. */
void bss_undone(struct function *f, uint32_t map, enum image_undone what);

#endif
