#include "runtime/print/value.h"

#include <inttypes.h>
#include <string.h>

#include "runtime/print/output.h"

/*
 * One conversion, ready for libc. Numbers are first cut to what the length
 * modifier keeps (see cut()) and go to libc as
 * intmax_t, so that one call serves every size.
 */
struct piece {
	const struct format_piece *parsed;
	const char *spec; /* "%-5jd" */
};

struct printf_job {
	unsigned n_pieces;
	struct piece *pieces;
};

static bool fits(const struct format_piece *piece, const struct image_type *t)
{
	switch (piece->wants) {
	case FORMAT_SIGNED:
	case FORMAT_UNSIGNED:
	case FORMAT_CHAR:
	case FORMAT_POINTER:
		return value_is_number(t);
	case FORMAT_STRING:
		return t->kind != TYPE_hist && t->kind != TYPE_lhist;
	case FORMAT_BUFFER:
		return t->kind == TYPE_buffer;
	case FORMAT_LITERAL:
		break;
	}
	return true;
}

static const char *make_spec(struct arena *a, const struct format_piece *p)
{
	char flags[8], precision[16] = "";
	unsigned n = 0;

	for (unsigned i = 0; i < 5; i++)
		if (p->flags & (1u << i))
			flags[n++] = "-+ 0#"[i];
	flags[n] = '\0';
	if (p->precision >= 0)
		snprintf(precision, sizeof(precision), ".%d", p->precision);
	/* "%.0d" writes no digits for a width of 0. */
	return str_format(a, "%%%s%.0d%s%s%c", flags, p->width, precision,
	    p->wants == FORMAT_SIGNED || p->wants == FORMAT_UNSIGNED ? "j" : "", p->conversion)
	    .p;
}

struct printf_job *printf_prepare(
    struct arena *a, struct str text, const struct image_type **types, unsigned n, struct str *why)
{
	struct printf_job *job = arena_one(a, struct printf_job);
	struct format *format = arena_one(a, struct format);
	struct format_error error;
	unsigned argument = 0;

	if (format_parse(a, text, format, &error)) {
		*why = error.why;
		return NULL;
	}
	if (format->n_conversions != n) {
		*why = str_format(a, "%u conversions for %u values", format->n_conversions, n);
		return NULL;
	}
	job->n_pieces = format->pieces.n;
	job->pieces = arena_many(a, struct piece, job->n_pieces);
	for (unsigned i = 0; i < job->n_pieces; i++) {
		const struct format_piece *p = &format->pieces.v[i];

		job->pieces[i].parsed = p;
		if (p->wants == FORMAT_LITERAL)
			continue;
		if (!fits(p, types[argument++])) {
			*why = str_format(a, "a value that %.*s cannot print", STR_ARG(p->text));
			return NULL;
		}
		job->pieces[i].spec = make_spec(a, p);
	}
	return job;
}

static void pad(FILE *out, int n)
{
	if (n > 0)
		fprintf(out, "%*s", n, "");
}

static void print_text(FILE *out, const struct format_piece *p, struct str text)
{
	int missing;

	if (p->precision >= 0 && text.n > (size_t)p->precision)
		text.n = p->precision;
	missing = text.n < (size_t)p->width ? p->width - (int)text.n : 0;
	if (!(p->flags & FORMAT_MINUS))
		pad(out, missing);
	fwrite(text.p, 1, text.n, out);
	if (p->flags & FORMAT_MINUS)
		pad(out, missing);
}

/*
 * The low bytes of a number: what C's printf would take from the argument. Without
 * a length modifier that is an int, or all of a value that is wider than one:
 * a script's %d for nsecs means the number, not its low half.
 */
static uint64_t cut(uint64_t value, unsigned bytes, uint32_t size, bool is_signed)
{
	unsigned least = size > sizeof(int) ? size : sizeof(int);
	unsigned shift = 64 - 8 * (bytes ? bytes : least);

	if (is_signed)
		return (uint64_t)((int64_t)(value << shift) >> shift);
	return value << shift >> shift;
}

/* The spec was made by make_spec(), for the type that it is called with. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void print_number(FILE *out, const struct piece *piece, const struct value *v)
{
	uint64_t value = value_number(v->type, v->bytes);
	const struct format_piece *p = piece->parsed;

	switch (p->wants) {
	case FORMAT_SIGNED:
		/* An int's register: its upper half is 0, and C prints what %d says it is. */
		if (v->is_register && !p->int_bytes && value >> 32 == 0)
			value = (uint64_t)(int32_t)value;
		fprintf(out, piece->spec, (intmax_t)cut(value, p->int_bytes, v->type->size, true));
		break;
	case FORMAT_UNSIGNED:
		fprintf(out, piece->spec, (uintmax_t)cut(value, p->int_bytes, v->type->size, false));
		break;
	case FORMAT_CHAR:
		/* A NUL would end the line for whatever reads it as text. */
		if ((unsigned char)value)
			fprintf(out, piece->spec, (int)(unsigned char)value);
		else
			pad(out, p->width - 1);
		break;
	case FORMAT_POINTER:
		fprintf(out, piece->spec, (void *)(uintptr_t)value);
		break;
	case FORMAT_STRING:
	case FORMAT_BUFFER:
	case FORMAT_LITERAL:
		break;
	}
}

static void print_buffer(struct runtime *r, FILE *out, const struct piece *piece, const struct value *v)
{
	enum buffer_style style = piece->parsed->conversion == 'x'   ? BUFFER_ESCAPED
				  : piece->parsed->conversion == 'h' ? BUFFER_HEX
								     : BUFFER_TEXT;
	struct buffer_value value;
	size_t most = v->type->size - sizeof(value);

	memcpy(&value, v->bytes, sizeof(value));
	if (value.length == UINT32_MAX)
		return;
	buffer_print(output_scratch(r->out), (const char *)v->bytes + sizeof(value),
	    value.length < most ? value.length : most, style);
	print_text(out, piece->parsed, output_scratch_take(r->out));
}

static void print_string(struct runtime *r, FILE *out, const struct piece *piece, const struct value *v)
{
	const struct image_type *t = v->type;

	if (t->kind == TYPE_string || (t->kind == TYPE_array && t->is_char)) {
		print_text(out, piece->parsed, value_text(v->bytes, v->size));
		return;
	}
	format_value(r, output_scratch(r->out), (uint32_t)(t - r->image->types.v), v->bytes, v->size);
	print_text(out, piece->parsed, output_scratch_take(r->out));
}

void printf_run(struct runtime *r, FILE *out, const struct printf_job *job, const struct value *values)
{
	for (unsigned i = 0; i < job->n_pieces; i++) {
		const struct piece *piece = &job->pieces[i];

		if (piece->parsed->wants == FORMAT_LITERAL) {
			fwrite(piece->parsed->text.p, 1, piece->parsed->text.n, out);
			continue;
		}
		if (piece->parsed->wants == FORMAT_STRING)
			print_string(r, out, piece, values);
		else if (piece->parsed->wants == FORMAT_BUFFER)
			print_buffer(r, out, piece, values);
		else
			print_number(out, piece, values);
		values++;
	}
}
