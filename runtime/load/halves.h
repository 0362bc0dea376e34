/*
 * The second of the two maps that a map with halves is (image.h), and the array that programs find both in.
 * halves_close() closes what halves_make() made.
 */
#ifndef BTRUN_RUNTIME_LOAD_HALVES_H
#define BTRUN_RUNTIME_LOAD_HALVES_H

#include "runtime/tracer/tracer.h"

/* Makes room for their descriptors. */
void halves_prepare(struct tracer *t);
/* Makes them, before the object is loaded, as large as the first. 0, or negative errno and a message is
 * printed.
 */
int halves_make(struct tracer *t);
/* Puts both into their arrays, when the object is loaded. Likewise. */
int halves_join(struct tracer *t);
void halves_close(struct tracer *t);

#endif
