/*
 * Processes that tidy up when this one is killed, and what is left of those that had none. Each waits for a
 * pipe of ours to close; cleanup_child_end() ends them. Errors: negative errno.
 */
#ifndef BTRUN_RUNTIME_PROCESS_CLEANUP_CHILD_H
#define BTRUN_RUNTIME_PROCESS_CLEANUP_CHILD_H

#include "runtime/tracer/tracer.h"

/* Removes the tracefs events of tracers that are dead; due at each start. */
void cleanup_sweep_dead(struct tracer *t);
/* Has this process's tracefs events removed when it is killed; attachment.events_fd is open. */
int cleanup_child_start(struct tracer *t);
/* Has a process that is stopped for us go on when this process is killed. */
int cleanup_child_start_waking(struct tracer *t, pid_t stopped);
/* Ends the children. */
void cleanup_child_end(struct tracer *t);

#endif
