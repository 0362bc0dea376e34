/*
 * printf formats taken apart, for the analysis (which checks the arguments) and
 * for the runtime (which prints them).
 *
 * Ownership: pieces lie in the arena, their text in the format itself.
 * Errors: -EINVAL for a bad format: *error then says where and why.
 */
#ifndef BTRUN_BASE_FORMAT_H
#define BTRUN_BASE_FORMAT_H

#include "base/arena.h"
#include "base/str.h"

/* Says what a conversion wants for an argument. A conversion is one row of format.c's table. */
enum format_wants {
	FORMAT_LITERAL,  /* no conversion: text; "%%" is the literal "%" */
	FORMAT_SIGNED,   /* d i */
	FORMAT_UNSIGNED, /* u x X o */
	FORMAT_CHAR,     /* c */
	FORMAT_POINTER,  /* p */
	FORMAT_STRING,   /* s: whatever has a text */
	FORMAT_BUFFER,   /* r rx rh: the bytes of buf() */
};

enum format_flag {
	FORMAT_MINUS = 1 << 0,
	FORMAT_PLUS = 1 << 1,
	FORMAT_SPACE = 1 << 2,
	FORMAT_ZERO = 1 << 3,
	FORMAT_HASH = 1 << 4,
};

struct format_piece {
	enum format_wants wants;
	struct str text;   /* the literal, or the conversion as written, "%-5ld" */
	uint32_t offset;   /* of text in the format, in bytes */
	unsigned flags;    /* set of enum format_flag */
	int width;         /* 0: none */
	int precision;     /* -1: none */
	uint8_t int_bytes; /* what the length modifier keeps of an integer: 1, 2, 4, 8; without one: 0 */
	char conversion;   /* 'd', ...; of rx and rh 'x' and 'h' */
};

struct format {
	VEC(struct format_piece) pieces;
	unsigned n_conversions;
};

struct format_error {
	uint32_t begin, end; /* the offending bytes of the format */
	struct str why;      /* the middle of a sentence: "unknown conversion %y" */
	struct str hint;     /* what to write in its place; may be empty */
};

/* Widths and precisions above this are refused: one line could fill memory. */
#define FORMAT_WIDTH_MAX 4096

/* Takes apart a text in which the lexer has replaced the escape sequences. */
int format_parse(struct arena *a, struct str text, struct format *format, struct format_error *error);

/* Returns the i-th conversion, or NULL. */
const struct format_piece *format_conversion(const struct format *format, unsigned i);

#endif
