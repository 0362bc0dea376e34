/* Watchpoints at addresses that become known while the script runs. */
#ifndef BTRUN_RUNTIME_ATTACH_WATCHPOINT_H
#define BTRUN_RUNTIME_ATTACH_WATCHPOINT_H

#include "runtime/tracer/tracer.h"

/* Detaches the watchpoints at an address. */
void watch_remove(struct runtime *r, uint64_t address);
/* Watches an address that a function was called with, for the watchpoint of this attach point. */
void watch_add(struct runtime *r, int64_t attach, uint64_t address);
/* Lets every process go on that is stopped for a record that nobody reads any more; due when all is
 * detached. */
void watch_end(struct tracer *t);

#endif
