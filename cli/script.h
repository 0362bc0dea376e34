/*
 * Reads the script. Ownership: the text lies in the arena. Errors: printed, and negative
 * errno returned.
 */
#ifndef BTRUN_CLI_SCRIPT_H
#define BTRUN_CLI_SCRIPT_H

#include "base/arena.h"
#include "base/source.h"
#include "cli/options.h"

int script_read(struct arena *a, const struct options *o, struct source *source);
/* Is it an image (an ELF object) and not a script? */
bool script_is_image(const struct source *source);

#endif
