#include "runtime/print/snapshot.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/round.h"
#include "language/map_kinds.h"
#include "runtime/print/generations.h"

/* Read at most so many bytes at once: a per-CPU histogram has 520 bytes for each CPU. */
#define BATCH_BYTES (1 << 20)

int snapshot_open(struct snapshot *s, struct runtime *r, uint32_t map)
{
	return snapshot_open_half(s, r, map, generations_half(r, map));
}

int snapshot_open_half(struct snapshot *s, struct runtime *r, uint32_t map, unsigned half)
{
	const struct image *image = r->image;
	struct bpf_map_info info = { 0 };
	uint32_t info_size = sizeof(info);
	const struct map_kind *kind = &map_kinds[image->maps.v[map].kind];

	*s = (struct snapshot){ .r = r, .map = &image->maps.v[map], .fd = r->map_fds[map], .half = half };
	s->is_one = s->map->generation != IMAGE_NONE && s->map->key_type == IMAGE_NONE;
	if (half && !s->is_one)
		s->fd = r->half_fds[map];
	s->value_type = &image->types.v[s->map->value_type];
	if (s->map->key_type != IMAGE_NONE)
		s->key_type = &image->types.v[s->map->key_type];
	if (bpf_obj_get_info_by_fd(s->fd, &info, &info_size))
		return -errno;
	s->key_size = info.key_size;
	s->value_size = info.value_size;
	s->max_entries = info.max_entries;
	/* An image that says otherwise would have the kernel write more than we make room for. */
	if (info.type != kind->type)
		return -EINVAL;
	s->is_array = kind->traits & MAP_IS_ARRAY;
	s->is_per_cpu = kind->traits & MAP_IS_PER_CPU;
	s->raw_size = s->is_per_cpu ? round_8(info.value_size) * r->n_cpus : info.value_size;
	if (s->is_array && (s->key_type || s->max_entries != 1u + s->is_one))
		return -EINVAL;
	if (s->is_one && s->key_size > sizeof(s->half))
		return -EINVAL;
	if (s->key_size < (s->key_type ? s->key_type->size : 0) || s->value_size < s->value_type->size)
		return -EINVAL;
	return 0;
}

void snapshot_close(struct snapshot *s)
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
		better = value_class(t) == VALUE_LEAST ? (int64_t)more[0] < (int64_t)had[0]
						       : (int64_t)more[0] > (int64_t)had[0];
	else
		better = value_class(t) == VALUE_LEAST ? more[0] < had[0] : more[0] > had[0];
	if (more[1] && (!had[1] || better))
		memcpy(value, more, sizeof(more));
}

static void merge_cpus(const struct snapshot *s, unsigned char *value, const unsigned char *raw)
{
	uint32_t step = round_8(s->value_size);

	memset(value, 0, s->value_size);
	for (unsigned cpu = 0; cpu < s->r->n_cpus; cpu++, raw += step) {
		if (value_class(s->value_type) == VALUE_SUMMED)
			add_words(value, raw, s->value_size);
		else
			take_better(s->value_type, value, raw);
	}
}

static bool is_zero(const unsigned char *value, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		if (value[i])
			return false;
	return true;
}

static int add_element(struct snapshot *s, const unsigned char *key, const unsigned char *raw)
{
	unsigned char *value;
	int err = make_room(s, 1);

	if (err)
		return err;
	memcpy(s->keys + s->n * s->key_size, key, s->key_size);
	value = s->values + s->n * s->value_size;
	if (s->is_per_cpu)
		merge_cpus(s, value, raw);
	else
		memcpy(value, raw, s->value_size);
	s->n += !(s->is_array && is_zero(value, s->value_size));
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

uint32_t snapshot_batch(const struct snapshot *s)
{
	uint32_t count = BATCH_BYTES / (s->key_size + s->raw_size);

	if (count < 16)
		count = 16;
	return count < s->max_entries ? count : s->max_entries;
}

static int read_in_batches(struct snapshot *s)
{
	uint32_t count = snapshot_batch(s);
	unsigned char *buffer = calloc(count, (size_t)s->key_size + s->raw_size);
	int err;

	if (!buffer)
		return -ENOMEM;
	err = read_batches(s, count, buffer, buffer + count * (size_t)s->key_size);
	free(buffer);
	return err;
}

/* The element of one half, when there is one. */
static int read_one_key(struct snapshot *s)
{
	unsigned char *raw = malloc(s->raw_size);
	int err = raw ? make_room(s, 1) : -ENOMEM;

	if (!err) {
		memcpy(s->keys, &s->half, s->key_size);
		s->n = bpf_map_lookup_elem(s->fd, &s->half, raw) == 0;
	}
	free(raw);
	return err;
}

/* The keys alone. When one is deleted behind our back the kernel starts over, hence the bound. */
int snapshot_read_keys(struct snapshot *s)
{
	void *last = NULL;

	if (s->is_one)
		return read_one_key(s);
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
	int err = raw ? snapshot_read_keys(s) : -ENOMEM;

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

static int compare_as(const struct image_type *t, uint64_t x, uint64_t y)
{
	if (t->is_signed)
		return (int64_t)x < (int64_t)y ? -1 : (int64_t)x > (int64_t)y;
	return x < y ? -1 : x > y;
}

static int compare_numbers(const struct image_type *t, const unsigned char *a, const unsigned char *b)
{
	return compare_as(t, value_number(t, a), value_number(t, b));
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

bool is_histogram(const struct image_type *t)
{
	return t->kind == TYPE_hist || t->kind == TYPE_lhist;
}

bool has_average(const struct image_type *t)
{
	return t->kind == TYPE_avg || t->kind == TYPE_stats;
}

/* As bpftrace sorts: numbers by value, histograms by their totals; what is equal or
 * cannot be compared by key. */
static int compare_elements(const void *left, const void *right, void *snapshot)
{
	const struct snapshot *s = snapshot;
	struct element a = element_at(s, *(const uint32_t *)left),
		       b = element_at(s, *(const uint32_t *)right);
	int order = 0;

	if (is_histogram(s->value_type)) {
		uint64_t x = hist_total(s->value_type, (const uint64_t *)a.value);
		uint64_t y = hist_total(s->value_type, (const uint64_t *)b.value);

		order = x < y ? -1 : x > y;
	} else if (has_average(s->value_type)) {
		order = compare_as(s->value_type, (uint64_t)value_average(s->value_type, a.value),
		    (uint64_t)value_average(s->value_type, b.value));
	} else if (value_class(s->value_type) != VALUE_OTHER) {
		order = compare_numbers(s->value_type, a.value, b.value);
	}
	if (order == 0 && s->key_type)
		order = compare_typed(s->r, s->key_type, a.key, b.key);
	return order;
}

/* The least of the heap is on top, and sinks to its place. */
static void sink(struct snapshot *s, uint32_t *heap, size_t n, size_t i)
{
	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		uint32_t held = heap[i];

		if (child + 1 < n && compare_elements(&heap[child + 1], &heap[child], s) < 0)
			child++;
		if (compare_elements(&heap[i], &heap[child], s) <= 0)
			return;
		heap[i] = heap[child];
		heap[child] = held;
	}
}

/* Of many elements a few: the greatest seen so far in a heap. */
static void select_top(struct snapshot *s, size_t top)
{
	for (size_t i = 0; i < top; i++)
		s->sorted[i] = (uint32_t)i;
	for (size_t i = top / 2; i-- > 0;)
		sink(s, s->sorted, top, i);
	for (uint32_t i = (uint32_t)top; i < s->n; i++) {
		if (compare_elements(&i, s->sorted, s) <= 0)
			continue;
		s->sorted[0] = i;
		sink(s, s->sorted, top, 0);
	}
}

/* top: only so many of the greatest are wanted; 0: all. */
static int sort(struct snapshot *s, size_t top)
{
	size_t n = top && top < s->n ? top : s->n;

	s->sorted = calloc(n ? n : 1, sizeof(*s->sorted));
	if (!s->sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		s->sorted[i] = (uint32_t)i;
	if (n < s->n)
		select_top(s, n);
	s->n = n;
	qsort_r(s->sorted, n, sizeof(*s->sorted), compare_elements, s);
	return 0;
}

int snapshot_take(struct snapshot *s, struct runtime *r, uint32_t map, size_t top)
{
	int err = snapshot_open(s, r, map);

	if (err)
		return err;
	err = s->is_one ? read_one_by_one(s) : read_in_batches(s);
	if (err && err != -ENOMEM) {
		s->n = 0;
		err = read_one_by_one(s);
	}
	return err ? err : sort(s, top);
}
