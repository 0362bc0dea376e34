/*
 * Kprobes as events of tracefs, whose names begin with this process's number. Its files are opened once: who
 * opened them may not be permitted to later. Errors: negative errno.
 */
#ifndef BTRUN_RUNTIME_ATTACH_TRACEFS_H
#define BTRUN_RUNTIME_ATTACH_TRACEFS_H

#include "runtime/tracer/tracer.h"

/* Makes an event for a function and attaches the probe to it. */
int attach_tracefs(struct tracer *t, struct probe *p, const struct image_attach *a, uint32_t target);
/* Closes the files. */
void attach_tracefs_close(struct tracer *t);
/* Removes an event that nothing is attached to any more. */
void attach_tracefs_remove(struct tracer *t, struct str event);
/* Reads the misses of an event from kprobe_profile. */
int attach_tracefs_missed(struct tracer *t, struct str event, uint64_t *missed);

#endif
