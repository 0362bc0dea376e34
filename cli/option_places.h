/* Where struct options has the values of the rows of language/options.def. */
#ifndef BTRUN_CLI_OPTION_PLACES_H
#define BTRUN_CLI_OPTION_PLACES_H

#include "cli/options.h"

/* Returns the place of an option's value, in what o has for the runtime or in o itself. */
void *options_place(struct options *o, enum option_id id);

#endif
