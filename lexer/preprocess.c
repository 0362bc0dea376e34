/*
 * Directives, and the macros and conditions that they make. A directive is
 * carried out when the scanner meets it; what an untrue condition excludes is passed
 * over by the scanner in its SKIP state.
 */
#include "lexer/internal.h"

#include <string.h>

/* Macros that use one another double the text each time: a script of 2 KB could fill all memory. */
#define EXPANSIONS_MAX 100000

bool preprocess_skipping(const struct lexer *lexer)
{
	return lexer->conditionals.n && !lexer->conditionals.v[lexer->conditionals.n - 1].used;
}

struct macro *preprocess_macro(struct lexer *lexer, struct str name)
{
	for (size_t i = 0; i < lexer->macros.n; i++)
		if (str_eq(lexer->macros.v[i]->name, name))
			return lexer->macros.v[i]->active ? NULL : lexer->macros.v[i];
	return NULL;
}

static ptrdiff_t macro_index(const struct lexer *lexer, struct str name)
{
	for (size_t i = 0; i < lexer->macros.n; i++)
		if (str_eq(lexer->macros.v[i]->name, name))
			return (ptrdiff_t)i;
	return -1;
}

void lexer_define(struct lexer *lexer, struct str name, struct str text)
{
	struct macro *macro = arena_one(lexer->arena, struct macro);
	ptrdiff_t index = macro_index(lexer, name);

	macro->name = str_copy(lexer->arena, name.p, name.n);
	macro->text = str_copy(lexer->arena, text.p, text.n);
	if (index >= 0)
		lexer->macros.v[index] = macro;
	else
		vec_push(lexer->arena, &lexer->macros, macro);
}

void preprocess_expand(struct lexer *lexer, struct macro *macro, struct span use)
{
	if (!lexer->frames.n)
		lexer->use = use;
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

void preprocess_expanded(struct lexer *lexer)
{
	lexer->frames.v[--lexer->frames.n]->active = false;
}

/* A directive taken apart: "#  word rest". */
struct directive {
	struct span span; /* from the # to the end of the line */
	struct span word_span;
	struct str word;
	struct str rest; /* comments and outer blanks removed, lines joined */
	struct span rest_span;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct str first_word(struct str s)
{
	size_t n = 0;

	while (n < s.n && is_name_byte(s.p[n]))
		n++;
	return str_slice(s, 0, n);
}

/* Copies from at to the end of the line without comments; a backslash before a line's end joins
 * it with the next. Returns the offset of the line's end. */
static uint32_t logical_line(struct lexer *lexer, uint32_t at, struct str *line)
{
	struct str text = lexer->source->text;
	VEC(char) to = { 0 };
	char quote = 0;

	while (at < text.n && text.p[at] != '\n') {
		char c = text.p[at], next = at + 1 < text.n ? text.p[at + 1] : '\0';

		if (c == '\\' && next == '\n') {
			vec_push(lexer->arena, &to, ' ');
			at += 2;
		} else if (c == '\\' && quote && next) {
			vec_push(lexer->arena, &to, c);
			vec_push(lexer->arena, &to, next);
			at += 2;
		} else if (c == '/' && (next == '*' || next == '/') && !quote) {
			vec_push(lexer->arena, &to, ' ');
			at = spec_after_comment(text, at);
		} else {
			if (c == '"' || c == '\'')
				quote = !quote ? c : quote == c ? 0 : quote;
			vec_push(lexer->arena, &to, c);
			at++;
		}
	}
	*line = (struct str){ to.v, to.n };
	return at;
}

static void directive_define(struct lexer *lexer, const struct directive *d)
{
	struct str name = first_word(d->rest);

	if (!name.n || (name.p[0] >= '0' && name.p[0] <= '9')) {
		diag_error(lexer->diag, d->span, "#define without a name");
		diag_hint(lexer->diag, "write #define NAME text");
		return;
	}
	if (name.n < d->rest.n && d->rest.p[name.n] == '(') {
		/* An error only where it is used: scripts carry such macros for the C parts of their
		 * definitions. */
		lexer_define(lexer, name, (struct str){ 0 });
		lexer->macros.v[macro_index(lexer, name)]->parameters = true;
		return;
	}
	lexer_define(lexer, name, str_trim(str_slice(d->rest, name.n, d->rest.n)));
}

static void directive_undef(struct lexer *lexer, const struct directive *d)
{
	ptrdiff_t index = macro_index(lexer, first_word(d->rest));

	if (index >= 0)
		lexer->macros.v[index] = lexer->macros.v[--lexer->macros.n];
}

static void directive_include(struct lexer *lexer, const struct directive *d)
{
	struct str name = d->rest;
	char close = name.n && name.p[0] == '<' ? '>' : '"';

	if (name.n < 3 || (name.p[0] != '<' && name.p[0] != '"') || name.p[name.n - 1] != close) {
		diag_error(lexer->diag, d->span, "#include without a header");
		diag_hint(lexer->diag, "write #include <sys/socket.h>");
		return;
	}
	name = str_slice(name, 1, name.n - 1);
	if (preprocess_header_known(name) || headers_have(lexer->headers, name))
		return;
	vec_push(lexer->arena, &lexer->includes, name);
	diag_error(lexer->diag, d->rest_span, "%.*s cannot be read, and its constants are not built in",
	    STR_ARG(name));
	diag_hint(lexer->diag,
	    "remove the #include: kernel types and their enums come from the kernel's BTF and need none, "
	    "and the constants of sys/socket.h, fcntl.h, errno.h and their like are built in");
	diag_hint(lexer->diag,
	    "if the script must also run under bpftrace without BTF, put the #include between #ifndef "
	    "BPFTRACE_HAVE_BTF and #endif");
}

static void open_conditional(struct lexer *lexer, const struct directive *d, bool condition)
{
	bool outer = !preprocess_skipping(lexer);
	struct conditional c = { d->span, outer, outer && condition, outer && condition, false };

	vec_push(lexer->arena, &lexer->conditionals, c);
}

static bool is_defined(struct lexer *lexer, const struct directive *d)
{
	struct str name = first_word(d->rest);

	if (!name.n)
		diag_error(lexer->diag, d->span, "#%.*s without a name", STR_ARG(d->word));
	return macro_index(lexer, name) >= 0;
}

static void directive_ifdef(struct lexer *lexer, const struct directive *d)
{
	open_conditional(lexer, d, !preprocess_skipping(lexer) && is_defined(lexer, d));
}

static void directive_ifndef(struct lexer *lexer, const struct directive *d)
{
	open_conditional(lexer, d, !preprocess_skipping(lexer) && !is_defined(lexer, d));
}

static void directive_if(struct lexer *lexer, const struct directive *d)
{
	bool active = !preprocess_skipping(lexer);

	open_conditional(lexer, d, active && preprocess_condition(lexer, d->rest, d->rest_span) > 0);
}

/* The conditional that an #else, #elif or #endif belongs to, or NULL after a message. */
static struct conditional *present(struct lexer *lexer, const struct directive *d)
{
	if (lexer->conditionals.n)
		return &lexer->conditionals.v[lexer->conditionals.n - 1];
	diag_error(
	    lexer->diag, d->word_span, "#%.*s without an #if, #ifdef or #ifndef before it", STR_ARG(d->word));
	return NULL;
}

static void next_branch(struct lexer *lexer, const struct directive *d, bool is_else)
{
	struct conditional *c = present(lexer, d);

	if (!c)
		return;
	if (c->had_else) {
		diag_error(lexer->diag, d->word_span, "#%.*s after #else", STR_ARG(d->word));
		return;
	}
	c->had_else = is_else;
	c->used =
	    c->outer && !c->taken && (is_else || preprocess_condition(lexer, d->rest, d->rest_span) > 0);
	c->taken |= c->used;
}

static void directive_else(struct lexer *lexer, const struct directive *d)
{
	next_branch(lexer, d, true);
}

static void directive_elif(struct lexer *lexer, const struct directive *d)
{
	next_branch(lexer, d, false);
}

static void directive_endif(struct lexer *lexer, const struct directive *d)
{
	if (present(lexer, d))
		lexer->conditionals.n--;
}

static void directive_error(struct lexer *lexer, const struct directive *d)
{
	diag_error(lexer->diag, d->span, "%.*s", STR_ARG(d->rest));
}

static void directive_warning(struct lexer *lexer, const struct directive *d)
{
	diag_warning(lexer->diag, d->span, "%.*s", STR_ARG(d->rest));
}

static void directive_nothing(struct lexer *lexer, const struct directive *d)
{
}

static const struct {
	const char *word;
	bool when_skipping; /* carried out in text that a condition excludes, too */
	void (*carry_out)(struct lexer *lexer, const struct directive *d);
} directives[] = {
	{ "include", false, directive_include }, { "define", false, directive_define },
	{ "undef", false, directive_undef }, { "if", true, directive_if }, { "ifdef", true, directive_ifdef },
	{ "ifndef", true, directive_ifndef }, { "elif", true, directive_elif },
	{ "else", true, directive_else }, { "endif", true, directive_endif },
	{ "error", false, directive_error }, { "warning", false, directive_warning },
	{ "pragma", false, directive_nothing }, { "line", false, directive_nothing },
	{ "", false, directive_nothing }, /* a lone # is allowed in C */
};

static void carry_out(struct lexer *lexer, const struct directive *d)
{
	struct str_near near = { .wanted = d->word };

	for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++) {
		if (str_is(d->word, directives[i].word)) {
			if (directives[i].when_skipping || !preprocess_skipping(lexer))
				directives[i].carry_out(lexer, d);
			return;
		}
		str_near_offer(&near, lexer->arena, str_of(directives[i].word));
	}
	if (preprocess_skipping(lexer))
		return;
	struct str names = str_near_text(&near, lexer->arena);

	diag_error(lexer->diag, d->word_span, "unknown directive #%.*s", STR_ARG(d->word));
	if (names.n)
		diag_hint(lexer->diag, "did you mean #%.*s?", STR_ARG(names));
	else
		diag_hint(lexer->diag, "a comment begins with //");
}

uint32_t preprocess_directive(struct lexer *lexer, uint32_t at)
{
	struct str text = lexer->source->text, line;
	uint32_t end = logical_line(lexer, at + 1, &line), last = end;

	if (at == 0 && text.n > 1 && text.p[1] == '!') {
		ptrdiff_t length = str_find(text, '\n');

		return length < 0 ? (uint32_t)text.n : (uint32_t)length;
	}
	while (last > at + 1 && is_blank(text.p[last - 1]))
		last--;
	struct directive d = { .span = { at, last } };

	line = str_trim(line);
	d.word = first_word(line);
	d.rest = str_trim(str_slice(line, d.word.n, line.n));
	uint32_t word = at + 1;

	while (word < last && is_blank(text.p[word]))
		word++;
	d.word_span = (struct span){ at, word + (uint32_t)d.word.n };
	uint32_t rest = spec_skip_blanks(text, d.word_span.end);

	d.rest_span = rest < last ? (struct span){ rest, last } : d.span;
	carry_out(lexer, &d);
	return end;
}

void preprocess_end(struct lexer *lexer)
{
	for (size_t i = 0; i < lexer->conditionals.n; i++) {
		diag_error(lexer->diag, lexer->conditionals.v[i].span, "this condition has no #endif");
		diag_hint(lexer->diag, "end the part that it governs with a line #endif");
	}
}
