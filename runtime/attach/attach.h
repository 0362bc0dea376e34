/*
 * Attaching all probes, running those that btrun itself runs, and detaching. What this makes is struct
 * attachment; attach_undo() frees it.
 *
 * Errors: negative errno. Why a probe cannot be attached is noted by tracer_refuse(), and printed by
 * attach_explain() when no method is left.
 */
#ifndef BTRUN_RUNTIME_ATTACH_ATTACH_H
#define BTRUN_RUNTIME_ATTACH_ATTACH_H

#include "runtime/tracer/tracer.h"

/* Attaches every probe; one that fails is attachment.failed. */
int attach_all(struct tracer *t);
/* Says at the end, on stderr, which probes could no longer fire, since somebody has switched off what they
 * need. */
void attach_tell_switched_off(struct tracer *t);
/* Detaches everything: nothing fires any more; what is known of the places stays. */
void attach_detach(struct tracer *t);
/* Detaches and forgets everything, as if nothing had been attached. */
void attach_undo(struct tracer *t);
/* Prints how each probe was attached. */
void attach_tell(const struct tracer *t);
/* Runs the programs of BEGIN or END. */
int attach_run_now(struct tracer *t, enum probe_id which);
/* Attach a probe of their kind: the rows of language/probes.def. */
#define PROBE(name, aliases, pattern, gives, split, attach, ...) \
	int attach(struct tracer *t, struct probe *p);
#include "language/probes.def"
#undef PROBE

#endif
