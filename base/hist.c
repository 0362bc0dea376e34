#include "base/hist.h"

/*
 * Bucket 0 is below zero. The others are counted from v = 0 with n = 2^bits
 * parts: values below 2n have a bucket of their own (bits = 0: 0 and 1), then
 * each power of two is cut into n equal parts.
 */
static unsigned top_bit(uint64_t value)
{
	return 63 - __builtin_clzll(value);
}

uint32_t hist_buckets(uint32_t bits)
{
	return hist_bucket(INT64_MAX, bits) + 1;
}

uint32_t hist_bucket(int64_t value, uint32_t bits)
{
	unsigned shift;

	if (value < 0)
		return 0;
	if (value < (int64_t)1 << bits)
		return 1 + (uint32_t)value;
	shift = top_bit((uint64_t)value) - bits;
	return 1 + ((shift + 1) << bits) + (uint32_t)(((uint64_t)value >> shift) - (1u << bits));
}

void hist_bounds(uint32_t bucket, uint32_t bits, int64_t *low, int64_t *high)
{
	uint32_t part, shift;

	if (bucket == 0) {
		*low = INT64_MIN;
		*high = -1;
		return;
	}
	bucket--;
	if (bucket < 1u << bits) {
		*low = *high = bucket;
		return;
	}
	shift = (bucket >> bits) - 1;
	part = (bucket & ((1u << bits) - 1)) + (1u << bits);
	*low = (int64_t)((uint64_t)part << shift);
	*high = (int64_t)((((uint64_t)part + 1) << shift) - 1);
}

uint32_t lhist_steps(int64_t from, int64_t to, int64_t step)
{
	return (uint32_t)(((uint64_t)to - (uint64_t)from - 1) / (uint64_t)step) + 1;
}

uint32_t lhist_buckets(int64_t from, int64_t to, int64_t step)
{
	return lhist_steps(from, to, step) + 2;
}

uint32_t lhist_bucket(int64_t value, int64_t from, int64_t to, int64_t step)
{
	if (value < from)
		return 0;
	if (value >= to)
		return lhist_steps(from, to, step) + 1;
	return 1 + (uint32_t)(((uint64_t)value - (uint64_t)from) / (uint64_t)step);
}
