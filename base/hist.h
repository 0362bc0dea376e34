/*
 * The buckets of hist() and lhist(), shared by code generator and runtime. With bits = 0 (the default) they
 * are bpftrace's: (..., 0), [0], [1], [2, 4), [4, 8) ...
 */
#ifndef BTRUN_BASE_HIST_H
#define BTRUN_BASE_HIST_H

#include <stdint.h>

#define HIST_BITS_MAX 5

/* Returns how many buckets a value of hist(n, bits) has. */
uint32_t hist_buckets(uint32_t bits);
/* Returns the bucket of a value: the reference for what the code generator emits. */
uint32_t hist_bucket(int64_t value, uint32_t bits);
/* Gives the bounds [*low, *high] of a bucket, both included. Bucket 0: INT64_MIN to -1. */
void hist_bounds(uint32_t bucket, uint32_t bits, int64_t *low, int64_t *high);

/* Returns how many steps lead from from to to, the last of which may be shorter. */
uint32_t lhist_steps(int64_t from, int64_t to, int64_t step);
/* Do the same as of hist() for lhist(n, from, to, step): bucket 0 is below from, the last one from to on. */
uint32_t lhist_buckets(int64_t from, int64_t to, int64_t step);
uint32_t lhist_bucket(int64_t value, int64_t from, int64_t to, int64_t step);

#endif
