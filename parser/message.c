/*
 * Syntax errors in words: what was found, what could stand there, and what the most
 * likely slip is.
 */
#include "parser/internal.h"

#include <stdio.h>

bool parser_defines_type(struct token definition)
{
	return str_is(definition.text, "struct") || str_is(definition.text, "union") ||
	       str_is(definition.text, "enum") || str_is(definition.text, "typedef");
}

void parser_refuse_definition(struct parser *p, struct token definition)
{
	if (!parser_defines_type(definition))
		diag_error(p->diag, definition.span, "%.*s at the top of a script is not supported yet",
		    STR_ARG(definition.text));
}

void parser_refuse_map_loop(struct parser *p, struct span span)
{
	span.end = span.begin + 3;
	diag_error(p->diag, span, "for loops over maps are not supported yet");
	diag_hint(p->diag, "a loop over numbers can be written as for $i : 0..10 { ... }");
}

void parser_too_deep(struct parser *p, struct span span)
{
	diag_error(p->diag, span, "this is nested too deeply");
	diag_hint(p->diag, "take it apart with $variables");
}

static bool expects(const enum token_kind *expected, unsigned n, enum token_kind kind)
{
	for (unsigned i = 0; i < n; i++)
		if (expected[i] == kind)
			return true;
	return false;
}

/* Returns the token as the message names it. */
static struct str found_words(struct parser *p, struct token token)
{
	struct str text;

	if (token.kind == TOKEN_END)
		return STR("the end of the script");
	text = lexer_text(p->lexer, token.span);
	if (text.n > 40)
		return str_format(p->arena, "%s", token_words(token.kind));
	return str_format(p->arena, "'%.*s'", STR_ARG(text));
}

/* Says what could stand there, in the language's words and not in tokens. */
static const char *expected_words(const enum token_kind *expected, unsigned n)
{
	static const struct {
		enum token_kind kind;
		const char *words;
	} rows[] = {
		{ TOKEN_WHILE, "a statement" },
		{ TOKEN_STRING, "an expression" },
		{ TOKEN_SPEC, "a probe" },
		{ TOKEN_PRED_OPEN, "'{', a /predicate/ or a comma and another probe" },
		{ TOKEN_PRED_CLOSE, "the '/' that closes the predicate" },
		{ TOKEN_SEMICOLON, "';'" },
		{ TOKEN_ELSE, "else or a statement" },
		{ TOKEN_COLON, "the ':' of '? :'" },
		{ TOKEN_RPAREN, "')'" },
		{ TOKEN_RBRACKET, "']'" },
		{ TOKEN_LBRACE, "'{'" },
		{ TOKEN_IDENT, "a name" },
		{ TOKEN_VARIABLE, "a $variable or a @map" },
		{ TOKEN_LPAREN, "'('" },
		{ TOKEN_ASSIGN, "'='" },
		{ TOKEN_RBRACE, "'}'" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (expects(expected, n, rows[i].kind))
			return rows[i].words;
	return NULL;
}

/* Tells of the bracket that is open where the script ends: that is the place to look at. */
static void unclosed(struct parser *p)
{
	if (p->end_reported)
		return;
	p->end_reported = true;
	struct token open = p->open.v[p->open.n - 1];

	diag_error(p->diag, open.span, "this %s is never closed", token_text(open.kind));
	diag_hint(p->diag, "the script ends before the %s that belongs to it",
	    token_text((enum token_kind)(open.kind + 1)));
}

static bool begins_statement(enum token_kind kind)
{
	return (kind >= TOKEN_IDENT && kind <= TOKEN_RETURN && kind != TOKEN_PARAM && kind != TOKEN_ELSE);
}

/* Says whether what is wrong is behind the token before, not at the one that was found. */
static bool missing_semicolon(struct parser *p, const enum token_kind *expected, unsigned n)
{
	struct source_pos found = source_pos(p->diag->map, p->last.span.begin);
	struct source_pos before = source_pos(p->diag->map, p->before.span.end);

	return expects(expected, n, TOKEN_SEMICOLON) &&
	       (found.line != before.line || begins_statement(p->last.kind));
}

static bool missing_action(struct parser *p, const enum token_kind *expected, unsigned n)
{
	return (p->before.kind == TOKEN_SPEC || p->before.kind == TOKEN_PRED_CLOSE) &&
	       expects(expected, n, TOKEN_LBRACE);
}

static const char *hint(struct parser *p, const enum token_kind *expected, unsigned n)
{
	static const char *const found[TOKEN_N_] = {
		[TOKEN_ASSIGN] = "only $variables and @maps can be assigned; to compare, write ==",
		[TOKEN_ELSE] = "an else follows the } of its if",
		[TOKEN_INC] = "only $variables and @maps can be counted up and down",
		[TOKEN_DEC] = "only $variables and @maps can be counted up and down",
		[TOKEN_COLON] = "if a probe begins in this line, the action before it lacks a }",
		[TOKEN_PRED_OPEN] = "a predicate stands between the probe and its {",
	};

	if (found[p->last.kind])
		return found[p->last.kind];
	if (p->last.kind >= TOKEN_ADD_ASSIGN && p->last.kind <= TOKEN_XOR_ASSIGN)
		return "only $variables and @maps can be assigned";
	if (expects(expected, n, TOKEN_PRED_CLOSE))
		return "a predicate is written /condition/ before the {";
	if (expects(expected, n, TOKEN_SPEC))
		return "a script is a list of probes with their actions, as in kprobe:do_nanosleep { @++ }";
	if (expects(expected, n, TOKEN_LBRACE) && !expects(expected, n, TOKEN_SEMICOLON))
		return "what if, else, while and unroll govern stands in { }";
	return NULL;
}

void parser_unexpected(struct parser *p, const enum token_kind *expected, unsigned n)
{
	struct str found = found_words(p, p->last);
	const char *words = expected_words(expected, n), *what_to_do = hint(p, expected, n);

	if (p->last.kind == TOKEN_END && p->open.n) {
		unclosed(p);
		return;
	}
	if (missing_semicolon(p, expected, n)) {
		struct span end = { p->before.span.end, p->before.span.end };

		diag_error(p->diag, end, "a semicolon is missing here");
		return;
	}
	if (missing_action(p, expected, n)) {
		diag_error(
		    p->diag, p->before.span, "expected '{' after this probe, found %.*s", STR_ARG(found));
		diag_hint(p->diag,
		    "a probe is followed by its action in { }, as in kprobe:do_nanosleep { @++ }; statements "
		    "stand in actions only");
		return;
	}
	if (words)
		diag_error(p->diag, p->last.span, "expected %s, found %.*s", words, STR_ARG(found));
	else
		diag_error(p->diag, p->last.span, "%.*s cannot stand here", STR_ARG(found));
	if (what_to_do)
		diag_hint(p->diag, "%s", what_to_do);
}
