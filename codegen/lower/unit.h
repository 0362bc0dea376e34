#ifndef BTRUN_CODEGEN_LOWER_UNIT_H
#define BTRUN_CODEGEN_LOWER_UNIT_H

#include "codegen/bpf/gen.h"

/* Makes a function for each kind of program that can serve the unit. */
void unit_generate(struct gen *g, const struct unit *unit);

#endif
