#include "runtime/print/value.h"

#include <inttypes.h>
#include <string.h>

#include "base/hist.h"

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

static void print_signed(char *text, size_t size, int64_t value)
{
	text[0] = '-';
	print_bound(text + (value < 0), size - 1, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
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

/* The last step ends where the range does. */
static int64_t lhist_step_end(const struct image_type *t, int64_t low)
{
	return low > t->range[1] - t->range[2] ? t->range[1] : low + t->range[2];
}

static void print_lhist_label(char *text, size_t size, uint32_t bucket, const struct image_type *t)
{
	int64_t from = t->range[0], to = t->range[1], step = t->range[2];
	uint32_t last = t->size / 8 - 1;
	int64_t low = from + (int64_t)(bucket - 1) * step;
	char begin[24], end[24];

	print_signed(begin, sizeof(begin), bucket == last ? to : low);
	print_signed(end, sizeof(end), bucket == 0 ? from : lhist_step_end(t, low));
	if (bucket == 0)
		snprintf(text, size, "(..., %s)", end);
	else if (bucket == last)
		snprintf(text, size, "[%s, ...)", begin);
	else
		snprintf(text, size, "[%s, %s)", begin, end);
}

static void print_bars(
    FILE *out, const struct image_type *t, const uint64_t *counters, uint64_t div, bool linear)
{
	static const char bar[BAR_WIDTH + 1] = "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@";
	struct range range = used_range(t, counters);
	char label[64];

	for (uint32_t i = range.begin; i < range.end; i++) {
		uint64_t n = counter_at(counters, i);
		int width = (int)((__uint128_t)n * BAR_WIDTH / range.most);

		if (linear)
			print_lhist_label(label, sizeof(label), i, t);
		else
			print_label(label, sizeof(label), i, t->count);
		fprintf(out, "%-16s%8" PRIu64 " |%-*.*s|\n", label, n / div, BAR_WIDTH, width, bar);
	}
}

void hist_print(FILE *out, const struct image_type *t, const uint64_t *counters, uint64_t div)
{
	print_bars(out, t, counters, div, false);
}

void lhist_print(FILE *out, const struct image_type *t, const uint64_t *counters, uint64_t div)
{
	print_bars(out, t, counters, div, true);
}

static void print_json_bucket(FILE *out, bool has_min, int64_t min, bool has_max, int64_t max, uint64_t count)
{
	putc('{', out);
	if (has_min)
		fprintf(out, "\"min\": %" PRId64 ", ", min);
	if (has_max)
		fprintf(out, "\"max\": %" PRId64 ", ", max);
	fprintf(out, "\"count\": %" PRIu64 "}", count);
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
		print_json_bucket(out, i != 0, low, true, high, counter_at(counters, i) / div);
	}
	putc(']', out);
}

void lhist_print_json(FILE *out, const struct image_type *t, const uint64_t *counters, uint64_t div)
{
	struct range range = used_range(t, counters);
	uint32_t last = t->size / 8 - 1;

	putc('[', out);
	for (uint32_t i = range.begin; i < range.end; i++) {
		int64_t low = t->range[0] + (int64_t)(i - 1) * t->range[2];

		if (i > range.begin)
			fputs(", ", out);
		print_json_bucket(out, i != 0, i == last ? t->range[1] : low, i != last,
		    (i ? lhist_step_end(t, low) : t->range[0]) - 1, counter_at(counters, i) / div);
	}
	putc(']', out);
}
