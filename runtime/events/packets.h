/* What skboutput() sends: its buffer and its files. Nothing is done for a script without it. */
#ifndef BTRUN_RUNTIME_EVENTS_PACKETS_H
#define BTRUN_RUNTIME_EVENTS_PACKETS_H

#include "runtime/tracer/tracer.h"

/* Opens the buffer and the files. 0 or negative errno, and a message is printed. */
int packets_open(struct tracer *t);
/* Closes them. */
void packets_close(struct tracer *t);
/* Returns the descriptor that becomes readable with the first packet, or -1. */
int packets_fd(const struct tracer *t);
/* Writes the packets that are there to their files. */
void packets_read(struct tracer *t);

#endif
