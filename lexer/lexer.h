/*
 * Script text -> tokens, with the preprocessor between: comments, the shebang, #include
 * #define #undef #if #ifdef #ifndef #elif #else #endif #error #warning.
 *
 * A #include of a listed UAPI header makes the constants of lexer/constants
 * available; any other header is read by btrun-headers. Kernel types come from
 * BTF and need no header.
 */
#ifndef BTRUN_LEXER_LEXER_H
#define BTRUN_LEXER_LEXER_H

#include <stdio.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/source.h"

struct lexer;

struct lexer *lexer_new(struct arena *a, const struct source *source, struct diag *diag);
/* Before the first token: #ifdef NAME is then true, NAME stands for text. */
void lexer_define(struct lexer *lexer, struct str name, struct str text);
/* The token stream, a line each, for -d tokens. */
void lexer_dump(struct lexer *lexer, FILE *out);
/* The value of a constant of the UAPI table (AF_INET, O_RDONLY, SIGKILL ...): true when there is one.
 * Such constants need no #include. */
bool lexer_constant(struct str name, int64_t *value);

#endif
