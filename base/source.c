#include "base/source.h"

#include <string.h>

uint32_t source_next(const struct source_map *map)
{
	const struct source *last = map->others.n ? &map->others.v[map->others.n - 1] : &map->script;

	return last->begin + (uint32_t)last->text.n + 1;
}

void source_add(struct arena *a, struct source_map *map, struct source text)
{
	text.begin = source_next(map);
	vec_push(a, &map->others, text);
}

const struct source *source_at(const struct source_map *map, uint32_t offset)
{
	size_t low = 0, high = map->others.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->others.v[middle].begin <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &map->others.v[low - 1] : &map->script;
}

static struct str line_at(struct str text, size_t start)
{
	struct str rest = str_slice(text, start, text.n);
	ptrdiff_t length = str_find(rest, '\n');
	struct str line = length < 0 ? rest : str_slice(rest, 0, (size_t)length);

	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* Returns the number that a text begins with, and takes it off with the blank behind it. */
static uint32_t number_of(struct str *text)
{
	uint32_t number = 0;
	struct str digits = str_split(*text, ' ', text);

	for (size_t i = 0; i < digits.n && digits.p[i] >= '0' && digits.p[i] <= '9'; i++)
		number = number * 10 + (uint32_t)(digits.p[i] - '0');
	return number;
}

/* Finds the last mark before the offset of a text. */
static struct source_pos marked_pos(const struct source *s, uint32_t offset)
{
	struct source_pos pos = { s->name, 1, 1, STR("") };
	struct str mark = { 0 };

	for (size_t start = 0; start <= offset; start += line_at(s->text, start).n + 1) {
		struct str rest = str_slice(s->text, start, s->text.n);

		if (str_starts(rest, SOURCE_MARK))
			mark = line_at(s->text, start);
	}
	if (!mark.n)
		return pos;
	mark = str_slice(mark, strlen(SOURCE_MARK), mark.n);
	pos.line = number_of(&mark);
	pos.column = number_of(&mark);
	pos.text = mark;
	return pos;
}

struct source_pos source_pos(const struct source_map *map, uint32_t offset)
{
	const struct source *s = source_at(map, offset);
	struct source_pos pos = { .name = s->name, .line = 1 };
	size_t start = 0;

	offset -= s->begin;
	if (offset > s->text.n)
		offset = (uint32_t)s->text.n;
	if (s->kind == SOURCE_HEADER)
		return marked_pos(s, offset);
	for (size_t i = 0; i < offset; i++) {
		if (s->text.p[i] == '\n') {
			pos.line++;
			start = i + 1;
		}
	}
	pos.text = line_at(s->text, start);
	pos.column = (uint32_t)(offset - start) + 1;
	return pos;
}

struct span source_in_script(const struct source_map *map, struct span span)
{
	for (const struct source *s; (s = source_at(map, span.begin)) != &map->script;)
		span = s->parent;
	return span;
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
