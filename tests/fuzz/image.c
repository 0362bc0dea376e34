/*
 * Image bytes: either a whole ELF object or, to get further, just the section.
 * What is accepted must survive being written and read again.
 */
#include "image/codec.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool decode(struct arena *a, const uint8_t *data, size_t size, struct image *image)
{
	struct codec c = { .arena = a, .reading = true, .in = data, .size = size };

	*image = (struct image){ 0 };
	codec_image(&c, image);
	return c.error.n == 0;
}

static void section(struct arena *a, const uint8_t *data, size_t size)
{
	struct image image, again;
	struct codec out = { .arena = a };

	if (!decode(a, data, size, &image))
		return;
	image_check(a, &image);
	codec_image(&out, &image);
	if (out.out.n != size || !decode(a, out.out.v, out.out.n, &again))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct image image;
	struct str why;
	int err = 0;

	if (size >= 4 && data[0] == 0x7f)
		err = image_read(a, data, size, &image, &why);
	else
		section(a, data, size);
	if (err && why.n == 0)
		abort();
	arena_free(a);
	return 0;
}
