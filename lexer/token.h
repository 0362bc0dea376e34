/*
 * The tokens that the parser reads. The lexer alone knows where a script is (between
 * probes, in a predicate, in an action): a probe specification is one
 * token, and a predicate's slashes are not divisions.
 *
 * Ownership: texts lie in the compile's arena or in the script's text.
 * Errors: what cannot be a token has been reported when TOKEN_ERROR comes.
 */
#ifndef BTRUN_LEXER_TOKEN_H
#define BTRUN_LEXER_TOKEN_H

#include "lexer/lexer.h"

enum token_kind {
#define TOKEN(name, text, words) TOKEN_##name,
#include "lexer/tokens.def"
#undef TOKEN
	TOKEN_N_
};

struct token {
	enum token_kind kind;
	struct span span; /* of a macro's tokens: where the macro was used */
	/* SPEC: as written; STRING: escapes resolved; IDENT, MAP and VARIABLE: the name, with
	 * its @ or $; DEFINITION: the word that opens it */
	struct str text;
	uint64_t value;   /* INTEGER; PARAM: its number, 0 for $# */
	bool is_unsigned; /* INTEGER: written with u, or does not fit int64 */
};

/* Returns the next token; TOKEN_END comes again and again. */
struct token lexer_next(struct lexer *lexer);
struct diag *lexer_diag(const struct lexer *lexer);
/* Returns the bytes of the script that a span is made of. */
struct str lexer_text(const struct lexer *lexer, struct span span);
/* Return the columns of the token's row in tokens.def. */
const char *token_text(enum token_kind kind);
const char *token_words(enum token_kind kind);

#endif
