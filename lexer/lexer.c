#include "lexer/internal.h"

#include <inttypes.h>

static const char *const texts[] = {
#define TOKEN(name, text, words) text,
#include "lexer/tokens.def"
#undef TOKEN
};

static const char *const words[] = {
#define TOKEN(name, text, words) words,
#include "lexer/tokens.def"
#undef TOKEN
};

static const char *const names[] = {
#define TOKEN(name, text, words) #name,
#include "lexer/tokens.def"
#undef TOKEN
};

const char *token_text(enum token_kind kind)
{
	return texts[kind];
}

const char *token_words(enum token_kind kind)
{
	return words[kind];
}

struct diag *lexer_diag(const struct lexer *lexer)
{
	return lexer->diag;
}

struct str lexer_text(const struct lexer *lexer, struct span span)
{
	const struct source *s = &lexer->source;

	return str_slice(s->text, span.begin - s->begin, span.end - s->begin);
}

struct lexer *lexer_new(struct arena *a, struct source_map *map, struct diag *diag)
{
	return lexer_of_header(a, map, &map->script, diag);
}

struct lexer *lexer_of_header(
    struct arena *a, struct source_map *map, const struct source *header, struct diag *diag)
{
	struct lexer *lexer = arena_one(a, struct lexer);

	lexer->arena = a;
	lexer->map = map;
	lexer->source = *header;
	lexer->diag = diag;
	lexer_scan_open(lexer);
	return lexer;
}

/* An expansion more is refused: macros that use one another double the text each time: a script of 2 KB could
 * fill all memory. */
#define EXPANSIONS_MAX 100000

/* Takes down where the macro is defined, for messages about what its text makes. */
static void note_expansion(struct lexer *lexer, const struct macro *macro)
{
	struct source_expansion e = { lexer->use, macro->name, macro->definition };

	if (e.definition.end)
		vec_push(lexer->arena, &lexer->map->expansions, e);
}

static void expand_macro(struct lexer *lexer, struct macro *macro, struct span use)
{
	if (!lexer->frames.n) {
		lexer->use = use;
		note_expansion(lexer, macro);
	}
	if (macro->parameters) {
		diag_error(lexer->diag, lexer->use, "the macro %.*s has parameters", STR_ARG(macro->name));
		diag_hint(lexer->diag, "only macros of #define NAME text can be used");
		return;
	}
	if (lexer->expansions++ >= EXPANSIONS_MAX) {
		if (lexer->expansions == EXPANSIONS_MAX + 1) {
			diag_error(lexer->diag, use, "the macros expand to too much text");
			diag_hint(lexer->diag, "a script may use macros %d times, in one another too",
			    EXPANSIONS_MAX);
		}
		return;
	}
	macro->active = true;
	vec_push(lexer->arena, &lexer->frames, macro);
	lexer_scan_macro(lexer, macro->text);
}

/* Finds the keyword that a name is; members of C's structs may be called as our statements are. */
static enum token_kind keyword(const struct lexer *lexer, struct str name)
{
	enum token_kind first = lexer->mode == MODE_DEFINITION ? TOKEN_STRUCT : TOKEN_IF;

	for (enum token_kind k = first; k <= TOKEN_ENUM; k++)
		if (str_is(name, texts[k]))
			return k;
	return TOKEN_IDENT;
}

/* Says whether the definition whose last bracket was closed goes on: with attributes, a semicolon. A
 * semicolon may be left out, and then a probe follows. */
static bool definition_goes_on(const struct lexer *lexer)
{
	uint32_t at = spec_skip_blanks(lexer->source.text, lexer->at);
	struct str rest = str_slice(lexer->source.text, at, lexer->source.text.n);

	return lexer->frames.n || str_starts(rest, ";") || str_starts(rest, "__attribute__");
}

static void follow_definition(struct lexer *lexer, enum token_kind kind)
{
	bool opens = kind == TOKEN_LBRACE || kind == TOKEN_LPAREN || kind == TOKEN_LBRACKET;
	bool closes = kind == TOKEN_RBRACE || kind == TOKEN_RPAREN || kind == TOKEN_RBRACKET;

	if (opens)
		lexer->depth++;
	else if (closes && lexer->depth)
		lexer->depth--;
	if (lexer->depth)
		return;
	lexer->has_body |= kind == TOKEN_RBRACE;
	if (kind == TOKEN_SEMICOLON ||
	    (closes && lexer->has_body && !lexer->is_typedef && !definition_goes_on(lexer)))
		lexer->mode = MODE_PROBE;
}

/* Follows where we are after a token; returns what the token is there, which matters for a slash. */
static enum token_kind follow(struct lexer *lexer, enum token_kind kind)
{
	switch (lexer->mode) {
	case MODE_PROBE:
		if (kind == TOKEN_SPEC)
			lexer->mode = MODE_AFTER;
		break;
	case MODE_AFTER:
		if (kind == TOKEN_COMMA || kind == TOKEN_SEMICOLON || kind == TOKEN_RBRACE) {
			lexer->mode = MODE_PROBE;
		} else if (kind == TOKEN_SLASH) {
			lexer->mode = MODE_PREDICATE;
			return TOKEN_PRED_OPEN;
		}
		break;
	case MODE_PREDICATE:
		if (kind == TOKEN_SLASH && !lexer->frames.n &&
		    spec_closes_predicate(lexer->source.text, lexer->at)) {
			lexer->mode = MODE_AFTER;
			return TOKEN_PRED_CLOSE;
		}
		break;
	case MODE_BODY:
		break;
	case MODE_DEFINITION:
		follow_definition(lexer, kind);
		return kind;
	}
	if (kind == TOKEN_LBRACE) {
		lexer->depth = lexer->mode == MODE_BODY ? lexer->depth + 1 : 1;
		lexer->mode = MODE_BODY;
	} else if (kind == TOKEN_RBRACE && lexer->mode == MODE_BODY && --lexer->depth == 0) {
		lexer->mode = MODE_PROBE;
	}
	return kind;
}

static bool is_word_of(struct str spec, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(spec, list[i]))
			return true;
	return false;
}

/* The parser takes types apart token by token; it does not know the unknown yet. */
static const char *const types[] = { "struct", "union", "enum", "typedef" };
static const char *const unknown[] = { "config", "macro", "let", "import", "fn" };

static bool is_type_definition(struct str spec)
{
	return is_word_of(spec, types, sizeof(types) / sizeof(types[0]));
}

static bool is_definition(struct str spec)
{
	return is_word_of(spec, unknown, sizeof(unknown) / sizeof(unknown[0]));
}

/* Passes over a definition up to its closing brace, or to a semicolon when there is none. */
static void skip_definition(struct lexer *lexer)
{
	unsigned depth = 0;

	lexer->mode = MODE_BODY;
	lexer->depth = 1;
	for (struct token t = { .kind = TOKEN_ERROR }; t.kind != TOKEN_END;) {
		t = lexer_next(lexer);
		lexer->mode = MODE_BODY;
		depth += t.kind == TOKEN_LBRACE;
		if (t.kind == TOKEN_RBRACE && (depth == 0 || --depth == 0))
			break;
		if (t.kind == TOKEN_SEMICOLON && depth == 0)
			break;
	}
	lexer->mode = MODE_PROBE;
}

struct token lexer_next(struct lexer *lexer)
{
	for (;;) {
		struct token token = { .kind = TOKEN_END };

		if (lexer->ended) {
			token.span = lexer_span(lexer, lexer->at, lexer->at);
			return token;
		}
		token.kind = lexer_scan(&token, lexer->scanner);
		if (token.kind == TOKEN_IDENT) {
			struct macro *macro = macro_find(lexer, token.text);

			if (macro) {
				expand_macro(lexer, macro, token.span);
				continue;
			}
			if (lexer->previous != TOKEN_DOT && lexer->previous != TOKEN_ARROW)
				token.kind = keyword(lexer, token.text);
		} else if (token.kind == TOKEN_END) {
			lexer->ended = true;
			preprocess_end(lexer);
		}
		token.kind = follow(lexer, token.kind);
		lexer->previous = token.kind;
		if (token.kind == TOKEN_SPEC && is_type_definition(token.text)) {
			token.kind = TOKEN_DEFINITION;
			lexer->mode = MODE_DEFINITION;
			lexer->depth = 0;
			lexer->has_body = false;
			lexer->is_typedef = str_is(token.text, "typedef");
		} else if (token.kind == TOKEN_SPEC && is_definition(token.text)) {
			token.kind = TOKEN_DEFINITION;
			skip_definition(lexer);
		}
		return token;
	}
}

static void dump_text(FILE *out, struct str text)
{
	fputc('"', out);
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", out);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

void lexer_dump(struct lexer *lexer, FILE *out)
{
	for (struct token t = { .kind = TOKEN_ERROR }; t.kind != TOKEN_END;) {
		t = lexer_next(lexer);
		struct source_pos pos = source_pos(lexer->map, t.span.begin);

		fprintf(out, "%u:%u %s", pos.line, pos.column, names[t.kind]);
		if (t.text.p) {
			fputc(' ', out);
			dump_text(out, t.text);
		} else if (t.kind == TOKEN_INTEGER || t.kind == TOKEN_PARAM) {
			fprintf(out, " %" PRIu64 "%s", t.value, t.is_unsigned ? "u" : "");
		}
		fputc('\n', out);
	}
}
