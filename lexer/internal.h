/*
 * What the files of lexer/ share.
 *
 * lexer.l cuts text into raw tokens; lexer.c puts macros' texts in the place of their names and follows
 * where in the script we are. preprocess.c carries out directives, with preprocess_if.c for the conditions,
 * preprocess_headers.c for #include and macros.c for what is defined. headers.c has header files read.
 * literal.c gives numbers and strings their values; spec.c finds the ends of probe specifications.
 */
#ifndef BTRUN_LEXER_INTERNAL_H
#define BTRUN_LEXER_INTERNAL_H

#include "lexer/token.h"

enum lexer_mode {
	MODE_PROBE,      /* a probe specification or a definition comes next */
	MODE_AFTER,      /* behind a specification or a predicate */
	MODE_PREDICATE,  /* between the slashes */
	MODE_BODY,       /* in an action: expressions and statements */
	MODE_DEFINITION, /* of a type */
};

struct macro {
	struct str name;
	struct str text;
	struct span definition; /* the directive */
	bool parameters;        /* a function-like one */
	bool active;            /* its text is being scanned: its name in it stays a name */
};

struct conditional {
	struct span span; /* the directive that opened it */
	bool outer;       /* the text around it is used */
	bool taken;       /* one of its branches was used already */
	bool used;        /* the present branch is */
	bool had_else;
};

struct include {
	struct str name;
	struct span span; /* the directive */
};

struct lexer {
	struct arena *arena;
	struct source_map *map;
	struct source source; /* the text that is read, of the map */
	struct diag *diag;
	void *scanner;
	enum lexer_mode mode;
	unsigned depth;           /* of braces in an action, of brackets in a definition */
	bool is_typedef;          /* the definition is one */
	bool has_body;            /* its braces have come */
	enum token_kind previous; /* a keyword after . or -> is a member's name */
	uint32_t at;              /* offset in the text of the first byte not yet scanned */
	struct span use;          /* of the outermost macro in expansion */
	bool ended;
	unsigned expansions;
	VEC(struct macro *) macros;
	VEC(struct macro *) frames; /* in expansion, innermost last */
	VEC(struct conditional) conditionals;
	VEC(struct include) includes;  /* of headers that are not known */
	const struct headers *headers; /* that were read, or NULL */
};

/* lexer.l */
enum token_kind lexer_scan(struct token *token, void *scanner);
void lexer_scan_open(struct lexer *lexer);
void lexer_scan_macro(struct lexer *lexer, struct str text);

/* Returns the span of bytes of the text that is read. */
static inline struct span lexer_span(const struct lexer *lexer, uint32_t begin, uint32_t end)
{
	return (struct span){ lexer->source.begin + begin, lexer->source.begin + end };
}

/* preprocess.c */
/* Carries out the directive whose # is at the offset; returns the offset of the end of its line. */
uint32_t preprocess_directive(struct lexer *lexer, uint32_t at);
bool preprocess_skipping(const struct lexer *lexer);
void preprocess_end(struct lexer *lexer);

/* macros.c */
bool macro_is_defined(const struct lexer *lexer, struct str name);
/* Returns the macro that the name stands for here: none in that macro's own text. */
struct macro *macro_find(const struct lexer *lexer, struct str name);
struct macro *macro_define(struct lexer *lexer, struct str name, struct str text, struct span definition);
void macro_undefine(struct lexer *lexer, struct str name);
/* Ends the innermost expansion. */
void macro_leave(struct lexer *lexer);

/* preprocess_headers.c */
bool headers_have(const struct headers *headers, struct str name);
/* Says whether #include <name> has nothing left to do: the constants are in the table, or the header was
 * read. */
bool header_is_known(const struct lexer *lexer, struct str name);
void header_refuse(struct lexer *lexer, struct str name, struct span span);

/* preprocess_if.c */
/* Returns the value of the expression of #if; -EINVAL after a message. */
int preprocess_condition(struct lexer *lexer, struct str text, struct span span);

/* literal.c: these report what is wrong and return TOKEN_ERROR then */
enum token_kind literal_number(struct lexer *lexer, struct token *token, struct str text);
enum token_kind literal_string(struct lexer *lexer, struct token *token, struct str text);
enum token_kind literal_char(struct lexer *lexer, struct token *token, struct str text);
/* Gives the value of a plain number as in C; false when the text is none. */
bool literal_integer(struct str text, uint64_t *value);

/* spec.c, whose offsets are those in the text */
/* Returns the length of the probe specification that begins at the offset, 0 when none does. */
uint32_t spec_length(struct str text, uint32_t at);
/* Says whether the slash before the offset closes a predicate: { is the next thing after it. */
bool spec_closes_predicate(struct str text, uint32_t at);
/* Returns the offset after the comment that begins at the offset. */
uint32_t spec_after_comment(struct str text, uint32_t at);
/* Returns the offset after the blanks and comments at the offset. */
uint32_t spec_skip_blanks(struct str text, uint32_t at);

#endif
