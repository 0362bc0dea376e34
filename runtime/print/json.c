#include "runtime/print/value.h"

#include <inttypes.h>
#include <string.h>

#include "runtime/print/output.h"

typedef void printer(struct runtime *, FILE *, const struct image_type *, const void *, size_t);

static printer *const text_printers[] = {
#define TYPE(name, size, class, needs, text, json) text,
#include "language/types.def"
#undef TYPE
};

/* What has a text and is no JSON number: the text in quotes. */
static void quoted(
    struct runtime *r, FILE *out, printer *text, const struct image_type *t, const void *bytes, size_t size)
{
	text(r, output_scratch(r->out), t, bytes, size);
	json_text(out, output_scratch_take(r->out));
}

void json_int(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	format_int(r, out, t, bytes, size);
}

void json_bool(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	format_bool(r, out, t, bytes, size);
}

/* JSON has no word for what is no number. */
void json_float(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	if (float_is_finite(t, bytes))
		format_float(r, out, t, bytes, size);
	else
		quoted(r, out, format_float, t, bytes, size);
}

void json_enum(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	format_int(r, out, t, bytes, size);
}

/* Quoted: most readers of JSON keep only 53 bits of a number, and an address has 64. */
void json_ptr(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	quoted(r, out, format_ptr, t, bytes, size);
}

void json_string(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	json_text(out, value_text(bytes, size));
}

void json_array(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	const struct image_type *element = &r->image->types.v[t->element];

	if (t->is_char) {
		json_string(r, out, t, bytes, size);
		return;
	}
	for (uint32_t i = 0; i < t->count; i++) {
		putc(i ? ',' : '[', out);
		json_value(r, out, t->element, (const char *)bytes + i * element->size, element->size);
	}
	putc(']', out);
}

void json_tuple(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	for (uint32_t i = 0; i < t->n_items; i++) {
		putc(i ? ',' : '[', out);
		json_value(r, out, t->items[i].type, (const char *)bytes + t->items[i].offset,
		    r->image->types.v[t->items[i].type].size);
	}
	putc(']', out);
}

void json_struct(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	uint64_t room;

	fputs("{ ", out);
	for (uint32_t i = 0; i < t->n_items; i++) {
		const struct image_item *item = &t->items[i];

		if (i)
			fputs(", ", out);
		json_text(out, item->name);
		fputs(": ", out);
		json_value(r, out, item->type, value_item(r, item, bytes, &room),
		    r->image->types.v[item->type].size);
	}
	fputs(" }", out);
}

void json_avg(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	format_avg(r, out, t, bytes, size);
}

void json_stats(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	uint64_t n;

	memcpy(&n, (const char *)bytes + 8, 8);
	fprintf(out, "{\"count\": %" PRIu64 ", \"average\": ", n);
	format_avg(r, out, t, bytes, size);
	fputs(", \"total\": ", out);
	format_int(r, out, t, bytes, size);
	putc('}', out);
}

void json_lhist(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	lhist_print_json(out, t, bytes, 1);
}

/* What has no shape of its own in JSON: its text in quotes. */
void json_text_of(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	quoted(r, out, text_printers[t->kind], t, bytes, size);
}

void json_hist(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	hist_print_json(out, t, bytes, 1);
}

void json_value(struct runtime *r, FILE *out, uint32_t type, const void *bytes, size_t size)
{
	static printer *const rows[] = {
#define TYPE(name, size, class, needs, text, json) json,
#include "language/types.def"
#undef TYPE
	};
	const struct image_type *t = &r->image->types.v[type];

	rows[t->kind](r, out, t, bytes, size);
}
