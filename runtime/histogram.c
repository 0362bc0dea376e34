#include "runtime/value.h"

#include <inttypes.h>
#include <string.h>

#include "image/hist.h"

#define BAR_WIDTH 52

/* Counters may lie unaligned in a record. */
static uint64_t counter_at(const uint64_t *counters, uint32_t i)
{
	uint64_t value;

	memcpy(&value, (const char *)counters + 8 * (size_t)i, sizeof(value));
	return value;
}

uint64_t hist_total(const struct image_type *t, const uint64_t *counters)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < t->size / 8; i++)
		total += counter_at(counters, i);
	return total;
}

struct range {
	uint32_t begin, end; /* the buckets from the first to the last that is not empty */
	uint64_t most;
};

static struct range used_range(const struct image_type *t, const uint64_t *counters)
{
	struct range range = { 0 };

	for (uint32_t i = 0; i < t->size / 8; i++) {
		uint64_t n = counter_at(counters, i);

		if (!n)
			continue;
		if (!range.most)
			range.begin = i;
		range.end = i + 1;
		if (n > range.most)
			range.most = n;
	}
	return range;
}

/* 2048 is 2K; what is no multiple of 1024 is written out. */
static int print_bound(char *text, size_t size, uint64_t value)
{
	static const char suffixes[] = "KMGTPE";
	int times = 0;

	while (value >= 1024 && value % 1024 == 0) {
		value /= 1024;
		times++;
	}
	if (times == 0)
		return snprintf(text, size, "%" PRIu64, value);
	return snprintf(text, size, "%" PRIu64 "%c", value, suffixes[times - 1]);
}

static void print_label(char *text, size_t size, uint32_t bucket, uint32_t bits)
{
	char from[24], to[24];
	int64_t low, high;

	hist_bounds(bucket, bits, &low, &high);
	print_bound(from, sizeof(from), (uint64_t)low);
	print_bound(to, sizeof(to), (uint64_t)high + 1);
	if (bucket == 0)
		snprintf(text, size, "(..., 0)");
	else if (low == high)
		snprintf(text, size, "[%s]", from);
	else
		snprintf(text, size, "[%s, %s)", from, to);
}

void hist_print(FILE *out, const struct image_type *t, const uint64_t *counters, uint64_t div)
{
	static const char bar[BAR_WIDTH + 1] = "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@";
	struct range range = used_range(t, counters);
	char label[64];

	for (uint32_t i = range.begin; i < range.end; i++) {
		uint64_t n = counter_at(counters, i);
		int width = (int)((__uint128_t)n * BAR_WIDTH / range.most);

		print_label(label, sizeof(label), i, t->count);
		fprintf(out, "%-16s%8" PRIu64 " |%-*.*s|\n", label, n / div, BAR_WIDTH, width, bar);
	}
}

void hist_print_json(FILE *out, const struct image_type *t, const uint64_t *counters, uint64_t div)
{
	struct range range = used_range(t, counters);
	int64_t low, high;

	putc('[', out);
	for (uint32_t i = range.begin; i < range.end; i++) {
		if (i > range.begin)
			fputs(", ", out);
		hist_bounds(i, t->count, &low, &high);
		if (i == 0)
			fputs("{", out);
		else
			fprintf(out, "{\"min\": %" PRId64 ", ", low);
		fprintf(out, "\"max\": %" PRId64 ", \"count\": %" PRIu64 "}", high,
		    counter_at(counters, i) / div);
	}
	putc(']', out);
}
