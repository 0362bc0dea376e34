#include "runtime/value.h"

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

bool value_is_number(const struct image_type *t)
{
	switch (t->kind) {
	case TYPE_int:
	case TYPE_bool:
	case TYPE_enum:
	case TYPE_ptr:
	case TYPE_count:
		return true;
	case TYPE_string:
	case TYPE_inet:
	case TYPE_probe:
	case TYPE_func:
	case TYPE_array:
	case TYPE_tuple:
	case TYPE_hist:
	case TYPE_N_:
		break;
	}
	return false;
}

uint64_t value_number(const struct image_type *t, const void *bytes)
{
	uint64_t value = 0;
	unsigned shift = 64 - 8 * t->size;

	memcpy(&value, bytes, t->size);
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
		format_value(r, out, key->items[i], (const char *)bytes + key->offsets[i],
		    r->image->types.v[key->items[i]].size);
	}
}

void format_tuple(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	putc('(', out);
	format_key(r, out, t, bytes, ", ");
	putc(')', out);
}

void format_count(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	format_int(r, out, t, bytes, size);
}

void format_hist(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	hist_print(out, t, bytes, 1);
}

void format_value(struct runtime *r, FILE *out, uint32_t type, const void *bytes, size_t size)
{
	static void (*const rows[])(
	    struct runtime *, FILE *, const struct image_type *, const void *, size_t) = {
#define TYPE(name, text, json) text,
#include "base/types.def"
#undef TYPE
	};
	const struct image_type *t = &r->image->types.v[type];

	rows[t->kind](r, out, t, bytes, size);
}
