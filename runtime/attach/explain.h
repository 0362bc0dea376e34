/* Why a probe could not be attached, for a person. */
#ifndef BTRUN_RUNTIME_ATTACH_EXPLAIN_H
#define BTRUN_RUNTIME_ATTACH_EXPLAIN_H

#include "runtime/tracer/tracer.h"

/* Prints why the last method of attachment.failed did not do. True: it was only a warning, and the probe is
 * off. */
bool attach_explain(struct tracer *t);
/* Do other attach points of the probe's action remain? */
bool attach_has_alternative(const struct tracer *t, const struct probe *p);

#endif
