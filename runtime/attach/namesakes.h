/* Functions of the kernel that have one name: static ones of several files. */
#ifndef BTRUN_RUNTIME_ATTACH_NAMESAKES_H
#define BTRUN_RUNTIME_ATTACH_NAMESAKES_H

#include "runtime/tracer/tracer.h"

/* Does the kernel have several functions of this name? False also where it does not count them (before 6.6,
 * but for stable releases of 6.1), or does not let this process ask. */
bool namesakes_exist(struct str function);
/* Attaches a kprobe or kretprobe to every function that is called as the attach point says. */
int attach_namesakes(
    struct tracer *t, struct probe *p, const struct image_attach *a, struct str function, uint32_t target);
/* Does the same by kprobe.multi for targets of a pattern, sorted by the names that several functions have;
 * what cannot be attached is counted as skipped. Fails when nothing can. */
int attach_namesakes_of(
    struct tracer *t, struct probe *p, const struct image_attach *a, const uint32_t *targets, size_t n);

#endif
