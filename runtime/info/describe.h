/* What the files that describe an image share: see describe_image() in run.h. */
#ifndef BTRUN_RUNTIME_DESCRIBE_H
#define BTRUN_RUNTIME_DESCRIBE_H

#include "runtime/tracer/tracer.h"

enum presence { IS_THERE, IS_NOT_THERE, IS_UNKNOWN };

/* All of it, of a tracer that has its image. */
int describe_opened(struct tracer *t, FILE *out);
/* One thing that is needed, and whether this kernel has it. */
void describe_need(FILE *out, struct str what, enum presence presence);
/* describe_core.c: the kernel's types and members that instructions are relocated to. */
void describe_core(struct tracer *t, FILE *out);
/* describe_maps.c: kinds, sizes and kernel memory. */
void describe_maps(struct tracer *t, FILE *out);

#endif
