/* What need not be looked up where an image was compiled. Nothing is owned. */
#ifndef BTRUN_RUNTIME_LOAD_SAME_KERNEL_H
#define BTRUN_RUNTIME_LOAD_SAME_KERNEL_H

#include "runtime/tracer/tracer.h"

/* Has libbpf do without the kernel's BTF where the image has been compiled for this kernel; due before the
 * object is opened. */
void same_kernel_begin(struct tracer *t);
/* Says where a probe with a trampoline is to be attached. 0 or negative errno. */
int same_kernel_set_target(struct tracer *t, struct probe *p);

#endif
