/*
 * Floating-point numbers: the fewest digits that give the same number when they are read again.
 */
#include "runtime/print/value.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Every number of the smaller types is one of long double. */
static long double value_float(const struct image_type *t, const void *bytes)
{
	long double extended = 0;
	double wide;
	float narrow;

	if (t->size == sizeof(narrow)) {
		memcpy(&narrow, bytes, sizeof(narrow));
		return narrow;
	}
	if (t->size == sizeof(wide)) {
		memcpy(&wide, bytes, sizeof(wide));
		return wide;
	}
	memcpy(&extended, bytes, sizeof(extended));
	return extended;
}

/* Returns what a program of that type would read. */
static long double read_again(const struct image_type *t, const char *text)
{
	if (t->size == sizeof(float))
		return strtof(text, NULL);
	return t->size == sizeof(double) ? strtod(text, NULL) : strtold(text, NULL);
}

/* Returns how many digits are always enough. */
static int most_digits(const struct image_type *t)
{
	if (t->size == sizeof(float))
		return FLT_DECIMAL_DIG;
	return t->size == sizeof(double) ? DBL_DECIMAL_DIG : LDBL_DECIMAL_DIG;
}

bool float_is_finite(const struct image_type *t, const void *bytes)
{
	return isfinite(value_float(t, bytes));
}

void format_float(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	long double value = value_float(t, bytes);
	char text[64];

	for (int digits = 6; digits <= most_digits(t); digits++) {
		snprintf(text, sizeof(text), "%.*Lg", digits, value);
		if (read_again(t, text) == value)
			break;
	}
	fputs(isnan(value) ? "nan" : text, out);
}
