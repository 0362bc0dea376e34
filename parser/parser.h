/*
 * Script text -> syntax tree.
 */
#ifndef BTRUN_PARSER_PARSER_H
#define BTRUN_PARSER_PARSER_H

#include "base/diag.h"
#include "lexer/lexer.h"
#include "parser/ast.h"

/* Reports every error through the lexer's diag and returns what could be understood; diag.errors
 * tells whether to go on. Never NULL. */
struct script *parse_script(struct arena *a, struct lexer *lexer);
/* Adds what a further text defines: header files come before the script, which uses their types. */
void parse_text(struct arena *a, struct lexer *lexer, struct script *script);

#endif
