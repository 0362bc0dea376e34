/* What an image needs of the system while it traces, and giving up the rest. */
#ifndef BTRUN_RUNTIME_PROCESS_DROP_CAPABILITIES_H
#define BTRUN_RUNTIME_PROCESS_DROP_CAPABILITIES_H

#include "runtime/tracer/tracer.h"

/* Returns the needs of the image: a set of enum needs. */
unsigned capabilities_needs(const struct image *image);
/* Prints what is kept of the capabilities that this process has. */
void capabilities_describe(const struct tracer *t, FILE *out);
/* Gives up, for good, what is not needed; due when all is attached. */
void capabilities_drop(const struct tracer *t);

#endif
