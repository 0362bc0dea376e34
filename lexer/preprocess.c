/*
 * Directives, and the macros and conditions that they make. A directive is
 * carried out when the scanner meets it; what an untrue condition excludes is passed
 * over by the scanner in its SKIP state.
 */
#include "lexer/internal.h"

#include <string.h>

bool preprocess_skipping(const struct lexer *lexer)
{
	return lexer->conditionals.n && !lexer->conditionals.v[lexer->conditionals.n - 1].used;
}

/* Holds a directive taken apart: "#  word rest". */
struct directive {
	struct span span; /* from the # to the end of the line */
	struct span word_span;
	struct str word;
	struct str rest; /* comments and outer blanks removed, lines joined */
	struct span rest_span;
};

static bool is_line_blank(char c)
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
	struct str text = lexer->source.text;
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
		macro_define(lexer, name, (struct str){ 0 }, d->span)->parameters = true;
		return;
	}
	macro_define(lexer, name, str_trim(str_slice(d->rest, name.n, d->rest.n)), d->span);
}

static void directive_undef(struct lexer *lexer, const struct directive *d)
{
	macro_undefine(lexer, first_word(d->rest));
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
	if (header_is_known(lexer, name))
		return;
	vec_push(lexer->arena, &lexer->includes, ((struct include){ name, d->span }));
	header_refuse(lexer, name, d->rest_span);
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
	return macro_is_defined(lexer, name);
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

/* Returns the conditional that an #else, #elif or #endif belongs to, or NULL after a message. */
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

static struct directive take_apart(struct lexer *lexer, uint32_t at, struct str line, uint32_t end)
{
	struct str text = lexer->source.text;
	uint32_t word = at + 1, rest;
	struct directive d;

	while (end > at + 1 && is_line_blank(text.p[end - 1]))
		end--;
	line = str_trim(line);
	d.span = lexer_span(lexer, at, end);
	d.word = first_word(line);
	d.rest = str_trim(str_slice(line, d.word.n, line.n));
	while (word < end && is_line_blank(text.p[word]))
		word++;
	word += (uint32_t)d.word.n;
	d.word_span = lexer_span(lexer, at, word);
	rest = spec_skip_blanks(text, word);
	d.rest_span = rest < end ? lexer_span(lexer, rest, end) : d.span;
	return d;
}

static uint32_t line_end(struct str text, uint32_t at)
{
	ptrdiff_t length = str_find(str_slice(text, at, text.n), '\n');

	return length < 0 ? (uint32_t)text.n : at + (uint32_t)length;
}

uint32_t preprocess_directive(struct lexer *lexer, uint32_t at)
{
	struct str text = lexer->source.text, line;
	struct directive d;
	uint32_t end;

	/* A script's first line may name its interpreter; in what stands for a header these are marks. */
	if ((at == 0 && text.n > 1 && text.p[1] == '!') || lexer->source.kind == SOURCE_HEADER)
		return line_end(text, at);
	end = logical_line(lexer, at + 1, &line);
	d = take_apart(lexer, at, line, end);
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
