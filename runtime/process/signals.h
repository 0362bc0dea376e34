/*
 * The signals that a tracer lives with: those that end it (SIGINT, SIGTERM, SIGHUP), SIGUSR1, and SIGCHLD of
 * -c.
 *
 * One process has one of it. Errors: negative errno.
 */
#ifndef BTRUN_RUNTIME_SIGNALS_H
#define BTRUN_RUNTIME_SIGNALS_H

#include <stdbool.h>

/* Before anything is started that they could hit; again: nothing. SIGPIPE is ignored from then on: a closed
 * pipe is an error of write(2). An ignored SIGHUP (nohup) stays so; shells ignore SIGINT for what runs in the
 * background, and who sends it there means it. */
int signals_begin(void);
/* Somebody wants it to end. A second wish, 200 ms later or more, ends the process where it is: its output may
 * be blocked for ever. */
bool signals_ending(void);
/* To be polled: the first is readable from the first wish to end on, the second while signals_next() has one.
 */
int signals_ending_fd(void);
int signals_fd(void);
/* SIGUSR1 or SIGCHLD; 0: there is no more. */
int signals_next(void);
/* For a thread that must not be disturbed: while it is made. */
void signals_hold(bool hold);
/* Takes the handlers off in a child, forked while the signals were held: what is sent to it before its exec()
 * would wake the tracer, whose descriptors it shares. */
void signals_forget(void);

#endif
