/* What a builtin of the image needs of the system: known by its row of language/builtins.def. */
#ifndef BTRUN_RUNTIME_TRACER_BUILTIN_NEEDS_H
#define BTRUN_RUNTIME_TRACER_BUILTIN_NEEDS_H

#include <stdbool.h>

#include "base/str.h"

/* Tells whether the builtin needs --unsafe. */
bool builtin_is_unsafe(struct str builtin);
/* Returns the forms of the builtin; the bits of enum needs are among them. */
unsigned builtin_needs(struct str builtin);

#endif
