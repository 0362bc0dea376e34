#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"
#include "tests/unit/test.h"

#include <stdlib.h>

static void globs(void)
{
	static const struct {
		const char *pattern, *name;
		bool matches;
	} rows[] = {
		{ "tcp_*", "tcp_connect", true },
		{ "tcp_*", "udp_connect", false },
		{ "*", "", true },
		{ "", "", true },
		{ "a*b*c", "aXbXbXc", true },
		{ "a*b*c", "aXbXb", false },
		{ "vfs_[rw]*", "vfs_write", true },
		{ "vfs_[!r]*", "vfs_read", false },
		{ "t?p", "tcp", true },
		{ "t?p", "tp", false },
		{ "[a-c]x", "bx", true },
		{ "[a-c]x", "dx", false },
		{ "a[", "a[", true },
		{ "***a", "bba", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		TEST_RESULT_(str_glob(str_of(rows[i].pattern), str_of(rows[i].name)) == rows[i].matches,
		    "glob %s against %s", rows[i].pattern, rows[i].name);
}

static void distances(void)
{
	CHECK_INT(str_distance(STR("kprobe"), STR("kprobe"), 3), 0);
	CHECK_INT(str_distance(STR("kprobe"), STR("krpobe"), 3), 1);
	CHECK_INT(str_distance(STR("kprobe"), STR("uprobe"), 3), 1);
	CHECK_INT(str_distance(STR("abc"), STR("xyz"), 2), 3);
	CHECK_INT(str_distance(STR(""), STR("ab"), 2), 2);
}

static void near_names(struct arena *a)
{
	struct str_near near = { .wanted = STR("tcp_conect") };

	str_near_offer(&near, a, STR("tcp_close"));
	str_near_offer(&near, a, STR("udp_connect"));
	str_near_offer(&near, a, STR("tcp_connect"));
	CHECK_STR(str_near_text(&near, a), "tcp_connect or udp_connect");
	near = (struct str_near){ .wanted = STR("nr_running") };
	str_near_offer(&near, a, STR("nr_queued"));
	CHECK_STR(str_near_text(&near, a), "");
	near.kin = true;
	str_near_offer(&near, a, STR("nr_queued"));
	str_near_offer(&near, a, STR("running"));
	CHECK_STR(str_near_text(&near, a), "running or nr_queued");
	near = (struct str_near){ .wanted = STR("zzz") };
	str_near_offer(&near, a, STR("tcp_connect"));
	CHECK_STR(str_near_text(&near, a), "");
}

static void splits(void)
{
	struct str rest;

	CHECK_STR(str_split(STR("a:b:c"), ':', &rest), "a");
	CHECK_STR(rest, "b:c");
	CHECK_STR(str_split(STR("abc"), ':', &rest), "abc");
	CHECK_STR(rest, "");
}

static void positions(void)
{
	struct source_map map = { .script = { STR("x.bt"), STR("one\n\ttwo\r\nthree") } };
	const struct source *s = &map.script;

	CHECK_INT(source_pos(&map, 0).line, 1);
	CHECK_INT(source_pos(&map, 5).line, 2);
	CHECK_INT(source_pos(&map, 5).column, 2);
	CHECK_STR(source_pos(&map, 5).text, "\ttwo");
	CHECK_INT(source_pos(&map, 4000).line, 3);
	CHECK_INT(source_offset(s, 2, 2), 5);
	CHECK_INT(source_offset(s, 9, 1), (int64_t)s->text.n);
}

static void messages(void)
{
	struct source_map map = { .script = { STR("x.bt"), STR("BEGIN {\n\tfoo(1);\n}\n") } };
	char *text = NULL;
	size_t n = 0;
	struct diag d = { .map = &map, .out = open_memstream(&text, &n), .limit = 2 };

	diag_error(&d, (struct span){ 9, 12 }, "unknown function %s", "foo");
	diag_hint(&d, "did you mean %s", "for");
	diag_error(&d, (struct span){ 17, 25 }, "end");
	diag_error(&d, (struct span){ 0, 1 }, "not shown");
	diag_hint(&d, "not shown");
	diag_error(&d, (struct span){ 0, 1 }, "not shown");
	fclose(d.out);
	CHECK_INT(d.errors, 4);
	CHECK_TEXT(text, n,
	    "x.bt:2:2: error: unknown function foo\n"
	    "    \tfoo(1);\n"
	    "    \t^~~\n"
	    "    hint: did you mean for\n"
	    "x.bt:3:1: error: end\n"
	    "    }\n"
	    "    ^\n"
	    "x.bt: more errors follow; the first 2 are shown\n");
	free(text);
}

static void hostile_lines(void)
{
	char line[4001], *text = NULL;
	size_t n = 0;

	memset(line, 'x', 4000);
	memcpy(line + 3000, "\033[2J", 4);
	line[4000] = 0;
	struct source_map map = { .script = { STR("x.bt"), str_of(line) } };
	struct diag d = { .map = &map, .out = open_memstream(&text, &n) };
	diag_error(&d, (struct span){ 3000, 3900 }, "long");
	diag_error(&d, (struct span){ 4000, 4000 }, "at the end");
	fclose(d.out);
	CHECK(n < 1000);
	CHECK(!memchr(text, '\033', n));
	free(text);
}

static void growth(struct arena *a)
{
	VEC(int) list = { 0 };

	for (int i = 0; i < 10000; i++)
		vec_push(a, &list, i);
	CHECK_INT(list.n, 10000);
	CHECK_INT(list.v[9999], 9999);
	unsigned char *p = arena_alloc(a, 3 << 20);
	CHECK_INT(p[(3 << 20) - 1], 0);
}

int main(void)
{
	struct arena *a = arena_new();

	globs();
	distances();
	near_names(a);
	splits();
	positions();
	messages();
	hostile_lines();
	growth(a);
	arena_free(a);
	return test_end();
}
