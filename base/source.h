/*
 * A script's text and places in it. A span is two byte offsets; lines and
 * columns are computed only when a message is printed.
 */
#ifndef BTRUN_BASE_SOURCE_H
#define BTRUN_BASE_SOURCE_H

#include <stdint.h>

#include "base/str.h"

struct span {
	uint32_t begin; /* byte offset of the first byte */
	uint32_t end;   /* byte offset after the last byte */
};

struct source {
	struct str name; /* as it is named in messages: a path, "stdin", "-e" */
	struct str text;
};

struct source_pos {
	uint32_t line;   /* from 1 */
	uint32_t column; /* from 1, in bytes */
	struct str text; /* the whole line, without its end */
};

struct source_pos source_pos(const struct source *s, uint32_t offset);
/* The byte offset of line:column (from 1); the text's end when there is none. */
uint32_t source_offset(const struct source *s, uint32_t line, uint32_t column);
struct span span_join(struct span a, struct span b);

#endif
