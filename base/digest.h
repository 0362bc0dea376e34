/*
 * BLAKE2b with 32 bytes of result (RFC 7693), without a key. Ours, since a library with a digest costs more
 *at every start than what is digested: it is a page of code, and as fast as memory for what a cache entry
 *holds.
 *
 *	digest_begin(&d); digest_add(&d, bytes, n) ...; digest_end(&d, result);
 */
#ifndef BTRUN_BASE_DIGEST_H
#define BTRUN_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE 32
#define DIGEST_BLOCK 128

struct digest {
	uint64_t state[8];
	uint64_t count; /* bytes that went into state */
	size_t n;       /* and that wait in block */
	unsigned char block[DIGEST_BLOCK];
};

void digest_begin(struct digest *d);
void digest_add(struct digest *d, const void *bytes, size_t n);
void digest_end(struct digest *d, unsigned char result[DIGEST_SIZE]);

#endif
