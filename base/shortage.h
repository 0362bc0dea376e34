/*
 * Errors that say that something has run out: descriptors, memory. They are nobody's fault but the limits',
 * may come from any system call, and another way of doing the same does not help. Nothing is owned, and
 * nothing can fail.
 */
#ifndef BTRUN_BASE_SHORTAGE_H
#define BTRUN_BASE_SHORTAGE_H

#include <stdbool.h>

/* Tells whether the error (positive or negative) is such a one. */
bool is_shortage(int err);
/* Returns what to do about it; NULL: it is no shortage. */
const char *shortage_remedy(int err);
/* Says that as a hint below the message before, or nothing. */
void shortage_hint(int err);

#endif
