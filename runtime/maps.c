#include "base/round.h"
#include "runtime/value.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/output.h"

/* Read at most so many bytes at once: a per-CPU histogram has 520 bytes for each CPU. */
#define BATCH_BYTES (1 << 20)

/*
 * A copy of a map's elements, made to print them: tracing goes on meanwhile, so
 * elements may come and go. Values of CPUs are added up while they are read.
 */
struct snapshot {
	struct runtime *r;
	const struct image_map *map;
	const struct image_type *key_type; /* NULL: no key */
	const struct image_type *value_type;
	int fd;
	uint32_t key_size, raw_size, value_size; /* raw: as the kernel gives it */
	uint32_t max_entries;
	size_t n, cap;
	unsigned char *keys, *values;
	struct element *sorted;
};

struct element {
	const struct snapshot *of;
	const unsigned char *key, *value;
};

/* An image that says otherwise would have the kernel write more than we make room for. */
static bool is_per_cpu(uint32_t map_type)
{
	return map_type == BPF_MAP_TYPE_PERCPU_HASH || map_type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       map_type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

/* The kernel's sizes, and whether the types fit into them. */
static int snapshot_open(struct snapshot *s, struct runtime *r, uint32_t map)
{
	const struct image *image = r->image;
	struct bpf_map_info info = { 0 };
	uint32_t info_size = sizeof(info);

	*s = (struct snapshot){ .r = r, .map = &image->maps.v[map], .fd = r->map_fds[map] };
	s->value_type = &image->types.v[s->map->value_type];
	if (s->map->key_type != IMAGE_NONE)
		s->key_type = &image->types.v[s->map->key_type];
	if (bpf_obj_get_info_by_fd(s->fd, &info, &info_size))
		return -errno;
	s->key_size = info.key_size;
	s->value_size = info.value_size;
	s->max_entries = info.max_entries;
	s->raw_size = s->map->per_cpu ? round_8(info.value_size) * r->n_cpus : info.value_size;
	if (is_per_cpu(info.type) != s->map->per_cpu)
		return -EINVAL;
	if (s->key_size < (s->key_type ? s->key_type->size : 0) || s->value_size < s->value_type->size)
		return -EINVAL;
	return 0;
}

static void snapshot_close(struct snapshot *s)
{
	free(s->keys);
	free(s->values);
	free(s->sorted);
}

static int make_room(struct snapshot *s, size_t more)
{
	size_t cap = s->cap ? s->cap : 64;
	unsigned char *keys, *values;

	while (cap < s->n + more)
		cap *= 2;
	if (cap == s->cap)
		return 0;
	keys = realloc(s->keys, cap * s->key_size);
	if (keys)
		s->keys = keys;
	values = keys ? realloc(s->values, cap * s->value_size) : NULL;
	if (!values)
		return -ENOMEM;
	s->values = values;
	s->cap = cap;
	return 0;
}

static void add_words(unsigned char *value, const unsigned char *raw, uint32_t size)
{
	for (uint32_t at = 0; at + 8 <= size; at += 8) {
		uint64_t sum, more;

		memcpy(&sum, value + at, 8);
		memcpy(&more, raw + at, 8);
		sum += more;
		memcpy(value + at, &sum, 8);
	}
}

/* min() and max(): a number, and whether there is one. */
static void take_better(const struct image_type *t, unsigned char *value, const unsigned char *raw)
{
	uint64_t had[2], more[2];
	bool better;

	memcpy(had, value, sizeof(had));
	memcpy(more, raw, sizeof(more));
	if (t->is_signed)
		better = value_class(t) == LEAST ? (int64_t)more[0] < (int64_t)had[0]
						 : (int64_t)more[0] > (int64_t)had[0];
	else
		better = value_class(t) == LEAST ? more[0] < had[0] : more[0] > had[0];
	if (more[1] && (!had[1] || better))
		memcpy(value, more, sizeof(more));
}

static void merge_cpus(const struct snapshot *s, unsigned char *value, const unsigned char *raw)
{
	uint32_t step = round_8(s->value_size);

	memset(value, 0, s->value_size);
	for (unsigned cpu = 0; cpu < s->r->n_cpus; cpu++, raw += step) {
		if (value_class(s->value_type) == SUMMED)
			add_words(value, raw, s->value_size);
		else
			take_better(s->value_type, value, raw);
	}
}

static int add_element(struct snapshot *s, const unsigned char *key, const unsigned char *raw)
{
	unsigned char *value;
	int err = make_room(s, 1);

	if (err)
		return err;
	memcpy(s->keys + s->n * s->key_size, key, s->key_size);
	value = s->values + s->n * s->value_size;
	if (s->map->per_cpu)
		merge_cpus(s, value, raw);
	else
		memcpy(value, raw, s->value_size);
	s->n++;
	return 0;
}

static int add_batch(struct snapshot *s, const unsigned char *keys, const unsigned char *raw, uint32_t n)
{
	int err = 0;

	for (uint32_t i = 0; i < n && !err; i++)
		err = add_element(s, keys + i * (size_t)s->key_size, raw + i * (size_t)s->raw_size);
	return err;
}

/* -ENOSPC: a bucket of the hash holds more elements than count. */
static int read_batches(struct snapshot *s, uint32_t count, unsigned char *keys, unsigned char *raw)
{
	uint64_t position = 0; /* opaque; a hash map's is 4 bytes */
	bool first = true;
	int err = 0, end = 0;

	while (!err && !end && s->n < 2 * (size_t)s->max_entries) {
		uint32_t n = count;

		end = bpf_map_lookup_batch(s->fd, first ? NULL : &position, &position, keys, raw, &n, NULL);
		if (end && end != -ENOENT)
			return end;
		err = add_batch(s, keys, raw, n);
		first = false;
	}
	return err;
}

static int read_in_batches(struct snapshot *s)
{
	size_t element = (size_t)s->key_size + s->raw_size;
	uint32_t count = BATCH_BYTES / element;
	unsigned char *buffer;
	int err;

	if (count < 16)
		count = 16;
	if (count > s->max_entries)
		count = s->max_entries;
	buffer = calloc(count, element);
	if (!buffer)
		return -ENOMEM;
	err = read_batches(s, count, buffer, buffer + count * (size_t)s->key_size);
	free(buffer);
	return err;
}

/* The keys alone. When one is deleted behind our back the kernel starts over, hence the bound. */
static int read_keys(struct snapshot *s)
{
	void *last = NULL;

	for (size_t i = 0; i < 2 * (size_t)s->max_entries; i++) {
		int err = make_room(s, 1);

		if (err)
			return err;
		last = s->n ? s->keys + (s->n - 1) * (size_t)s->key_size : NULL;
		err = bpf_map_get_next_key(s->fd, last, s->keys + s->n * (size_t)s->key_size);
		if (err)
			return err == -ENOENT ? 0 : err;
		s->n++;
	}
	return 0;
}

static int compare_keys_raw(const void *a, const void *b, void *size)
{
	return memcmp(a, b, *(uint32_t *)size);
}

/* For kernels without batches (of this map), and maps whose buckets are too full for one. */
static int read_one_by_one(struct snapshot *s)
{
	unsigned char *raw = malloc(s->raw_size);
	size_t n_keys;
	int err = raw ? read_keys(s) : -ENOMEM;

	n_keys = s->n;
	s->n = 0;
	if (!err && n_keys)
		qsort_r(s->keys, n_keys, s->key_size, compare_keys_raw, &s->key_size);
	for (size_t i = 0; i < n_keys && !err; i++) {
		const unsigned char *key = s->keys + i * (size_t)s->key_size;

		if (i && memcmp(key, key - s->key_size, s->key_size) == 0)
			continue; /* seen twice: the kernel started over */
		/* Elements are added at or before the place that is read. */
		if (bpf_map_lookup_elem(s->fd, key, raw) == 0)
			err = add_element(s, key, raw);
	}
	free(raw);
	return err;
}

static int compare_numbers(const struct image_type *t, const unsigned char *a, const unsigned char *b)
{
	uint64_t x = value_number(t, a), y = value_number(t, b);

	if (t->is_signed)
		return (int64_t)x < (int64_t)y ? -1 : (int64_t)x > (int64_t)y;
	return x < y ? -1 : x > y;
}

static int compare_typed(
    const struct runtime *r, const struct image_type *t, const unsigned char *a, const unsigned char *b)
{
	int order = 0;

	if (value_is_number(t))
		return compare_numbers(t, a, b);
	if (t->kind == TYPE_string)
		return str_compare(value_text(a, t->size), value_text(b, t->size));
	if (t->kind != TYPE_tuple)
		return memcmp(a, b, t->size);
	for (uint32_t i = 0; i < t->n_items && order == 0; i++)
		order = compare_typed(
		    r, &r->image->types.v[t->items[i].type], a + t->items[i].offset, b + t->items[i].offset);
	return order;
}

static bool is_histogram(const struct image_type *t)
{
	return t->kind == TYPE_hist || t->kind == TYPE_lhist;
}

static bool has_average(const struct image_type *t)
{
	return t->kind == TYPE_avg || t->kind == TYPE_stats;
}

/* As bpftrace sorts: numbers by value, histograms by their totals; what is equal or
 * cannot be compared by key. */
static int compare_elements(const void *left, const void *right)
{
	const struct element *a = left, *b = right;
	const struct snapshot *s = a->of;
	int order = 0;

	if (is_histogram(s->value_type)) {
		uint64_t x = hist_total(s->value_type, (const uint64_t *)a->value);
		uint64_t y = hist_total(s->value_type, (const uint64_t *)b->value);

		order = x < y ? -1 : x > y;
	} else if (has_average(s->value_type)) {
		int64_t x = value_average(s->value_type, a->value),
			y = value_average(s->value_type, b->value);

		order = x < y ? -1 : x > y;
	} else if (value_class(s->value_type) != OTHER) {
		order = compare_numbers(s->value_type, a->value, b->value);
	}
	if (order == 0 && s->key_type)
		order = compare_typed(s->r, s->key_type, a->key, b->key);
	return order;
}

static int sort(struct snapshot *s)
{
	s->sorted = calloc(s->n ? s->n : 1, sizeof(*s->sorted));
	if (!s->sorted)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++)
		s->sorted[i] = (struct element){ s, s->keys + i * (size_t)s->key_size,
			s->values + i * (size_t)s->value_size };
	qsort(s->sorted, s->n, sizeof(*s->sorted), compare_elements);
	return 0;
}

static int snapshot_take(struct snapshot *s, struct runtime *r, uint32_t map)
{
	int err = snapshot_open(s, r, map);

	if (err)
		return err;
	err = read_in_batches(s);
	if (err && err != -ENOMEM) {
		s->n = 0;
		err = read_one_by_one(s);
	}
	return err ? err : sort(s);
}

/* A number divided for print(@x, top, div), in the bytes of its type; of an aggregation the first word. */
static void divide(const struct image_type *t, const unsigned char *value, int64_t div, unsigned char *result)
{
	uint64_t n = value_number(t, value);

	memcpy(result, value, t->size);
	n = t->is_signed ? (uint64_t)((int64_t)n / div) : n / (uint64_t)div;
	memcpy(result, &n, t->size < 8 ? t->size : 8);
}

static void print_histogram(const struct element *e, FILE *out, uint64_t div)
{
	const struct snapshot *s = e->of;
	const struct image_type *t = s->value_type;
	const uint64_t *counters = (const uint64_t *)e->value;

	if (output_is_json(s->r->out))
		(t->kind == TYPE_lhist ? lhist_print_json : hist_print_json)(out, t, counters, div);
	else
		(t->kind == TYPE_lhist ? lhist_print : hist_print)(out, t, counters, div);
}

static void print_map_value(const struct element *e, FILE *out, int64_t div)
{
	const struct snapshot *s = e->of;
	const struct image_type *t = s->value_type;
	unsigned char divided[16];
	const unsigned char *value = e->value;

	if (is_histogram(t)) {
		print_histogram(e, out, (uint64_t)div);
		return;
	}
	if (div > 1 && value_class(t) != OTHER && t->kind != TYPE_stats) {
		divide(t, value, div, divided);
		value = divided;
	}
	if (output_is_json(s->r->out))
		json_value(s->r, out, s->map->value_type, value, t->size);
	else
		format_value(s->r, out, s->map->value_type, value, t->size);
}

/* Of the frames of a stack that is a key. */
#define KEY_INDENT 4

static void print_key(const struct element *e, FILE *out, const char *separator)
{
	struct runtime *r = e->of->r;

	r->indent = KEY_INDENT;
	format_key(r, out, e->of->key_type, e->key, separator);
	r->indent = 0;
}

static void print_text_element(const struct element *e, FILE *out, int64_t div)
{
	const struct snapshot *s = e->of;

	fprintf(out, "%.*s", STR_ARG(s->map->name));
	if (s->key_type) {
		putc('[', out);
		print_key(e, out, ", ");
		putc(']', out);
	}
	fputs(is_histogram(s->value_type) ? ": \n" : ": ", out);
	print_map_value(e, out, div);
	putc('\n', out);
}

static void print_json_element(const struct element *e, FILE *out, int64_t div)
{
	const struct snapshot *s = e->of;

	if (s->key_type) {
		print_key(e, output_scratch(s->r->out), ",");
		json_text(out, output_scratch_take(s->r->out));
		fputs(": ", out);
	}
	print_map_value(e, out, div);
}

static void print_json(const struct snapshot *s, FILE *out, size_t first, int64_t div)
{
	fprintf(out, "{\"type\": \"%s\", \"data\": {",
	    is_histogram(s->value_type)         ? "hist"
	    : s->value_type->kind == TYPE_stats ? "stats"
						: "map");
	json_text(out, s->map->name);
	fputs(s->key_type ? ": {" : ": ", out);
	for (size_t i = first; i < s->n; i++) {
		if (i > first)
			fputs(", ", out);
		print_json_element(&s->sorted[i], out, div);
	}
	fputs(s->key_type ? "}}}\n" : "}}\n", out);
}

static void report(const struct image_map *map, const char *what, int err)
{
	fprintf(
	    stderr, "btrun: error: cannot %s the map %.*s: %s\n", what, STR_ARG(map->name), strerror(-err));
}

/* A count() without a key is 0 before the first event. */
static bool print_zero(const struct snapshot *s, FILE *out)
{
	if (s->n || s->key_type || s->value_type->kind != TYPE_count)
		return false;
	if (output_is_json(s->r->out))
		fprintf(out, "{\"type\": \"map\", \"data\": {\"%.*s\": 0}}\n", STR_ARG(s->map->name));
	else
		fprintf(out, "%.*s: 0\n", STR_ARG(s->map->name));
	output_line_done(s->r->out);
	return true;
}

/* asked: by print(), which ends a line in any case. */
static void print_map(struct runtime *r, uint32_t map, int64_t top, int64_t div, bool asked)
{
	FILE *out = output_stream(r->out);
	struct snapshot s;
	int err = snapshot_take(&s, r, map);
	size_t first = top > 0 && (size_t)top < s.n ? s.n - (size_t)top : 0;

	if (div < 1)
		div = 1;
	if (err) {
		report(s.map, "read", err);
	} else if (print_zero(&s, out)) {
		; /* that was it */
	} else if (s.n && output_is_json(r->out)) {
		print_json(&s, out, first, div);
		output_line_done(r->out);
	} else {
		for (size_t i = first; i < s.n; i++)
			print_text_element(&s.sorted[i], out, div);
		/* Histograms end with a line of their own each, these with one together. */
		if ((s.n && has_average(s.value_type)) || (asked && !s.n && !output_is_json(r->out)))
			putc('\n', out);
		output_line_done(r->out);
	}
	snapshot_close(&s);
}

void maps_print(struct runtime *r, uint32_t map, int64_t top, int64_t div)
{
	print_map(r, map, top, div, true);
}

struct ordered {
	struct str name;
	uint32_t map;
};

static int compare_maps(const void *a, const void *b)
{
	return str_compare(((const struct ordered *)a)->name, ((const struct ordered *)b)->name);
}

/* By name, as bpftrace has them. */
void maps_print_all(struct runtime *r)
{
	uint32_t n = (uint32_t)r->image->maps.n;
	struct ordered *order = calloc(n ? n : 1, sizeof(*order));

	for (uint32_t i = 0; order && i < n; i++)
		order[i] = (struct ordered){ r->image->maps.v[i].name, i };
	if (order)
		qsort(order, n, sizeof(*order), compare_maps);
	for (uint32_t i = 0; i < n; i++)
		print_map(r, order ? order[i].map : i, 0, 0, false);
	free(order);
}

/* Elements that programs add meanwhile may stay: no moment of the map is "now". */
static int each_key(struct runtime *r, uint32_t map, int (*change)(struct snapshot *s, const void *key))
{
	struct snapshot s;
	int err = snapshot_open(&s, r, map);

	if (!err)
		err = read_keys(&s);
	for (size_t i = 0; i < s.n && !err; i++) {
		err = change(&s, s.keys + i * (size_t)s.key_size);
		if (err == -ENOENT)
			err = 0; /* a program was faster */
	}
	snapshot_close(&s);
	return err;
}

static int delete_element(struct snapshot *s, const void *key)
{
	return bpf_map_delete_elem(s->fd, key);
}

void maps_clear(struct runtime *r, uint32_t map)
{
	int err = each_key(r, map, delete_element);

	if (err)
		report(&r->image->maps.v[map], "clear", err);
}

static int zero_element(struct snapshot *s, const void *key)
{
	void *zeros = calloc(1, s->raw_size);
	int err = zeros ? bpf_map_update_elem(s->fd, key, zeros, BPF_EXIST) : -ENOMEM;

	free(zeros);
	return err;
}

void maps_zero(struct runtime *r, uint32_t map)
{
	int err = each_key(r, map, zero_element);

	if (err)
		report(&r->image->maps.v[map], "zero", err);
}
