/* The parameters of an image, as --info and -h list them. */
#ifndef BTRUN_RUNTIME_INFO_PARAMETERS_H
#define BTRUN_RUNTIME_INFO_PARAMETERS_H

#include <stdio.h>

#include "image/image.h"

/* Prints a line for each parameter. */
void describe_parameters(struct arena *a, const struct image *image, FILE *out);

#endif
