/*
 * Runs the compiler process: no privileges, no files, only what it is handed.
 * Errors: the compiler's messages go to stderr; ours when it cannot be run or dies.
 */
#ifndef BTRUN_CLI_COMPILE_H
#define BTRUN_CLI_COMPILE_H

#include "base/source.h"
#include "cli/options.h"

/* 0 and a memfd with the image, or negative errno, a message printed. one_form: see struct run_options. */
int compile_script(
    struct kernel *k, const struct source *source, const struct options *o, bool one_form, int *image);
/* Writes a stage of the compiler, one of -d, to a descriptor. */
int compile_show(
    struct kernel *k, const struct source *source, const struct options *o, const char *stage, int out);

#endif
