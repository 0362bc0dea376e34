/* The functions that the patterns of an image stand for; the lists lie in the arena. */
#ifndef BTRUN_RUNTIME_ATTACH_FUNCTIONS_H
#define BTRUN_RUNTIME_ATTACH_FUNCTIONS_H

#include "runtime/tracer/tracer.h"

/* Finds the functions of an attach point with a pattern. is_function: of which attach points functions are
 * meant. 0 or negative errno. */
int functions_of(struct tracer *t, uint32_t attach, bool (*is_function)(const struct image_attach *),
    const struct function_names **found);

#endif
