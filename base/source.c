#include "base/source.h"

#include <string.h>

struct source_pos source_pos(const struct source *s, uint32_t offset)
{
	struct source_pos pos = { .line = 1 };
	size_t start = 0;

	if (offset > s->text.n)
		offset = (uint32_t)s->text.n;
	for (size_t i = 0; i < offset; i++) {
		if (s->text.p[i] == '\n') {
			pos.line++;
			start = i + 1;
		}
	}
	struct str rest = str_slice(s->text, start, s->text.n);
	ptrdiff_t length = str_find(rest, '\n');

	pos.text = length < 0 ? rest : str_slice(rest, 0, (size_t)length);
	if (pos.text.n && pos.text.p[pos.text.n - 1] == '\r')
		pos.text.n--;
	pos.column = (uint32_t)(offset - start) + 1;
	return pos;
}

uint32_t source_offset(const struct source *s, uint32_t line, uint32_t column)
{
	size_t at = 0;

	for (uint32_t l = 1; l < line; l++) {
		ptrdiff_t length = str_find(str_slice(s->text, at, s->text.n), '\n');

		if (length < 0)
			return (uint32_t)s->text.n;
		at += (size_t)length + 1;
	}
	at += column ? column - 1 : 0;
	return (uint32_t)(at < s->text.n ? at : s->text.n);
}

struct span span_join(struct span a, struct span b)
{
	return (struct span){ a.begin < b.begin ? a.begin : b.begin, a.end > b.end ? a.end : b.end };
}
