/* Counters of what is lost. */
#ifndef BTRUN_CODEGEN_BPF_LOSS_COUNTERS_H
#define BTRUN_CODEGEN_BPF_LOSS_COUNTERS_H

#include "codegen/bpf/gen.h"

/* Defines the subprograms. */
void loss_define(struct gen *g);
/* Returns the key of a counter. */
LLVMValueRef loss_index(struct function *f, enum loss_id kind, uint32_t map, struct span span);
void loss_count(struct function *f, enum loss_id kind, uint32_t map, struct span span);
/* Counts an update that failed with result: because the map was full, or not. */
void loss_count_update(struct function *f, LLVMValueRef result, uint32_t map, struct span span);
/* Counts when result, a helper's, is negative. */
void loss_count_failure(
    struct function *f, LLVMValueRef result, enum loss_id kind, uint32_t map, struct span span);

#endif
