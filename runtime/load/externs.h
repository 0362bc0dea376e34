/* Rows of image.externs: names of which this machine tells the value. Errors: negative errno, printed. */
#ifndef BTRUN_RUNTIME_LOAD_EXTERNS_H
#define BTRUN_RUNTIME_LOAD_EXTERNS_H

#include "runtime/tracer/tracer.h"

/* Writes all values into a copy of .rodata. */
int externs_fill(struct tracer *t, char *bytes, size_t size);
/* Tells whether this machine has what the extern names; prints nothing. */
bool externs_has(struct tracer *t, const struct image_extern *row);

#endif
