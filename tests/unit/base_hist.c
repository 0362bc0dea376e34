#include "base/hist.h"
#include "tests/unit/test.h"

static void bpftrace_buckets(void)
{
	CHECK_INT(hist_buckets(0), 65);
	CHECK_INT(hist_bucket(INT64_MIN, 0), 0);
	CHECK_INT(hist_bucket(-1, 0), 0);
	CHECK_INT(hist_bucket(0, 0), 1);
	CHECK_INT(hist_bucket(1, 0), 2);
	CHECK_INT(hist_bucket(2, 0), 3);
	CHECK_INT(hist_bucket(3, 0), 3);
	CHECK_INT(hist_bucket(4, 0), 4);
	CHECK_INT(hist_bucket(INT64_MAX, 0), 64);
}

/* The buckets tile the numbers: each begins where the one before ends, and its
 * bounds fall into it. */
static void tiles(uint32_t bits)
{
	int64_t low, high, before = INT64_MIN;

	for (uint32_t b = 0; b < hist_buckets(bits); b++) {
		hist_bounds(b, bits, &low, &high);
		CHECK_INT(low, b == 0 ? INT64_MIN : before + 1);
		CHECK(high >= low);
		CHECK_INT(hist_bucket(low, bits), b);
		CHECK_INT(hist_bucket(high, bits), b);
		before = high;
	}
	CHECK_INT(before, INT64_MAX);
}

int main(void)
{
	bpftrace_buckets();
	for (uint32_t bits = 0; bits <= HIST_BITS_MAX; bits++)
		tiles(bits);
	return test_end();
}
