/*
 * What the files of lexer/ share.
 *
 * lexer.l cuts text into raw tokens and calls the functions here; lexer.c
 * follows where in the script we are; preprocess.c carries out directives and
 * expands macros; literal.c gives numbers and strings their values; spec.c
 * finds the ends of probe specifications.
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
	bool parameters; /* a function-like one */
	bool active;     /* its text is being scanned: its name in it stays a name */
};

struct conditional {
	struct span span; /* the directive that opened it */
	bool outer;       /* the text around it is used */
	bool taken;       /* one of its branches was used already */
	bool used;        /* the present branch is */
	bool had_else;
};

struct lexer {
	struct arena *arena;
	const struct source *source;
	struct diag *diag;
	void *scanner;
	enum lexer_mode mode;
	unsigned depth;           /* of braces in an action, of brackets in a definition */
	bool is_typedef;          /* the definition is one */
	bool has_body;            /* its braces have come */
	enum token_kind previous; /* a keyword after . or -> is a member's name */
	uint32_t at;              /* offset of the first byte not yet scanned */
	struct span use;          /* of the outermost macro in expansion */
	bool ended;
	unsigned expansions;
	VEC(struct macro *) macros;
	VEC(struct macro *) frames; /* in expansion, innermost last */
	VEC(struct conditional) conditionals;
	VEC(struct str) includes;      /* of headers that are not known */
	const struct headers *headers; /* that were read, or NULL */
};

/* lexer.l */
enum token_kind lexer_scan(struct token *token, void *scanner);
void lexer_scan_open(struct lexer *lexer);
void lexer_scan_macro(struct lexer *lexer, struct str text);

/* preprocess.c */
/* at: offset of the #. Returns the offset of the end of its line. */
uint32_t preprocess_directive(struct lexer *lexer, uint32_t at);
bool preprocess_skipping(const struct lexer *lexer);
void preprocess_end(struct lexer *lexer);
struct macro *preprocess_macro(struct lexer *lexer, struct str name);
void preprocess_expand(struct lexer *lexer, struct macro *macro, struct span use);
void preprocess_expanded(struct lexer *lexer);
/* headers.c */
bool headers_have(const struct headers *headers, struct str name);
/* preprocess_headers.c: is #include <name> one whose constants are in the table? */
bool preprocess_header_known(struct str name);
/* preprocess_if.c: the value of the expression of #if; -EINVAL after a message. */
int preprocess_condition(struct lexer *lexer, struct str text, struct span span);

/* literal.c: report what is wrong and return TOKEN_ERROR then */
enum token_kind literal_number(struct lexer *lexer, struct token *token, struct str text);
enum token_kind literal_string(struct lexer *lexer, struct token *token, struct str text);
enum token_kind literal_char(struct lexer *lexer, struct token *token, struct str text);
/* The plain value of a number as in C; false when it is none. */
bool literal_integer(struct str text, uint64_t *value);

/* spec.c: length of the probe specification that begins at the offset, 0 when none does. */
uint32_t spec_length(struct str text, uint32_t at);
/* Does the slash before the offset close a predicate: is { the next thing after it? */
bool spec_closes_predicate(struct str text, uint32_t at);
/* Offset after the comment that begins at the offset. */
uint32_t spec_after_comment(struct str text, uint32_t at);
/* Offset after the blanks and comments at the offset. */
uint32_t spec_skip_blanks(struct str text, uint32_t at);

#endif
