/*
 * Records from the output buffer, carried out: what an ASYNC builtin does on this side. What they need is
 * prepared once, in the runtime's arena.
 */
#ifndef BTRUN_RUNTIME_EVENTS_EVENT_H
#define BTRUN_RUNTIME_EVENTS_EVENT_H

#include "runtime/print/runtime.h"

/* Makes what records need once (parsed formats). 0, or negative errno and a message is printed when the
 * image's formats do not fit its fields. */
int events_prepare(struct runtime *r);
/* Tells whether a record is of the kind that packets.c takes. */
bool event_is_packet(const struct image_record *record);
/* Tells whether exit() has been called: its program notes it at once, however long its record takes. */
bool event_exiting(struct runtime *r);
/* Carries out what records would have asked for that could not be sent. */
void event_carry_out_undone(struct runtime *r);
/* Carries out one record. Damaged ones count in bad_records. */
void event_handle(struct runtime *r, const void *record, size_t size);

#endif
