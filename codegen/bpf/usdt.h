/* The arguments of usdt probes. */
#ifndef BTRUN_CODEGEN_BPF_USDT_H
#define BTRUN_CODEGEN_BPF_USDT_H

#include "codegen/bpf/gen.h"

/* Defines the subprogram that finds an argument, s64 usdt_argument(context, number, u64 *value): it returns
 * 0, or the error of reading it. */
void usdt_define(struct gen *g);

#endif
