/*
 * Maps with two halves: programs write the one that their bit of a word in .bss names. To read and reset such
 * a map the bit is turned over, and what ran meanwhile is waited for: the half that is left then has all that
 * came before, and nobody writes it any more.
 */
#ifndef BTRUN_RUNTIME_GENERATIONS_H
#define BTRUN_RUNTIME_GENERATIONS_H

#include "runtime/print/runtime.h"

/* Returns the map's bit, or 0: it has no halves. */
static inline uint64_t generations_bit(const struct runtime *r, uint32_t map)
{
	uint32_t generation = r->image->maps.v[map].generation;

	return r->generations && generation != IMAGE_NONE ? 1ull << generation : 0;
}

/* Returns the half that is read now: the one that is held, or else the one that programs write. */
static inline unsigned generations_half(const struct runtime *r, uint32_t map)
{
	uint64_t bit = generations_bit(r, map);

	return bit && !(*r->generations & bit) == !!(r->held & bit);
}

/* Turns over the maps of these bits that are not held, and holds what they had. zeroed: those of them whose
 * keys stay, with zeros. */
void generations_hold(struct runtime *r, uint64_t maps, uint64_t zeroed);
/* Gives the half that programs write the keys of the one that is held, with zeros, where it lacks them. 0 or
 * negative errno. */
int generations_keep_keys(struct runtime *r, uint32_t map);
/* Ends that the map is held: its other half is empty now. */
void generations_release(struct runtime *r, uint32_t map);
/* Waits for the programs that are running: they run inside of RCU's read side, of which membarrier(2) waits
 * for the end: 8 to 24 ms. */
void generations_wait(void);

#endif
