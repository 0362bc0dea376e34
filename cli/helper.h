/* btrun's own programs, which lie beside it or in libexec: what reads large or foreign files does so there.
 */
#ifndef BTRUN_CLI_HELPER_H
#define BTRUN_CLI_HELPER_H

#include <stdbool.h>
#include <stddef.h>

/* Where a program of ours is. False when it is not installed; path then says where it was expected last. */
bool helper_path(const char *name, char *path, size_t room);

/* Runs argv[0] and waits for its end, at most a minute. in, out: its standard input (-1: nothing) and output.
 * Its exit status, -ENOENT when it is not installed, -ETIMEDOUT and other negative errno (with a message for
 * the first). */
int helper_run(char **argv, int in, int out);
/* The same into a memfd, which is the caller's. A descriptor, or negative errno: -EBADMSG for exit status 1,
 * errors[status - 2] for those that follow (n of them). */
int helper_read(char **argv, int in, const int *errors, int n);

#endif
