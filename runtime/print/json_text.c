#include "runtime/print/value.h"

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
