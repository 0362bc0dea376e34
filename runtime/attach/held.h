/* Whether a function is where the attach point says: in the module that it names, and as long as its offset.
 */
#ifndef BTRUN_RUNTIME_ATTACH_HELD_H
#define BTRUN_RUNTIME_ATTACH_HELD_H

#include "runtime/tracer/tracer.h"

/* Checks what the probe names before any method is tried: the kernel itself ignores the module in most of
 * them. Returns 0, or -ENOENT or -ERANGE when what is wrong has been told. */
int held_check(struct tracer *t, struct probe *p);

#endif
