#include "runtime/print/snapshot.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"
#include "runtime/print/generations.h"
#include "runtime/print/output.h"

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
	if (div > 1 && value_class(t) != VALUE_OTHER && t->kind != TYPE_stats) {
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

static void print_json(const struct snapshot *s, FILE *out, int64_t div)
{
	fprintf(out, "{\"type\": \"%s\", \"data\": {",
	    is_histogram(s->value_type)         ? "hist"
	    : s->value_type->kind == TYPE_stats ? "stats"
						: "map");
	json_text(out, s->map->name);
	fputs(s->key_type ? ": {" : ": ", out);
	for (size_t i = 0; i < s->n; i++) {
		struct element e = element_at(s, s->sorted[i]);

		if (i)
			fputs(", ", out);
		print_json_element(&e, out, div);
	}
	fputs(s->key_type ? "}}}\n" : "}}\n", out);
}

static void report(const struct image_map *map, const char *what, int err)
{
	message_error("cannot %s the map %.*s: %s", what, STR_ARG(map->name), strerror(-err));
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
	int err = snapshot_take(&s, r, map, top > 0 ? (size_t)top : 0);

	if (div < 1)
		div = 1;
	if (err) {
		report(s.map, "read", err);
	} else if (print_zero(&s, out)) {
		; /* that was it */
	} else if (s.n && output_is_json(r->out)) {
		print_json(&s, out, div);
		output_line_done(r->out);
	} else {
		for (size_t i = 0; i < s.n; i++) {
			struct element e = element_at(&s, s.sorted[i]);

			print_text_element(&e, out, div);
		}
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
		err = snapshot_read_keys(&s);
	for (size_t i = 0; i < s.n && !err; i++) {
		err = change(&s, s.keys + i * (size_t)s.key_size);
		if (err == -ENOENT)
			err = 0; /* a program was faster */
	}
	snapshot_close(&s);
	return err;
}

static int zero_element(struct snapshot *s, const void *key)
{
	void *zeros = calloc(1, s->raw_size);
	int err = zeros ? bpf_map_update_elem(s->fd, key, zeros, BPF_EXIST) : -ENOMEM;

	free(zeros);
	return err;
}

static int delete_element(struct snapshot *s, const void *key)
{
	return s->is_array ? zero_element(s, key) : bpf_map_delete_elem(s->fd, key);
}

/* Reads and forgets. -EINVAL and others where the kernel has no such thing for this map. */
static int delete_batches(struct runtime *r, uint32_t map)
{
	struct snapshot s;
	int err = snapshot_open(&s, r, map);
	uint32_t count = 0, n;
	unsigned char *buffer = NULL;
	uint64_t position;

	if (!err && s.is_one)
		err = -EINVAL;
	if (!err) {
		count = snapshot_batch(&s);
		buffer = calloc(count, (size_t)s.key_size + s.raw_size);
		err = buffer ? 0 : -ENOMEM;
	}
	for (bool first = true; !err; first = false) {
		n = count;
		err = bpf_map_lookup_and_delete_batch(s.fd, first ? NULL : &position, &position, buffer,
		    buffer + count * (size_t)s.key_size, &n, NULL);
	}
	free(buffer);
	snapshot_close(&s);
	return err == -ENOENT ? 0 : err;
}

static int empty(struct runtime *r, uint32_t map)
{
	int err = delete_batches(r, map);

	return err ? each_key(r, map, delete_element) : 0;
}

void maps_clear(struct runtime *r, uint32_t map)
{
	int err;

	generations_hold(r, generations_bit(r, map), 0);
	err = empty(r, map);
	generations_release(r, map);
	if (err)
		report(&r->image->maps.v[map], "clear", err);
}

void maps_zero(struct runtime *r, uint32_t map)
{
	uint64_t bit = generations_bit(r, map);
	int err, emptied;

	if (!bit) {
		err = each_key(r, map, zero_element);
	} else {
		generations_hold(r, bit, bit);
		err = generations_keep_keys(r, map);
		emptied = empty(r, map);
		generations_release(r, map);
		err = err ? err : emptied;
	}
	if (err)
		report(&r->image->maps.v[map], "zero", err);
}
