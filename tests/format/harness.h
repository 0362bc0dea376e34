/*
 * A runtime without a kernel: an image of types, records and targets, and an
 * output into memory. Bytes go in, text comes out.
 */
#ifndef BTRUN_TESTS_FORMAT_HARNESS_H
#define BTRUN_TESTS_FORMAT_HARNESS_H

#include "runtime/print/output.h"
#include "runtime/print/runtime.h"

#include <stdlib.h>
#include <string.h>

enum harness_type { /* indices of the image's types */
	T_I8,
	T_I16,
	T_I32,
	T_I64,
	T_U8,
	T_U16,
	T_U32,
	T_U64,
	T_BOOL,
	T_PTR,
	T_STR16,
	T_INET,
	T_PROBE,
	T_FUNC,
	T_CHARS4,
	T_INTS2,
	T_TUPLE, /* (u64, string[16]) */
	T_COUNT,
	T_HIST,
	T_KEY1, /* tuple of one i64 */
	T_ENUM,
	T_NESTED, /* (i64, (u64, string[16])) */
	T_KEYSTR, /* tuple of one string[16] */
};

static const struct image_item harness_tuple_items[] = { { .type = T_U64 },
	{ .type = T_STR16, .offset = 8 } };
static const struct image_item harness_key_items[] = { { .type = T_I64 } };
static const struct image_item harness_nested_items[] = { { .type = T_I64 },
	{ .type = T_TUPLE, .offset = 8 } };
static const struct image_item harness_keystr_items[] = { { .type = T_STR16 } };

static const struct image_type harness_types[] = {
	[T_I8] = { .kind = TYPE_int, .size = 1, .is_signed = true },
	[T_I16] = { .kind = TYPE_int, .size = 2, .is_signed = true },
	[T_I32] = { .kind = TYPE_int, .size = 4, .is_signed = true },
	[T_I64] = { .kind = TYPE_int, .size = 8, .is_signed = true },
	[T_U8] = { .kind = TYPE_int, .size = 1 },
	[T_U16] = { .kind = TYPE_int, .size = 2 },
	[T_U32] = { .kind = TYPE_int, .size = 4 },
	[T_U64] = { .kind = TYPE_int, .size = 8 },
	[T_BOOL] = { .kind = TYPE_bool, .size = 1 },
	[T_PTR] = { .kind = TYPE_ptr, .size = 8 },
	[T_STR16] = { .kind = TYPE_string, .size = 16 },
	[T_INET] = { .kind = TYPE_inet, .size = 20 },
	[T_PROBE] = { .kind = TYPE_probe, .size = 8 },
	[T_FUNC] = { .kind = TYPE_func, .size = 8 },
	[T_CHARS4] = { .kind = TYPE_array, .size = 4, .is_char = true, .element = T_I8, .count = 4 },
	[T_INTS2] = { .kind = TYPE_array, .size = 8, .element = T_I32, .count = 2 },
	[T_TUPLE] = { .kind = TYPE_tuple, .size = 24, .n_items = 2, .items = harness_tuple_items },
	[T_COUNT] = { .kind = TYPE_count, .size = 8, .is_signed = true },
	[T_HIST] = { .kind = TYPE_hist, .size = 65 * 8 },
	[T_KEY1] = { .kind = TYPE_tuple, .size = 8, .n_items = 1, .items = harness_key_items },
	[T_ENUM] = { .kind = TYPE_enum, .size = 4, .is_signed = true, .name = { "color", 5 } },
	[T_NESTED] = { .kind = TYPE_tuple, .size = 32, .n_items = 2, .items = harness_nested_items },
	[T_KEYSTR] = { .kind = TYPE_tuple, .size = 16, .n_items = 1, .items = harness_keystr_items },
};

struct harness {
	struct image image;
	struct runtime runtime;
	FILE *stream;
	char *text;
	size_t size;
};

static inline void harness_begin(struct harness *h, enum output_form form)
{
	static const struct target targets[] = {
		{ 0, { "kprobe:tcp_connect", 18 }, { "tcp_connect", 11 } },
		{ (uint64_t)1 << 32 | 2, { "tracepoint:a:b", 14 }, { "", 0 } },
	};

	memset(h, 0, sizeof(*h));
	h->stream = open_memstream(&h->text, &h->size);
	h->runtime.arena = arena_new();
	h->runtime.image = &h->image;
	h->runtime.out = output_to(h->stream, form, OUTPUT_LINE);
	h->runtime.n_cpus = 1;
	for (size_t i = 0; i < sizeof(harness_types) / sizeof(harness_types[0]); i++)
		vec_push(h->runtime.arena, &h->image.types, harness_types[i]);
	for (size_t i = 0; i < 2; i++)
		vec_push(h->runtime.arena, &h->runtime.targets, targets[i]);
}

/* What was printed since the last call. */
static inline struct str harness_text(struct harness *h)
{
	struct str text;

	output_flush(h->runtime.out);
	fflush(h->stream);
	text = str_copy(h->runtime.arena, h->text, h->size);
	rewind(h->stream);
	return text;
}

/* CHECK_STR() evaluates its argument twice. */
#define CHECK_PRINTED(h, want)                         \
	do {                                           \
		struct str printed_ = harness_text(h); \
		CHECK_STR(printed_, (want));           \
	} while (0)

static inline void harness_end(struct harness *h)
{
	output_free(h->runtime.out);
	fclose(h->stream);
	free(h->text);
	arena_free(h->runtime.arena);
}

#endif
