/* Which program serves a probe, and in which order its attach methods are tried. Errors: negative errno. */
#ifndef BTRUN_RUNTIME_ATTACH_ATTACH_POLICY_H
#define BTRUN_RUNTIME_ATTACH_ATTACH_POLICY_H

#include "runtime/tracer/tracer.h"

/* Makes attachment.probes and decides which methods each is tried by. */
int attach_policy_decide(struct tracer *t);
/* Goes on to the next method of a probe that failed. False: there is none. */
bool attach_policy_next(struct probe *p);
/* Tells whether there is a next method. */
bool attach_policy_has_next(const struct probe *p);
/* Tells whether there are methods for which options.one_kind has left out the program. */
bool attach_policy_lacks_programs(const struct tracer *t, const struct probe *p);

#endif
