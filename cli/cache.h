/*
 * Where images come from: the cache when it has one for just this script, options, parameters, btrun, kernel
 * and machine, else the compiler, whose image is then kept. What goes wrong with the cache is no error, only
 * slower; -v tells.
 *
 * Ownership: a struct cache lies in the arena; cache_close() gives back its folder.
 */
#ifndef BTRUN_CLI_CACHE_H
#define BTRUN_CLI_CACHE_H

#include "base/source.h"
#include "cli/options.h"

struct cache;

struct cache *cache_open(
    struct arena *a, struct kernel *k, const struct source *source, const struct options *o, bool one_kind);
void cache_close(struct cache *c);
/* 0 and a memfd with the image, or negative errno, a message printed. one_kind: has it one kind of program
 * for each probe? It can be false although one was asked for, when that had not been enough the last time. */
int cache_image(struct cache *c, bool *one_kind, int *image);
/* An image with all kinds of programs, compiled now, which takes the other's place. */
int cache_all_kinds(struct cache *c, int *image);

#endif
