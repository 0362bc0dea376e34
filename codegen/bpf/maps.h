/* What lies outside the programs: BTF-defined maps, btrun_enabled, the licence. */
#ifndef BTRUN_CODEGEN_BPF_MAPS_H
#define BTRUN_CODEGEN_BPF_MAPS_H

#include "codegen/bpf/gen.h"

void maps_begin(struct gen *g);
/* Bytes of a record; what is larger is built in the scratch region. */
#define RESERVE_LIMIT 400

/* Gives scratch and counters their sizes. */
void maps_end(struct gen *g);

#endif
