#include "base/diag.h"
#include "tests/unit/test.h"

#include <stdlib.h>

static const char marked[] = "#line 7 3 struct one { int a; };\n"
			     "struct one {\n"
			     "#line 8 6 \tint a;\n"
			     "int a;\n"
			     "};\n";

static struct source header(const char *name, const char *text, uint32_t begin)
{
	struct span parent = { begin, begin + 4 };

	return (struct source){ str_of(name), str_of(text), .kind = SOURCE_HEADER, .parent = parent };
}

static void script_alone(void)
{
	struct source_map map = { .script = { STR("x.bt"), STR("ab\ncd") } };

	CHECK_INT(source_next(&map), 6);
	for (uint32_t at = 0; at < 9; at++)
		CHECK(source_at(&map, at) == &map.script);
	CHECK_STR(source_pos(&map, 4).name, "x.bt");
	CHECK_INT(source_pos(&map, 4).line, 2);
	CHECK_INT(source_pos(&map, 4).column, 2);
	CHECK_STR(source_pos(&map, 4).text, "cd");
	/* the line's end is the line's, and so is the script's */
	CHECK_INT(source_pos(&map, 2).line, 1);
	CHECK_INT(source_pos(&map, 5).column, 3);
	CHECK_INT(source_pos(&map, 5000).column, 3);
	map = (struct source_map){ .script = { STR("empty.bt"), STR("") } };
	CHECK_INT(source_pos(&map, 0).line, 1);
	CHECK_INT(source_pos(&map, 0).column, 1);
	CHECK_STR(source_pos(&map, 0).text, "");
}

/* Each offset belongs to one text, the one behind a text's last byte to that text. */
static void borders(struct arena *a)
{
	struct source_map map = { .script = { STR("x.bt"), STR("abc") } };

	source_add(a, &map, header("a.h", "12345", 0));
	source_add(a, &map, header("none.h", "", 0));
	source_add(a, &map, header("b.h", "1", 0));
	CHECK_INT(map.others.n, 3);
	CHECK_INT(map.others.v[0].begin, 4);
	CHECK_INT(map.others.v[1].begin, 10);
	CHECK_INT(map.others.v[2].begin, 11);
	CHECK_INT(source_next(&map), 13);
	CHECK_STR(source_at(&map, 3)->name, "x.bt");
	CHECK_STR(source_at(&map, 4)->name, "a.h");
	CHECK_STR(source_at(&map, 8)->name, "a.h");
	CHECK_STR(source_at(&map, 9)->name, "a.h");
	CHECK_STR(source_at(&map, 10)->name, "none.h");
	CHECK_STR(source_at(&map, 11)->name, "b.h");
	CHECK_STR(source_at(&map, 12)->name, "b.h");
	CHECK_STR(source_at(&map, UINT32_MAX)->name, "b.h");
}

static void many(struct arena *a)
{
	struct source_map map = { .script = { STR("x.bt"), STR("") } };

	for (unsigned i = 0; i < 1000; i++)
		source_add(a, &map, header("h", i % 2 ? "" : "12", 0));
	for (unsigned i = 0; i < 1000; i++) {
		const struct source *s = &map.others.v[i];

		CHECK(source_at(&map, s->begin) == s);
		CHECK(source_at(&map, s->begin + (uint32_t)s->text.n) == s);
	}
}

/* A header's text says itself where each definition stands in the file. */
static void marks(struct arena *a)
{
	struct source_map map = { .script = { STR("x.bt"), STR("#include \"h.h\"\n") } };
	uint32_t begin = source_next(&map);
	struct source_pos pos;

	source_add(a, &map, header("h.h", marked, 0));
	pos = source_pos(&map, begin + 33);
	CHECK_STR(pos.name, "h.h");
	CHECK_INT(pos.line, 7);
	CHECK_INT(pos.column, 3);
	CHECK_STR(pos.text, "struct one { int a; };");
	pos = source_pos(&map, begin + (uint32_t)(strstr(marked, "\nint a") - marked) + 1);
	CHECK_INT(pos.line, 8);
	CHECK_INT(pos.column, 6);
	CHECK_STR(pos.text, "\tint a;");
	/* before a mark's end it holds already, and the last holds to the end */
	CHECK_INT(source_pos(&map, begin).line, 7);
	CHECK_INT(source_pos(&map, begin + sizeof(marked) - 1).line, 8);
	source_add(a, &map, header("plain.h", "struct two;\n", 0));
	CHECK_INT(source_pos(&map, map.others.v[1].begin + 3).line, 1);
	CHECK_STR(source_pos(&map, map.others.v[1].begin + 3).text, "");
}

/* From a text in a text in the script. */
static void ways_in(struct arena *a)
{
	struct source_map map = { .script = { STR("x.bt"), STR("\n#include") } };
	struct span at = { 0, 0 }, in;

	source_add(a, &map, header("a.h", marked, 1));
	source_add(a, &map, header("b.h", marked, map.others.v[0].begin + 33));
	at.begin = map.others.v[1].begin + 40;
	in = source_in_script(&map, at);
	CHECK_INT(in.begin, 1);
	CHECK_INT(in.end, 5);
	in = source_in_script(&map, (struct span){ 2, 3 });
	CHECK_INT(in.begin, 2);
	CHECK_INT(in.end, 3);
}

static void told(struct arena *a)
{
	struct source_map map = { .script = { STR("x.bt"), STR("\n#include\nBEGIN { @ = X; }") } };
	struct source_expansion x = { { 22, 23 }, STR("X"), { 1, 9 } };
	char *text = NULL;
	size_t n = 0;
	struct diag d = { .map = &map, .out = open_memstream(&text, &n) };

	source_add(a, &map, header("a.h", marked, 1));
	source_add(a, &map, header("b.h", marked, map.others.v[0].begin + 33));
	source_add(a, &map, (struct source){ STR("c.h"), str_of(marked), .kind = SOURCE_HEADER });
	vec_push(a, &map.expansions, x);
	diag_error(&d, (struct span){ map.others.v[1].begin + 33, map.others.v[1].begin + 39 }, "wrong");
	diag_hint(&d, "mend it");
	diag_error(&d, (struct span){ map.others.v[2].begin + 33, map.others.v[2].begin + 39 }, "wrong");
	diag_error(&d, (struct span){ 22, 23 }, "wrong");
	diag_error(&d, (struct span){ 22, 24 }, "wrong");
	fclose(d.out);
	CHECK_TEXT(text, n,
	    "b.h:7:3: error: wrong\n"
	    "    struct one { int a; };\n"
	    "      ^\n"
	    "    included from a.h:7\n"
	    "    included from x.bt:2\n"
	    "    hint: mend it\n"
	    "c.h:7:3: error: wrong\n"
	    "    struct one { int a; };\n"
	    "      ^\n"
	    "    included by the command line\n"
	    "x.bt:3:13: error: wrong\n"
	    "    BEGIN { @ = X; }\n"
	    "                ^\n"
	    "    in expansion of X, defined at x.bt:2\n"
	    "x.bt:3:13: error: wrong\n"
	    "    BEGIN { @ = X; }\n"
	    "                ^~\n");
	free(text);
}

int main(void)
{
	struct arena *a = arena_new();

	script_alone();
	borders(a);
	many(a);
	marks(a);
	ways_in(a);
	told(a);
	arena_free(a);
	return test_end();
}
