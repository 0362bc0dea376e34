/*
 * The buckets of hist(), shared by code generator and runtime. With bits = 0 (the default) they are
 * bpftrace's: (..., 0), [0], [1], [2, 4), [4, 8) ...
 */
#ifndef BTRUN_IMAGE_HIST_H
#define BTRUN_IMAGE_HIST_H

#include <stdint.h>

#define HIST_BITS_MAX 5

/* How many buckets a value of hist(n, bits) has. */
uint32_t hist_buckets(uint32_t bits);
/* The bucket of a value: the reference for what the code generator emits. */
uint32_t hist_bucket(int64_t value, uint32_t bits);
/* The bounds [*low, *high] of a bucket, both included. Bucket 0: INT64_MIN to -1. */
void hist_bounds(uint32_t bucket, uint32_t bits, int64_t *low, int64_t *high);

#endif
