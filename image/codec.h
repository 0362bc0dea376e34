/*
 * The bytes of the .btrun section. Every struct of image.h has one function that
 * describes its fields in order; the same function writes and reads, so the two
 * cannot drift apart. Numbers are little-endian and unaligned, a string is its
 * length and bytes, a list its count and elements.
 *
 * Errors: the first one stays in .error and everything after it is zero; the
 * caller looks once, at the end.
 */
#ifndef BTRUN_IMAGE_CODEC_H
#define BTRUN_IMAGE_CODEC_H

#include "image/image.h"

struct codec {
	struct arena *arena;
	bool reading;
	VEC(uint8_t) out;  /* writing */
	const uint8_t *in; /* reading */
	size_t size, at;
	const char *part; /* what is being read, for the message */
	struct str error; /* empty: none */
	bool other_version;
};

/* Codes the whole section; writing does not change *image. */
void codec_image(struct codec *c, struct image *image);

#endif
