/*
 * The folder of the compile cache: $XDG_CACHE_HOME/btrun; else /var/cache/btrun for root, ~/.cache/btrun for
 * others. It and its files are the user's alone. A folder or file that another user owns or may write to is
 * not used, nor is a symbolic link, nor a folder that would lie in that of another user.
 *
 * Files appear whole (renamed into place), so that runs at the same time need no lock; what was used longest
 * ago goes when there is no room. Errors: negative errno (-EPERM: not the user's alone); nobody but -v hears
 * of them.
 */
#ifndef BTRUN_CACHE_STORE_H
#define BTRUN_CACHE_STORE_H

#include <limits.h>

#include "base/arena.h"
#include "base/str.h"

struct store {
	int folder;          /* a descriptor, or negative errno: there is no cache */
	char path[PATH_MAX]; /* of the folder, for messages */
};

#define STORE_NAME 33 /* room for a name: 32 hexadecimal digits and a NUL */

void store_open(struct store *s);
void store_close(struct store *s);
/* Reads the whole file, which counts as used now. */
int store_read(struct store *s, struct arena *a, const char *name, struct str *bytes);
/* Writes the file, then removes others until all take no more than limit bytes. -EFBIG: it alone would. */
int store_write(struct store *s, const char *name, struct str bytes, uint64_t limit);

#endif
