/*
 * What scripts do outside of the tracer: cat() and system(). What is printed comes in the order of
 * the script, between the lines before and after.
 */
#ifndef BTRUN_RUNTIME_SHELL_H
#define BTRUN_RUNTIME_SHELL_H

#include "runtime/print/runtime.h"

/* The file's first max_cat_bytes. What can't be read is told on stderr. */
void shell_cat(struct runtime *r, const char *path);
/* sh -c command, waited for; its output becomes ours. Where somebody wants the tracer to end it is ended. */
void shell_system(struct runtime *r, const char *command);

#endif
