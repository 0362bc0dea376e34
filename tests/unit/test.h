/*
 * The whole of our unit test framework. A test program is a main() of checks
 * that ends with return test_end(); it prints each failure and the closing line
 * "N passed, N failed" that ./check adds up.
 */
#ifndef BTRUN_TESTS_UNIT_TEST_H
#define BTRUN_TESTS_UNIT_TEST_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static unsigned test_passed_, test_failed_;

#define TEST_RESULT_(ok, ...)                                          \
	do {                                                           \
		if (ok) {                                              \
			test_passed_++;                                \
		} else {                                               \
			test_failed_++;                                \
			printf("%s:%d: failed: ", __FILE__, __LINE__); \
			printf(__VA_ARGS__);                           \
			putchar('\n');                                 \
		}                                                      \
	} while (0)

#define CHECK(condition) TEST_RESULT_((condition), "%s", #condition)
#define CHECK_INT(got, want)                                                                       \
	do {                                                                                       \
		int64_t got_ = (int64_t)(got), want_ = (int64_t)(want);                            \
		TEST_RESULT_(got_ == want_, "%s is %" PRId64 ", not %" PRId64, #got, got_, want_); \
	} while (0)
/* got: pointer and length, as in a struct str; want: NUL-terminated. */
#define CHECK_TEXT(got_p, got_n, want)                                            \
	do {                                                                      \
		const char *want_ = (want), *got_ = (got_p);                      \
		size_t n_ = (got_n);                                              \
		TEST_RESULT_(n_ == strlen(want_) && memcmp(got_, want_, n_) == 0, \
		    "%s is \"%.*s\", not \"%s\"", #got_p, (int)n_, got_, want_);  \
	} while (0)
#define CHECK_STR(got, want) CHECK_TEXT((got).p, (got).n, (want))

static inline int test_end(void)
{
	printf("%u passed, %u failed\n", test_passed_, test_failed_);
	return test_failed_ != 0 || test_passed_ == 0;
}

#endif
