#include "runtime/events/event.h"
#include "tests/format/harness.h"
#include "tests/unit/test.h"

/*
 * One value through one printf conversion, print() in text, print() in JSON. NULL: not asked.
 * What a conversion prints is what bpftrace 0.17 prints for it.
 */
static const struct {
	enum harness_type type;
	const char *bytes; /* then zeros */
	size_t n;
	const char *conversion, *printed, *text, *json;
} rows[] = {
#define B(literal) literal, sizeof(literal) - 1
	{ T_I8, B("\xff"), "%d", "-1", "-1", "-1" },
	{ T_I8, B("\xff"), "%x", "ffffffff", NULL, NULL },
	{ T_I8, B("\xff"), "%hhx", "ff", NULL, NULL },
	{ T_I8, B("\xff"), "%u", "4294967295", NULL, NULL },
	{ T_I16, B("\xff\xff"), "%hd", "-1", "-1", "-1" },
	{ T_I32, B("\xff\xff\xff\xff"), "%ld", "-1", "-1", "-1" },
	{ T_I32, B("\xff\xff\xff\xff"), "%lu", "18446744073709551615", NULL, NULL },
	{ T_I64, B("\x00\xf2\x05\x2a\x01"), "%d", "5000000000", "5000000000", "5000000000" },
	{ T_I64, B("\x00\xf2\x05\x2a\x01"), "%x", "12a05f200", NULL, NULL },
	{ T_I64, B("\x00\xf2\x05\x2a\x01"), "%lld", "5000000000", NULL, NULL },
	{ T_U8, B("\xc8"), "%d", "200", "200", "200" },
	{ T_U16, B("\xff\xff"), "%i", "65535", "65535", NULL },
	{ T_U32, B("\xff\xff\xff\xff"), "%d", "-1", "4294967295", "4294967295" },
	{ T_U64, B("\xff\xff\xff\xff\xff\xff\xff\xff"), "%lu", "18446744073709551615", "18446744073709551615",
	    "18446744073709551615" },
	{ T_U64, B("\xff"), "%#x", "0xff", NULL, NULL },
	{ T_U64, B("\xff"), "%X", "FF", NULL, NULL },
	{ T_U64, B("\x08"), "%o", "10", NULL, NULL },
	{ T_U64, B("\x07"), "%8.3d", "     007", NULL, NULL },
	{ T_U64, B("\x07"), "%-5d", "7    ", NULL, NULL },
	{ T_U64, B("\x07"), "%05d", "00007", NULL, NULL },
	{ T_U64, B("\x07"), "%+d", "+7", NULL, NULL },
	{ T_U64, B("\x07"), "% d", " 7", NULL, NULL },
	{ T_U64, B("\x41"), "%c", "A", NULL, NULL },
	{ T_U64, B("\x41"), "%5c", "    A", NULL, NULL },
	{ T_U64, B("\x2c\x01"), "%c", ",", NULL, NULL },
	{ T_U64, B("\x00"), "%c", "", NULL, NULL },
	{ T_U64, B("\x10"), "%10p", "      0x10", NULL, NULL },
	{ T_U64, B("\x10"), "%-10p", "0x10      ", NULL, NULL },
	{ T_PTR, B("\xd2\x04"), "%p", "0x4d2", "0x4d2", "\"0x4d2\"" },
	{ T_PTR, B(""), "%p", "(nil)", "0x0", "\"0x0\"" },
	{ T_BOOL, B("\x01"), "%d", "1", "true", "true" },
	{ T_BOOL, B("\x00"), "%s", "false", "false", "false" },
	{ T_ENUM, B("\x03"), "%d", "3", "3", "3" },
	{ T_STR16, B("abcdef"), "%5.2s", "   ab", "abcdef", "\"abcdef\"" },
	{ T_STR16, B("abc"), "%-10s", "abc       ", NULL, NULL },
	{ T_STR16, B("0123456789abcdef"), "%s", "0123456789abcdef", "0123456789abcdef",
	    "\"0123456789abcdef\"" },
	{ T_STR16, B(""), "%5s", "     ", "", "\"\"" },
	{ T_STR16, B("\"\\\n\t\x01\xff\xc3\xa9"), "%.1s", "\"", NULL,
	    "\"\\\"\\\\\\n\\t\\u0001\\ufffd\xc3\xa9\"" },
	{ T_STR16, B("\xed\xa0\x80\xc0\xaf\xf0\x9f\x98\x80\xe2\x82"), "%.0s", "", NULL,
	    "\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\xf0\x9f\x98\x80\\ufffd\\ufffd\"" },
	{ T_INET, B("\x02\0\0\0\x7f\0\0\x01"), "%-20s", "127.0.0.1           ", "127.0.0.1",
	    "\"127.0.0.1\"" },
	{ T_INET, B("\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"), "%s", "::1", "::1", "\"::1\"" },
	{ T_INET, B("\x07\0\0\0\x7f\0\0\x01"), "%s", "", "", "\"\"" },
	{ T_PROBE, B(""), "%s", "kprobe:tcp_connect", "kprobe:tcp_connect", "\"kprobe:tcp_connect\"" },
	{ T_PROBE, B("\x09"), "%s", "9", "9", "\"9\"" },
	{ T_FUNC, B(""), "%s", "tcp_connect", "tcp_connect", "\"tcp_connect\"" },
	{ T_FUNC, B("\x02\0\0\0\x01"), "%s", "tracepoint:a:b", NULL, NULL },
	{ T_CHARS4, B("abcd"), "%s", "abcd", "abcd", "\"abcd\"" },
	{ T_CHARS4, B("ab\0d"), "%3s", " ab", "ab", "\"ab\"" },
	{ T_INTS2, B("\x01\0\0\0\xff\xff\xff\xff"), "%s", "[1,-1]", "[1,-1]", "[1,-1]" },
	{ T_TUPLE, B("\x01\0\0\0\0\0\0\0x"), "%s", "(1, x)", "(1, x)", "[1,\"x\"]" },
	{ T_NESTED, B("\xff\xff\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\0\0\0y"), "%s", "(-1, (2, y))",
	    "(-1, (2, y))", "[-1,[2,\"y\"]]" },
};

/* Records 0: printf of the row's conversion, 1: print() of the value. */
static void make_records(struct harness *h, size_t row)
{
	struct arena *a = h->runtime.arena;
	struct image_field *field = arena_one(a, struct image_field);
	struct image_action *actions = arena_many(a, struct image_action, 2);
	uint32_t size = 8 + harness_types[rows[row].type].size;

	*field = (struct image_field){ .type = rows[row].type, .offset = 8 };
	actions[0] = (struct image_action){ .builtin = STR("printf"),
		.format = str_of(rows[row].conversion),
		.map = IMAGE_NONE,
		.n_fields = 1,
		.fields = field };
	actions[1] = (struct image_action){
		.builtin = STR("print"), .map = IMAGE_NONE, .n_fields = 1, .fields = field
	};
	for (size_t i = 0; i < 2; i++)
		vec_push(a, &h->image.records,
		    ((struct image_record){ .size = size, .n_actions = 1, .actions = &actions[i] }));
}

static void feed(struct harness *h, uint32_t record, size_t row)
{
	uint32_t size = 8 + harness_types[rows[row].type].size;
	struct record_header header = { record, size };
	char bytes[600] = "";

	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + 8, rows[row].bytes, rows[row].n);
	event_handle(&h->runtime, bytes, size);
}

static void check_row(size_t row)
{
	struct harness h;
	struct str want;

	harness_begin(&h, OUTPUT_TEXT);
	make_records(&h, row);
	CHECK_INT(events_prepare(&h.runtime), 0);
	feed(&h, 0, row);
	CHECK_PRINTED(&h, rows[row].printed);
	if (rows[row].text) {
		want = str_format(h.runtime.arena, "%s\n", rows[row].text);
		feed(&h, 1, row);
		CHECK_PRINTED(&h, want.p);
	}
	CHECK_INT(h.runtime.bad_records, 0);
	harness_end(&h);
	if (!rows[row].json)
		return;
	harness_begin(&h, OUTPUT_JSON);
	make_records(&h, row);
	CHECK_INT(events_prepare(&h.runtime), 0);
	want = str_format(h.runtime.arena, "{\"type\": \"value\", \"data\": %s}\n", rows[row].json);
	feed(&h, 1, row);
	CHECK_PRINTED(&h, want.p);
	harness_end(&h);
}

int main(void)
{
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++)
		check_row(row);
	return test_end();
}
