/* The image's tables, from the typed program: what the runtime has to know to attach the programs and to
 * print what they send. */
#ifndef BTRUN_CODEGEN_BPF_IMAGE_TABLES_H
#define BTRUN_CODEGEN_BPF_IMAGE_TABLES_H

#include "codegen/bpf/gen.h"

void image_tables_begin(struct gen *g);
/* Returns the row of a type, which gets one when it has none yet. */
uint32_t image_tables_type(struct gen *g, const struct type *type);
/* Adds the row of a program that has been made of a unit. */
void image_tables_program(struct function *f, const struct unit *u, struct str name);
void image_tables_records(struct gen *g);

#endif
