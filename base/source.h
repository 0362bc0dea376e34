/*
 * The texts of one compile and places in them.
 *
 * A source map gives all texts one space of offsets: the script begins at 0, every further text (what a
 * header file defines) behind the one before, with a byte between two, so that the place behind the last byte
 * of a text is still its own. A span is two such offsets and thereby knows its text. Lines and columns are
 * computed only when a message is printed.
 *
 * Ownership: names and texts lie where whoever adds them has them, in the compile's arena or in the image.
 */
#ifndef BTRUN_BASE_SOURCE_H
#define BTRUN_BASE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct span {
	uint32_t begin; /* offset of the first byte */
	uint32_t end;   /* offset after the last byte */
};

/* Says how a text came into the compile; a message about the text then ends with its words and the parent's
 * place. */
enum source_kind {
	SOURCE_SCRIPT, /* the person gave it */
	SOURCE_HEADER, /* "included from": definitions that were written down from a header file */
};

struct source {
	struct str name; /* as it is named in messages: a path, "stdin", "-e" */
	struct str text;
	uint32_t begin; /* offset of the first byte in the map */
	enum source_kind kind;
	struct span parent; /* where it came in; empty: by the command line, or it is the script */
};

/* A name was used that a #define gives a text. */
struct source_expansion {
	struct span use;
	struct str name;
	struct span definition;
};

/* A map of only a script needs nothing but { .script = { name, text } }. */
struct source_map {
	struct source script;
	VEC(struct source) others;
	VEC(struct source_expansion) expansions;
};

struct source_pos {
	struct str name; /* of the text */
	uint32_t line;   /* from 1 */
	uint32_t column; /* from 1, in bytes */
	struct str text; /* the whole line, without its end */
};

/* Adds a text behind the others; its begin is set here. */
void source_add(struct arena *a, struct source_map *map, struct source text);
/* Returns the offset that the next text will begin at. */
uint32_t source_next(const struct source_map *map);
/* Returns the text that an offset lies in; the last one for an offset behind all. */
const struct source *source_at(const struct source_map *map, uint32_t offset);
struct source_pos source_pos(const struct source_map *map, uint32_t offset);
/* Returns the place in the script through which a span came into it: the span itself when it lies there. */
struct span source_in_script(const struct source_map *map, struct span span);
/* Returns the offset of line:column (from 1) of a text; the text's end when it has no such place. */
uint32_t source_offset(const struct source *s, uint32_t line, uint32_t column);
struct span span_join(struct span a, struct span b);

/*
 * The text of a header is not the file's own: it has been written down from what the file defines. Each
 * definition stands behind a line "#line LINE COLUMN TEXT" with the place in the file and the file's line; it
 * holds up to the next one.
 */
#define SOURCE_MARK "#line "

#endif
