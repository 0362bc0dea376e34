#include "base/format.h"
#include "tests/unit/test.h"

static struct arena *arena;

static void conversions(void)
{
	static const struct {
		const char *text;
		enum format_wants wants;
		unsigned flags;
		int width, precision;
		uint8_t int_bytes;
	} rows[] = {
		{ "%d", FORMAT_SIGNED, 0, 0, -1, 0 },
		{ "%-5ld", FORMAT_SIGNED, FORMAT_MINUS, 5, -1, 8 },
		{ "%+ 0#12.3hhx", FORMAT_UNSIGNED, FORMAT_PLUS | FORMAT_SPACE | FORMAT_ZERO | FORMAT_HASH, 12,
		    3, 1 },
		{ "%hi", FORMAT_SIGNED, 0, 0, -1, 2 },
		{ "%llu", FORMAT_UNSIGNED, 0, 0, -1, 8 },
		{ "%zX", FORMAT_UNSIGNED, 0, 0, -1, 8 },
		{ "%jo", FORMAT_UNSIGNED, 0, 0, -1, 8 },
		{ "%-10.10s", FORMAT_STRING, FORMAT_MINUS, 10, 10, 0 },
		{ "%.s", FORMAT_STRING, 0, 0, 0, 0 },
		{ "%16p", FORMAT_POINTER, 0, 16, -1, 0 },
		{ "%c", FORMAT_CHAR, 0, 0, -1, 0 },
	};
	struct format f;
	struct format_error error;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_INT(format_parse(arena, str_of(rows[i].text), &f, &error), 0);
		CHECK_INT(f.pieces.n, 1);
		CHECK_STR(f.pieces.v[0].text, rows[i].text);
		CHECK_INT(f.pieces.v[0].wants, rows[i].wants);
		CHECK_INT(f.pieces.v[0].flags, rows[i].flags);
		CHECK_INT(f.pieces.v[0].width, rows[i].width);
		CHECK_INT(f.pieces.v[0].precision, rows[i].precision);
		CHECK_INT(f.pieces.v[0].int_bytes, rows[i].int_bytes);
	}
}

static void pieces(void)
{
	struct format f;
	struct format_error error;

	CHECK_INT(format_parse(arena, STR("a %d%%%s\n"), &f, &error), 0);
	CHECK_INT(f.pieces.n, 5);
	CHECK_INT(f.n_conversions, 2);
	CHECK_STR(f.pieces.v[0].text, "a ");
	CHECK_STR(f.pieces.v[1].text, "%d");
	CHECK_STR(f.pieces.v[2].text, "%");
	CHECK_INT(f.pieces.v[2].wants, FORMAT_LITERAL);
	CHECK_INT(f.pieces.v[3].offset, 6);
	CHECK_STR(f.pieces.v[4].text, "\n");
	CHECK_INT(format_conversion(&f, 1)->conversion, 's');
	CHECK(format_conversion(&f, 2) == NULL);
	CHECK_INT(format_parse(arena, STR(""), &f, &error), 0);
	CHECK_INT(f.pieces.n, 0);
}

static void refusals(void)
{
	static const struct {
		const char *text, *why;
		uint32_t begin, end;
	} rows[] = {
		{ "ab %y", "unknown conversion %y", 3, 5 },
		{ "100%", "a conversion that the format's end cuts off", 3, 4 },
		{ "%-5l", "a conversion that the format's end cuts off", 0, 4 },
		{ "%*d", "the width of a conversion given by *", 1, 2 },
		{ "%.*s", "the precision of a conversion given by *", 2, 3 },
		{ "%99999d", "the width above 4096", 1, 6 },
		{ "%ls", "a length modifier before the conversion s", 0, 3 },
		{ "%f", "unknown conversion %f", 0, 2 },
	};
	struct format f;
	struct format_error error;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK(format_parse(arena, str_of(rows[i].text), &f, &error) < 0);
		CHECK_STR(error.why, rows[i].why);
		CHECK_INT(error.begin, rows[i].begin);
		CHECK_INT(error.end, rows[i].end);
	}
}

int main(void)
{
	arena = arena_new();
	conversions();
	pieces();
	refusals();
	arena_free(arena);
	return test_end();
}
