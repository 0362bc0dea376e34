/*
 * The constants that the programs read from .rodata: parameters of the command line, and what the externs of
 * the image name. Errors: negative errno, the message printed.
 */
#ifndef BTRUN_RUNTIME_LOAD_CONSTANTS_H
#define BTRUN_RUNTIME_LOAD_CONSTANTS_H

#include "runtime/tracer/tracer.h"

/* Reads the parameters of the command line. */
int constants_take(struct tracer *t);
/* Writes them and the externs into .rodata of the opened object. */
int constants_fill(struct tracer *t);

#endif
