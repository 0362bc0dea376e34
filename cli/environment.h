/* The environment's part of the options. Errors: printed, and -EINVAL returned. */
#ifndef BTRUN_CLI_ENVIRONMENT_H
#define BTRUN_CLI_ENVIRONMENT_H

#include <stdio.h>

#include "cli/options.h"

int environment_read(struct arena *a, struct options *o);
/* A line for each variable that does something. */
void environment_help(FILE *out);

#endif
