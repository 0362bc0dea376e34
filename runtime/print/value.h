/*
 * Values of image types, and the functions that make text and JSON of them. What
 * runtime.h's format_value() and json_value() are made of.
 */
#ifndef BTRUN_RUNTIME_VALUE_H
#define BTRUN_RUNTIME_VALUE_H

#include <time.h>

#include "base/format.h"
#include "runtime/print/runtime.h"

struct value {
	const struct image_type *type;
	const void *bytes;
	bool is_register; /* image_field's */
	size_t size;      /* at least the type's, but for the text of a tail: its length */
};

/* The rows of language/types.def; those of the same printer declare it again. */
#define TYPE(name, fixed_size, value_class, needs, text, json)                                               \
	void text(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size); \
	void json(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size);
#include "language/types.def"
#undef TYPE

enum value_class { VALUE_NUMBER, VALUE_SUMMED, VALUE_LEAST, VALUE_MOST, VALUE_OTHER };
enum value_class value_class(const struct image_type *t);
/* Tells whether it is a number that %d can print. */
bool value_is_number(const struct image_type *t);
/* Returns the number, sign- or zero-extended to 64 bits. */
uint64_t value_number(const struct image_type *t, const void *bytes);
/* Prints a time by a format of strftime(), in which %f are the microseconds of ns. */
void time_print(FILE *out, struct str format, const struct tm *tm, uint64_t ns);
/* Returns where a tuple's element or a struct's member lies; a bitfield is put into *room. */
const void *value_item(struct runtime *r, const struct image_item *item, const void *bytes, uint64_t *room);
/* Tells whether a float is a number, and not infinite. */
bool float_is_finite(const struct image_type *t, const void *bytes);
/* Returns the text of a string or char array, which goes up to the NUL. */
struct str value_text(const void *bytes, size_t size);

/* Writes the text in quotes, escaped; bytes that are not UTF-8 become U+FFFD. */
void json_text(FILE *out, struct str text);

/* Prints the counters of a histogram, each divided by div. */
void hist_print(FILE *out, const struct image_type *t, const uint64_t *counters, uint64_t div);
void lhist_print(FILE *out, const struct image_type *t, const uint64_t *counters, uint64_t div);
void lhist_print_json(FILE *out, const struct image_type *t, const uint64_t *counters, uint64_t div);
void hist_print_json(FILE *out, const struct image_type *t, const uint64_t *counters, uint64_t div);
/* Returns the sum of all counters, which histograms are sorted by. */
uint64_t hist_total(const struct image_type *t, const uint64_t *counters);

/* The bytes of a buffer as printf's %r has them: printable characters, and \xNN. */
enum buffer_style { BUFFER_TEXT, BUFFER_ESCAPED, BUFFER_HEX };
void buffer_print(FILE *out, const void *bytes, size_t size, enum buffer_style style);
/* Returns the average of what avg() and stats() keep. */
int64_t value_average(const struct image_type *t, const void *bytes);

/* Writes the key of a map as text, its parts joined by separator. */
void format_key(
    struct runtime *r, FILE *out, const struct image_type *key, const void *bytes, const char *separator);

/*
 * A format made ready for printf_run(): NULL and *why when it does not fit the n
 * types. It lives in the arena.
 */
struct printf_job;
struct printf_job *printf_prepare(
    struct arena *a, struct str format, const struct image_type **types, unsigned n, struct str *why);
void printf_run(struct runtime *r, FILE *out, const struct printf_job *job, const struct value *values);

/* print(@x, top, div), clear(@x), zero(@x) of the map with this index. 0: no limit, no division. */
void maps_print(struct runtime *r, uint32_t map, int64_t top, int64_t div);
void maps_clear(struct runtime *r, uint32_t map);
void maps_zero(struct runtime *r, uint32_t map);

#endif
