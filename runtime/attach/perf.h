/* Probes on perf events, and iterators. Errors: negative errno. */
#ifndef BTRUN_RUNTIME_ATTACH_PERF_H
#define BTRUN_RUNTIME_ATTACH_PERF_H

#include "runtime/tracer/tracer.h"

struct perf_event_attr;

/* Attaches to the event on each CPU that is online. */
int attach_on_every_cpu(struct tracer *t, struct probe *p, struct perf_event_attr *attr);
/* Attaches such a probe to one CPU, in the place of what it had there. */
int attach_on_cpu(struct tracer *t, struct probe *p, int cpu);
/* Lets the periods of intervals begin now. */
void attach_restart_intervals(struct tracer *t);
/* Pins those iterators that have a pin. 0, or negative errno and a message is printed. */
int attach_pins(struct tracer *t);
/* Runs the iterators to their end. True: there was one. */
bool attach_iterate(struct tracer *t);

#endif
