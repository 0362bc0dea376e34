/* The expected digests are hashlib.blake2b(..., digest_size=32) of Python. */
#include "base/digest.h"
#include "tests/unit/test.h"

static void check(const char *bytes, size_t n, size_t part, const char *expected)
{
	unsigned char result[DIGEST_SIZE];
	char text[2 * DIGEST_SIZE + 1];
	struct digest d;

	digest_begin(&d);
	for (size_t at = 0; at < n; at += part)
		digest_add(&d, bytes + at, n - at < part ? n - at : part);
	digest_end(&d, result);
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", result[i]);
	CHECK_TEXT(text, 2 * DIGEST_SIZE, expected);
}

int main(void)
{
	char bytes[256 * 5], same[129];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	memset(same, 'a', sizeof(same));
	check("", 0, 1, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
	check("abc", 3, 3, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
	check("abc", 3, 1, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
	/* exactly a block, and a byte more */
	check(same, 128, 128, "ae2aa48507885c4c950fb809b2076f959cde9f8ea6da260d9a3587df33dac450");
	check(same, 129, 129, "2f64744a6de0d2c0b56e64cf6e29a5aaa255010d415d51c75ccc82f73dccd865");
	for (size_t part = 1; part <= sizeof(bytes); part += 61)
		check(bytes, sizeof(bytes), part,
		    "82628cbfc9689e234b0923a531f4578fe2e7138a03e2f81ed6cde97517336650");
	return test_end();
}
