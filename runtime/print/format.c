#include "runtime/print/value.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int compare_targets(const void *id, const void *target)
{
	uint64_t a = *(const uint64_t *)id, b = ((const struct target *)target)->id;

	return a < b ? -1 : a > b;
}

const struct target *runtime_target(const struct runtime *r, uint64_t id)
{
	if (!r->targets.n)
		return NULL;
	return bsearch(&id, r->targets.v, r->targets.n, sizeof(*r->targets.v), compare_targets);
}

static const enum value_class classes[] = {
#define TYPE(name, size, class, needs, text, json) VALUE_##class,
#include "language/types.def"
#undef TYPE
};

enum value_class value_class(const struct image_type *t)
{
	return classes[t->kind];
}

bool value_is_number(const struct image_type *t)
{
	return classes[t->kind] == VALUE_NUMBER;
}

uint64_t value_number(const struct image_type *t, const void *bytes)
{
	uint64_t value = 0;
	/* Of an aggregation the first word. */
	unsigned size = t->size < 8 ? t->size : 8, shift = 64 - 8 * size;

	memcpy(&value, bytes, size);
	if (t->is_signed)
		return (uint64_t)((int64_t)(value << shift) >> shift);
	return value;
}

struct str value_text(const void *bytes, size_t size)
{
	return (struct str){ bytes, strnlen(bytes, size) };
}

static void put_text(FILE *out, struct str text)
{
	fwrite(text.p, 1, text.n, out);
}

void format_int(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	uint64_t value = value_number(t, bytes);

	if (t->is_signed)
		fprintf(out, "%" PRId64, (int64_t)value);
	else
		fprintf(out, "%" PRIu64, value);
}

void format_bool(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	fputs(value_number(t, bytes) ? "true" : "false", out);
}

void format_enum(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	format_int(r, out, t, bytes, size);
}

void format_ptr(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	fprintf(out, "0x%" PRIx64, value_number(t, bytes));
}

void format_string(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	put_text(out, value_text(bytes, size));
}

void format_inet(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	char text[INET6_ADDRSTRLEN];
	struct inet_value value;

	memcpy(&value, bytes, sizeof(value));
	if (value.family != AF_INET && value.family != AF_INET6)
		return; /* no address: what ntop() of another family gives */
	fputs(inet_ntop((int)value.family, value.address, text, sizeof(text)), out);
}

void format_probe(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	uint64_t id = value_number(t, bytes);
	const struct target *target = runtime_target(r, id);

	if (target)
		put_text(out, target->probe);
	else
		fprintf(out, "%" PRIu64, id);
}

void format_func(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	const struct target *target = runtime_target(r, value_number(t, bytes));

	if (target && target->func.n)
		put_text(out, target->func);
	else
		format_probe(r, out, t, bytes, size);
}

void format_array(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	const struct image_type *element = &r->image->types.v[t->element];

	if (t->is_char) {
		format_string(r, out, t, bytes, size);
		return;
	}
	for (uint32_t i = 0; i < t->count; i++) {
		putc(i ? ',' : '[', out);
		format_value(r, out, t->element, (const char *)bytes + i * element->size, element->size);
	}
	putc(']', out);
}

void format_key(
    struct runtime *r, FILE *out, const struct image_type *key, const void *bytes, const char *separator)
{
	for (uint32_t i = 0; i < key->n_items; i++) {
		if (i)
			fputs(separator, out);
		format_value(r, out, key->items[i].type, (const char *)bytes + key->items[i].offset,
		    r->image->types.v[key->items[i].type].size);
	}
}

void format_tuple(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	putc('(', out);
	format_key(r, out, t, bytes, ", ");
	putc(')', out);
}

int64_t value_average(const struct image_type *t, const void *bytes)
{
	uint64_t total, n;

	memcpy(&total, bytes, 8);
	memcpy(&n, (const char *)bytes + 8, 8);
	if (!n)
		return 0;
	return t->is_signed ? (int64_t)total / (int64_t)n : (int64_t)(total / n);
}

static void put_number(FILE *out, const struct image_type *t, uint64_t value)
{
	if (t->is_signed)
		fprintf(out, "%" PRId64, (int64_t)value);
	else
		fprintf(out, "%" PRIu64, value);
}

void format_avg(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	put_number(out, t, (uint64_t)value_average(t, bytes));
}

void format_stats(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	uint64_t n;

	memcpy(&n, (const char *)bytes + 8, 8);
	fprintf(out, "count %" PRIu64 ", average ", n);
	format_avg(r, out, t, bytes, size);
	fputs(", total ", out);
	put_number(out, t, value_number(t, bytes));
}

/* A member's bits, as a number of its type. */
static uint64_t bitfield(
    const struct image_type *t, const struct image_item *item, const unsigned char *bytes)
{
	unsigned n = (item->shift + item->bits + 7) / 8;
	unsigned __int128 all = 0;
	uint64_t value;

	for (unsigned i = 0; i < n; i++)
		all |= (unsigned __int128)bytes[item->offset + i] << (8 * i);
	value = (uint64_t)(all >> item->shift) << (64 - item->bits);
	return t->is_signed ? (uint64_t)((int64_t)value >> (64 - item->bits)) : value >> (64 - item->bits);
}

const void *value_item(struct runtime *r, const struct image_item *item, const void *bytes, uint64_t *room)
{
	const struct image_type *t = &r->image->types.v[item->type];

	if (!item->bits)
		return (const char *)bytes + item->offset;
	*room = bitfield(t, item, bytes);
	return room;
}

void format_struct(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	uint64_t room;

	fputs("{ ", out);
	for (uint32_t i = 0; i < t->n_items; i++) {
		const struct image_item *item = &t->items[i];

		fputs(i ? ", " : "", out);
		if (item->name.n)
			fprintf(out, ".%.*s = ", STR_ARG(item->name));
		format_value(r, out, item->type, value_item(r, item, bytes, &room),
		    r->image->types.v[item->type].size);
	}
	fputs(" }", out);
}

void buffer_print(FILE *out, const void *bytes, size_t size, enum buffer_style style)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < size; i++) {
		if (style == BUFFER_HEX)
			fprintf(out, "%s%02x", i ? " " : "", p[i]);
		else if (style == BUFFER_TEXT && p[i] >= 32 && p[i] <= 126)
			putc(p[i], out);
		else
			fprintf(out, "\\x%02x", p[i]);
	}
}

void format_buffer(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	struct buffer_value value;
	size_t most = t->size - sizeof(value);

	memcpy(&value, bytes, sizeof(value));
	if (value.length != UINT32_MAX)
		buffer_print(out, (const char *)bytes + sizeof(value),
		    value.length < most ? value.length : most, BUFFER_TEXT);
}

void format_mac(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	const unsigned char *p = bytes;

	fprintf(out, "%02X:%02X:%02X:%02X:%02X:%02X", p[0], p[1], p[2], p[3], p[4], p[5]);
}

/* The strings of join(), one after the other. */
void format_strings(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	const char *p = bytes;

	for (size_t at = 0; at < size;) {
		struct str one = value_text(p + at, size - at);

		fprintf(out, "%s%.*s", at ? " " : "", STR_ARG(one));
		at += one.n + 1;
	}
}

void format_hist(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	hist_print(out, t, bytes, 1);
}

void format_lhist(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	lhist_print(out, t, bytes, 1);
}

void format_value(struct runtime *r, FILE *out, uint32_t type, const void *bytes, size_t size)
{
	static void (*const rows[])(
	    struct runtime *, FILE *, const struct image_type *, const void *, size_t) = {
#define TYPE(name, size, class, needs, text, json) text,
#include "language/types.def"
#undef TYPE
	};
	const struct image_type *t = &r->image->types.v[type];

	rows[t->kind](r, out, t, bytes, size);
}
