#include "base/format.h"

#include <errno.h>

static const struct {
	char conversion;
	enum format_wants wants;
	bool takes_length;
} conversions[] = {
	{ 'd', FORMAT_SIGNED, true },
	{ 'i', FORMAT_SIGNED, true },
	{ 'u', FORMAT_UNSIGNED, true },
	{ 'x', FORMAT_UNSIGNED, true },
	{ 'X', FORMAT_UNSIGNED, true },
	{ 'o', FORMAT_UNSIGNED, true },
	{ 'c', FORMAT_CHAR, false },
	{ 'p', FORMAT_POINTER, false },
	{ 's', FORMAT_STRING, false },
	{ 'r', FORMAT_BUFFER, false },
};

/* Longer ones come first, so that "hh" is not taken for "h". */
static const struct {
	const char *text;
	uint8_t bytes;
} lengths[] = {
	{ "hh", 1 },
	{ "ll", 8 },
	{ "h", 2 },
	{ "l", 8 },
	{ "j", 8 },
	{ "z", 8 },
	{ "t", 8 },
};

struct scan {
	struct arena *arena;
	struct str text;
	size_t at;
	struct format_error *error;
};

static int fail(struct scan *s, size_t begin, size_t end, struct str why, struct str hint)
{
	*s->error = (struct format_error){ .begin = begin, .end = end, .why = why, .hint = hint };
	return -EINVAL;
}

static char next_char(const struct scan *s)
{
	return s->at < s->text.n ? s->text.p[s->at] : '\0';
}

static unsigned scan_flags(struct scan *s)
{
	static const char marks[] = "-+ 0#"; /* in the order of enum format_flag */
	unsigned flags = 0;

	for (;;) {
		ptrdiff_t i = s->at < s->text.n ? str_find(STR(marks), next_char(s)) : -1;

		if (i < 0)
			return flags;
		flags |= 1u << i;
		s->at++;
	}
}

/* Reads a number; without digits it is 0. */
static int scan_number(struct scan *s, const char *what, int *value)
{
	size_t begin = s->at;

	*value = 0;
	if (next_char(s) == '*')
		return fail(s, begin, begin + 1, str_format(s->arena, "%s of a conversion given by *", what),
		    STR("write it as a number"));
	while (next_char(s) >= '0' && next_char(s) <= '9') {
		if (*value <= FORMAT_WIDTH_MAX)
			*value = *value * 10 + (next_char(s) - '0');
		s->at++;
	}
	if (*value > FORMAT_WIDTH_MAX)
		return fail(
		    s, begin, s->at, str_format(s->arena, "%s above %d", what, FORMAT_WIDTH_MAX), STR(""));
	return 0;
}

static uint8_t scan_length(struct scan *s)
{
	struct str rest = str_slice(s->text, s->at, s->text.n);

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		if (str_starts(rest, lengths[i].text)) {
			s->at += str_of(lengths[i].text).n;
			return lengths[i].bytes;
		}
	}
	return 0;
}

static int scan_conversion_char(struct scan *s, struct format_piece *piece)
{
	size_t begin = piece->offset, end = s->at + (s->at < s->text.n);
	char c = next_char(s);

	for (size_t i = 0; i < sizeof(conversions) / sizeof(conversions[0]); i++) {
		if (conversions[i].conversion != c || s->at == s->text.n)
			continue;
		if (piece->int_bytes && !conversions[i].takes_length)
			return fail(s, begin, end,
			    str_format(s->arena, "a length modifier before the conversion %c", c),
			    str_format(s->arena, "write %%%c without it", c));
		piece->wants = conversions[i].wants;
		piece->conversion = c;
		s->at++;
		if (c == 'r' && (next_char(s) == 'x' || next_char(s) == 'h'))
			piece->conversion = s->text.p[s->at++];
		return 0;
	}
	if (s->at == s->text.n)
		return fail(s, begin, end, STR("a conversion that the format's end cuts off"),
		    STR("a % that is to be printed is written %%"));
	return fail(s, begin, end,
	    str_format(s->arena, "unknown conversion %.*s", (int)(end - begin), s->text.p + begin),
	    STR("known are d i u x X o c p s; a % that is to be printed is written %%"));
}

/* Reads a conversion; s->at is at its '%'. */
static int scan_conversion(struct scan *s, struct format_piece *piece)
{
	int err;

	*piece = (struct format_piece){ .offset = s->at++, .precision = -1 };
	piece->flags = scan_flags(s);
	err = scan_number(s, "the width", &piece->width);
	if (err)
		return err;
	if (next_char(s) == '.') {
		s->at++;
		err = scan_number(s, "the precision", &piece->precision);
		if (err)
			return err;
	}
	piece->int_bytes = scan_length(s);
	err = scan_conversion_char(s, piece);
	piece->text = str_slice(s->text, piece->offset, s->at);
	return err;
}

static struct format_piece scan_literal(struct scan *s)
{
	struct format_piece piece = { .offset = s->at, .precision = -1 };

	if (next_char(s) == '%') { /* "%%": the first one is the text */
		piece.text = str_slice(s->text, s->at, s->at + 1);
		s->at += 2;
		return piece;
	}
	while (s->at < s->text.n && s->text.p[s->at] != '%')
		s->at++;
	piece.text = str_slice(s->text, piece.offset, s->at);
	return piece;
}

int format_parse(struct arena *a, struct str text, struct format *format, struct format_error *error)
{
	struct scan s = { .arena = a, .text = text, .error = error };

	*format = (struct format){ 0 };
	*error = (struct format_error){ 0 };
	while (s.at < text.n) {
		bool percent = text.p[s.at] == '%';
		bool doubled = percent && s.at + 1 < text.n && text.p[s.at + 1] == '%';
		struct format_piece piece;

		if (percent && !doubled) {
			int err = scan_conversion(&s, &piece);

			if (err)
				return err;
			format->n_conversions++;
		} else {
			piece = scan_literal(&s);
		}
		vec_push(a, &format->pieces, piece);
	}
	return 0;
}

const struct format_piece *format_conversion(const struct format *format, unsigned i)
{
	for (size_t k = 0; k < format->pieces.n; k++) {
		const struct format_piece *piece = &format->pieces.v[k];

		if (piece->wants != FORMAT_LITERAL && i-- == 0)
			return piece;
	}
	return NULL;
}
