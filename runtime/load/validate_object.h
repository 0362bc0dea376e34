/*
 * Whether libbpf may see an image: its BTF, what refers to it, and that its programs are what the image calls
 * them. image_read() has accepted the rest.
 */
#ifndef BTRUN_RUNTIME_VALIDATE_OBJECT_H
#define BTRUN_RUNTIME_VALIDATE_OBJECT_H

#include "image/image.h"

/* Of an object that image_read() has accepted. Empty, or what is wrong as the middle of a sentence. */
struct str validate_object(struct arena *a, const void *object, const struct image *image);

#endif
