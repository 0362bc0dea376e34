/* Returns that the kernel does not deliver to a uretprobe because too many of them nest. */
#ifndef BTRUN_RUNTIME_EVENTS_NESTED_H
#define BTRUN_RUNTIME_EVENTS_NESTED_H

#include "runtime/tracer/tracer.h"

/* Begins to listen to the kernel's log, the only place where it tells of them, when there are uretprobes. */
void nested_begin(struct tracer *t);
/* Returns how many the kernel has told of since, of the processes that are traced, and ends it. */
uint64_t nested_end(struct tracer *t);

#endif
