/* Aggregations, of which each CPU has a value of its own. */
#ifndef BTRUN_CODEGEN_BPF_PERCPU_H
#define BTRUN_CODEGEN_BPF_PERCPU_H

#include "codegen/bpf/gen.h"

/* Gives the number that an aggregation has over all CPUs (bpf_map_lookup_percpu_elem(): Linux 5.19). */
LLVMValueRef gen_aggregate_value(struct function *f, const struct type *type, LLVMValueRef map_and_key[2]);

#endif
