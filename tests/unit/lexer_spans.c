#include "lexer/token.h"
#include "tests/unit/test.h"

static struct arena *arena;
static FILE *nowhere;
static struct diag diag;

static struct lexer *lexer_of(const char *text)
{
	static struct source_map map;

	map = (struct source_map){ .script = { STR("x.bt"), str_of(text) } };
	diag = (struct diag){ .map = &map, .out = nowhere };
	return lexer_new(arena, &map, &diag);
}

static void spans_are_bytes_of_the_script(void)
{
	static const char text[] = "#define M 1 +\nBEGIN { $long_name = M 0x10; /* c */ \"a\\n\" }";
	static const char *const wanted[] = { "BEGIN", "{", "$long_name", "=", "M", "M", "0x10", ";",
		"\"a\\n\"", "}" };
	struct lexer *lexer = lexer_of(text);

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		struct token t = lexer_next(lexer);

		CHECK_TEXT(text + t.span.begin, t.span.end - t.span.begin, wanted[i]);
	}
	for (int i = 0; i < 3; i++) {
		struct token end = lexer_next(lexer);

		CHECK_INT(end.kind, TOKEN_END);
		CHECK_INT(end.span.begin, sizeof(text) - 1);
	}
	CHECK_INT(diag.errors, 0);
}

static void definitions_from_outside(void)
{
	struct lexer *lexer = lexer_of("#ifdef GIVEN\nGIVEN { GIVEN }\n#endif");
	struct token t;

	lexer_define(lexer, STR("GIVEN"), STR("0"));
	lexer_define(lexer, STR("GIVEN"), STR("7"));
	t = lexer_next(lexer);
	CHECK_INT(t.kind, TOKEN_SPEC); /* names of probes are not expanded */
	CHECK_STR(t.text, "GIVEN");
	lexer_next(lexer);
	t = lexer_next(lexer);
	CHECK_INT(t.kind, TOKEN_INTEGER);
	CHECK_INT(t.value, 7);
}

/* Each macro is the one before twice: 2^30 tokens. */
static void expansion_is_bounded(void)
{
	char text[2048] = "#define M0 1\n";
	size_t n = strlen(text);
	unsigned tokens = 0;

	for (int i = 1; i <= 30; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "#define M%d M%d M%d\n", i, i - 1, i - 1);
	snprintf(text + n, sizeof(text) - n, "BEGIN { M30 }");
	struct lexer *lexer = lexer_of(text);

	while (lexer_next(lexer).kind != TOKEN_END && tokens < 1000000)
		tokens++;
	CHECK_INT(diag.errors, 1);
	CHECK(tokens < 200000);
}

int main(void)
{
	arena = arena_new();
	nowhere = fopen("/dev/null", "w");
	spans_are_bytes_of_the_script();
	definitions_from_outside();
	expansion_is_bounded();
	fclose(nowhere);
	arena_free(arena);
	return test_end();
}
