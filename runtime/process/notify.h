/*
 * Tells the service manager how a service of Type=notify gets on: sd_notify(3), whose protocol is a datagram
 * of lines NAME=VALUE to the socket that NOTIFY_SOCKET names. Nothing is said when that is not set.
 *
 * Errors: one message on stderr; tracing goes on.
 */
#ifndef BTRUN_RUNTIME_NOTIFY_H
#define BTRUN_RUNTIME_NOTIFY_H

/* Before anything is started: takes NOTIFY_SOCKET out of the environment, so that nobody else speaks for us.
 */
void notify_begin(void);
void notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
