/*
 * An entry of the compile cache as bytes: what was compiled (key), what the compiler asked of the machine and
 * was told (watches), what it said (messages), and what it made (image).
 *
 * The reader trusts nothing: an entry is taken when its form, its digest and its whole key are right. That is
 * to find damage and what another btrun has written; whoever could forge an entry is the user himself, since
 * the files are the user's alone (store.h).
 *
 * Ownership: a read entry points into the bytes it was read from; its watches lie in the arena.
 */
#ifndef BTRUN_CACHE_ENTRY_H
#define BTRUN_CACHE_ENTRY_H

#include <stdbool.h>

#include "cache/watch.h"

struct entry {
	struct str key;
	struct watches watches;
	struct str messages;
	struct str image;
	bool one_kind; /* see struct run_options */
};

struct str entry_pack(struct arena *a, const struct entry *e);
/* Writes the digest of bytes into them, as entry_pack() does it last. */
void entry_seal(char *bytes, size_t n);
/* Returns whether the entry is whole and of this key. */
bool entry_read(struct arena *a, struct str bytes, struct str key, struct entry *e);

#endif
