#include "base/digest.h"

#include <endian.h>
#include <string.h>

#define ROUNDS 12

/* These numbers are SHA-512's, as the RFC says. */
static const uint64_t first[8] = { 0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
	0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179 };

/* Rounds 10 and 11 are as 0 and 1. */
static const unsigned char order[10][16] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
	{ 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
	{ 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
	{ 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
	{ 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
	{ 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
	{ 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
	{ 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
	{ 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
};

static uint64_t rotate(uint64_t x, unsigned n)
{
	return x >> n | x << (64 - n);
}

static inline void mix(uint64_t *a, uint64_t *b, uint64_t *c, uint64_t *d, uint64_t x, uint64_t y)
{
	*a += *b + x;
	*d = rotate(*d ^ *a, 32);
	*c += *d;
	*b = rotate(*b ^ *c, 24);
	*a += *b + y;
	*d = rotate(*d ^ *a, 16);
	*c += *d;
	*b = rotate(*b ^ *c, 63);
}

static void compress(struct digest *d, const unsigned char *block, uint64_t last)
{
	uint64_t v[16], m[16];

	for (int i = 0; i < 16; i++) {
		memcpy(&m[i], block + 8 * i, 8);
		m[i] = le64toh(m[i]);
	}
	memcpy(v, d->state, sizeof(d->state));
	memcpy(v + 8, first, sizeof(first));
	v[12] ^= d->count;
	v[14] ^= last;
	for (int i = 0; i < ROUNDS; i++) {
		const unsigned char *s = order[i % 10];

		for (int k = 0; k < 4; k++) /* columns */
			mix(&v[k], &v[4 + k], &v[8 + k], &v[12 + k], m[s[2 * k]], m[s[2 * k + 1]]);
		for (int k = 0; k < 4; k++) /* diagonals */
			mix(&v[k], &v[4 + (k + 1) % 4], &v[8 + (k + 2) % 4], &v[12 + (k + 3) % 4],
			    m[s[8 + 2 * k]], m[s[9 + 2 * k]]);
	}
	for (int i = 0; i < 8; i++)
		d->state[i] ^= v[i] ^ v[8 + i];
}

void digest_begin(struct digest *d)
{
	*d = (struct digest){ 0 };
	memcpy(d->state, first, sizeof(first));
	d->state[0] ^= 0x01010000 ^ DIGEST_SIZE;
}

/* A full block waits until it is known that it is not the last. */
void digest_add(struct digest *d, const void *bytes, size_t n)
{
	const unsigned char *from = bytes;

	while (n) {
		size_t part = DIGEST_BLOCK - d->n;

		if (part == 0) {
			d->count += DIGEST_BLOCK;
			compress(d, d->block, 0);
			d->n = 0;
			continue;
		}
		if (part > n)
			part = n;
		memcpy(d->block + d->n, from, part);
		d->n += part;
		from += part;
		n -= part;
	}
}

void digest_end(struct digest *d, unsigned char result[DIGEST_SIZE])
{
	uint64_t word;

	memset(d->block + d->n, 0, DIGEST_BLOCK - d->n);
	d->count += d->n;
	compress(d, d->block, ~(uint64_t)0);
	for (int i = 0; i < DIGEST_SIZE / 8; i++) {
		word = htole64(d->state[i]);
		memcpy(result + 8 * i, &word, 8);
	}
}
