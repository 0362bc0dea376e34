/* What was lost and where: told while tracing goes on, and at the end. Nothing is owned, nothing fails. */
#ifndef BTRUN_RUNTIME_EVENTS_LOSS_H
#define BTRUN_RUNTIME_EVENTS_LOSS_H

#include "runtime/tracer/tracer.h"

#define LOSS_WATCH_MS 1000

/* Reads the misses of what is attached; due before it is detached. */
void loss_collect(struct tracer *t);
/* Says on stderr what has been lost so far, when LOSS_WATCH_MS have gone by since it last looked. */
void loss_watch(struct tracer *t);
/* Says on stderr, at the end, what has been lost, where and why; the sum is loss.total. */
void loss_report(struct tracer *t);
/* Prints the table of --stats. */
void loss_stats(struct tracer *t);

#endif
