/* What the parts of this folder share. */
#ifndef BTRUN_SANDBOX_PRIVATE_H
#define BTRUN_SANDBOX_PRIVATE_H

#include "sandbox/sandbox.h"

/* filter.c: the filter of seccomp(2) comes last, since it forbids the rest. */
bool filter_is_possible(void);
void filter_enter(enum sandbox_kind kind);

/* landlock.c: returns a descriptor of the rules, -1 where the kernel has no Landlock. Folders are opened with
 * the rights of the time. */
int landlock_prepare(const char *const *readable);
void landlock_enter(int rules);

#endif
