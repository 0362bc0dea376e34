/*
 * The reading end of the output buffer: a ring buffer, or a perf buffer a CPU. buffer_close() frees what
 * buffer_open() made. Errors: negative errno; a record that cannot be read counts in arriving.lost.
 */
#ifndef BTRUN_RUNTIME_EVENTS_BUFFER_H
#define BTRUN_RUNTIME_EVENTS_BUFFER_H

#include "runtime/tracer/tracer.h"

/* Maps the buffer behind map_fd. */
int buffer_open(struct tracer *t, int map_fd, bool perf, size_t size);
/* Unmaps it. */
void buffer_close(struct tracer *t);
/* Returns the descriptor that becomes readable with the first record, or -1. */
int buffer_fd(const struct tracer *t);
/* Hands every record to event_handle(). wait: a batch gathers first, due after the descriptor became
 * readable. */
void buffer_read(struct tracer *t, bool wait);

#endif
