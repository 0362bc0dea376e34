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

/* Reads the script of the map; the map also takes down where macros are used. */
struct lexer *lexer_new(struct arena *a, struct source_map *map, struct diag *diag);
/* Reads definitions that were written down from a header, one of the map's texts: no directives or macros of
 * the script reach into them. */
struct lexer *lexer_of_header(
    struct arena *a, struct source_map *map, const struct source *header, struct diag *diag);
/* Makes #ifdef NAME true and NAME stand for text, from the next token on. */
void lexer_define(struct lexer *lexer, struct str name, struct str text);
/* Prints the token stream, a line each, for -d tokens. */
void lexer_dump(struct lexer *lexer, FILE *out);
/* Gives the value of a constant of the UAPI table (AF_INET, O_RDONLY, SIGKILL ...): true when there is one.
 * Such constants need no #include. */
bool lexer_constant(struct str name, int64_t *value);

#endif
