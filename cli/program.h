/*
 * Stand-alone programs: btrun itself with an image behind it, which --aot writes. Such a program finds out
 * at its start that it is one. Errors: printed, and negative errno returned.
 */
#ifndef BTRUN_CLI_PROGRAM_H
#define BTRUN_CLI_PROGRAM_H

#include <stdbool.h>

/* *image: a descriptor of this executable when an image follows it, else -1. */
int program_self(int *image);
/* An executable of btrun (the one without libraries: is_static) and the image, under a new name only when it
 * is complete. */
int program_write(const char *path, int image, bool is_static);

#endif
