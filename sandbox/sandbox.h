/*
 * A process that reads what others wrote (scripts, headers, debugging information) shuts itself in before the
 * first byte: nobody's rights, no capabilities, nothing to be opened but what it was started for, and only
 * the system calls of calls.def. What a kernel or a container does not let us have is left out, and the rest
 * holds.
 *
 * And the capabilities of a process that stays: privileges.h.
 */
#ifndef BTRUN_SANDBOX_SANDBOX_H
#define BTRUN_SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

enum sandbox_kind {
	SANDBOX_COMPILER, /* opens nothing; what it may not do ends it with a message */
	SANDBOX_HEADERS,  /* reads beneath some folders; what it may not do is refused with EPERM */
	SANDBOX_DWARF,    /* the same, without threads */
	SANDBOX_KINDS_
};

/* Forks a process that will enter: where it is permitted, one that sees no other process. */
pid_t sandbox_fork(void);

/* Shuts the process in. readable: folders and files that may still be opened, for reading, or NULL; a NULL
 * ends it. Those that are not there are passed over. */
void sandbox_enter(enum sandbox_kind kind, const char *const *readable);

/* This is the exit status of a compiler that did what it may not (sandbox_enter() has said what), and of one
 * that abort() ended, which cannot raise its signal. */
#define SANDBOX_STATUS_VIOLATION 125
#define SANDBOX_STATUS_ABORTED 134
/* This is the exit status of one whose alarm(2), set before, has rung: the first process of a PID namespace
 * ignores signals that it has no handler for. */
#define SANDBOX_STATUS_ALARM 142

/* Is the filter there for everything that this build is made of? Not so under sanitizers; tests ask. */
bool sandbox_is_strict(void);

#endif
