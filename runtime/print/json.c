#include "runtime/print/value.h"

#include <inttypes.h>
#include <string.h>

#include "runtime/print/output.h"

/* How many bytes at p are one well-formed UTF-8 character (RFC 3629); 0: none. */
static unsigned utf8_length(const unsigned char *p, size_t n)
{
	/* The second byte has its own bounds: no overlong forms, no surrogates, nothing above U+10FFFF. */
	unsigned char low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
	unsigned char high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
	unsigned length = p[0] < 0x80   ? 1
			  : p[0] < 0xc2 ? 0
			  : p[0] < 0xe0 ? 2
			  : p[0] < 0xf0 ? 3
			  : p[0] < 0xf5 ? 4
					: 0;

	if (length > n)
		return 0;
	if (length > 1 && (p[1] < low || p[1] > high))
		return 0;
	for (unsigned i = 2; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

static void json_ascii(FILE *out, unsigned char c)
{
	static const char letters[] = "\"\"\\\\\nn\tt\rr\bb\ff"; /* pairs: the character, its escape */

	for (unsigned i = 0; i < sizeof(letters) - 1; i += 2) {
		if (letters[i] == (char)c) {
			putc('\\', out);
			putc(letters[i + 1], out);
			return;
		}
	}
	if (c < 0x20 || c == 0x7f)
		fprintf(out, "\\u%04x", c);
	else
		putc(c, out);
}

void json_text(FILE *out, struct str text)
{
	putc('"', out);
	for (size_t i = 0; i < text.n;) {
		const unsigned char *p = (const unsigned char *)text.p + i;
		unsigned length = utf8_length(p, text.n - i);

		if (length == 1)
			json_ascii(out, *p);
		else if (length == 0)
			fputs("\\ufffd", out);
		else
			fwrite(p, 1, length, out);
		i += length ? length : 1;
	}
	putc('"', out);
}

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
