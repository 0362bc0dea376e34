#include "parser/parser.h"
#include "tests/unit/test.h"

#include <stdlib.h>

static struct arena *arena;
static FILE *nowhere;
static struct diag diag;

static struct script *parse(const char *text)
{
	static struct source_map map;

	map = (struct source_map){ .script = { STR("x.bt"), str_of(text) } };
	diag = (struct diag){ .map = &map, .out = nowhere };
	return parse_script(arena, lexer_new(arena, &map, &diag));
}

static void attach_points(void)
{
	struct script *s = parse("uprobe:\"/path with\":f, k:g*+1\n/pid/ { @++ }");

	CHECK_INT(s->probes.n, 1);
	CHECK_INT(s->probes.v[0].attach.n, 2);
	CHECK_STR(s->probes.v[0].attach.v[0].provider, "uprobe");
	CHECK_STR(s->probes.v[0].attach.v[0].rest, "/path with:f");
	CHECK_STR(s->probes.v[0].attach.v[1].rest, "g*+1");
	CHECK_INT(s->probes.v[0].attach.v[1].rest_span.begin, 25);
	CHECK(s->probes.v[0].predicate != NULL);
	s = parse("BEGIN { }");
	CHECK_INT(s->probes.v[0].attach.v[0].rest.n, 0);
}

static void text_of(const struct node *node, char **text, size_t *n)
{
	FILE *out = open_memstream(text, n);

	ast_dump_node(out, node, 0, NULL);
	fclose(out);
}

static void a_clone_is_deep(void)
{
	struct script *s =
	    parse("BEGIN { @x[1, pid] = str(arg0, 2); if (1) { exit() } else { $x = (1, 2); } }");
	const struct node *body = s->probes.v[0].body;
	struct node *copy = ast_clone(arena, body);
	char *one, *two;
	size_t n_one, n_two;

	CHECK_INT(diag.errors, 0);
	text_of(body, &one, &n_one);
	text_of(copy, &two, &n_two);
	CHECK(n_one > 100 && n_one == n_two && memcmp(one, two, n_one) == 0);
	CHECK(copy->block.statements != body->block.statements);
	CHECK(copy->block.statements->assign.target->map.keys->next !=
	      body->block.statements->assign.target->map.keys->next);
	CHECK(ast_clone(arena, NULL) == NULL);
	free(one);
	free(two);
}

/* Errors are counted, and what is right around them is still parsed. */
static void recovery(void)
{
	static const struct {
		const char *text;
		unsigned errors, probes;
	} rows[] = {
		{ "BEGIN { $x = ; $y = 1; $z = ; } END { exit(); }", 2, 2 },
		{ "BEGIN { if (1) exit(); } END { else { } } kprobe:f { @x[ = 1; }", 3, 3 },
		{ "kprobe:f /pid = 1/ { } kprobe:g /x { $y = ; } END { }", 3, 2 },
		{ "kprobe:f, { } kprobe:g { }", 1, 2 },
		{ "struct a { int b; }; BEGIN { $x = ; }", 1, 1 },
		{ "struct a { int; b }; BEGIN { $x = ; }", 2, 1 },
		{ "BEGIN { for ($x : @y) { print($x); } $z = ; }", 2, 1 },
		{ "", 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct script *s = parse(rows[i].text);

		TEST_RESULT_(diag.errors == rows[i].errors, "%u errors in: %s", diag.errors, rows[i].text);
		TEST_RESULT_(s->probes.n == rows[i].probes, "%zu probes in: %s", s->probes.n, rows[i].text);
	}
}

int main(void)
{
	arena = arena_new();
	nowhere = fopen("/dev/null", "w");
	attach_points();
	a_clone_is_deep();
	recovery();
	fclose(nowhere);
	arena_free(arena);
	return test_end();
}
