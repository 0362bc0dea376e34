/*
 * Rows of image.relocs: instructions that depend on where this kernel passes a parameter or has a
 * tracepoint's field. Errors: negative errno, the message printed.
 */
#ifndef BTRUN_RUNTIME_LOAD_RELOCATE_H
#define BTRUN_RUNTIME_LOAD_RELOCATE_H

#include "kernel/kernel.h"
#include "runtime/tracer/tracer.h"

/* Makes one relocation in the bytes of the image. */
int relocate(struct tracer *t, const struct image_reloc *r);
/* Tells whether the function of a relocated parameter has it here. */
bool relocate_has_parameter(struct tracer *t, const struct image_reloc *r);
/* Tells whether a relocated field would fit the fields that its tracepoint has here. */
bool relocate_fits(const struct image_reloc *r, const struct tracepoint_format *format);

#endif
