/* Rounds sizes and offsets up. */
#ifndef BTRUN_BASE_ROUND_H
#define BTRUN_BASE_ROUND_H

#include <stdint.h>

static inline uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

/* Rounds up to what the verifier and maps want of most memory: 8 bytes. */
static inline uint32_t round_8(uint64_t n)
{
	return (uint32_t)round_up(n, 8);
}

#endif
