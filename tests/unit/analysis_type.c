/* The table of types: identity, sizes, texts, what two integers become. */
#include "analysis/type.h"
#include "tests/unit/test.h"

static void identity(struct types *t)
{
	const struct type *items[] = { type_int(t, 8, true), type_string(t, 16) };

	CHECK(type_int(t, 4, true) == type_int(t, 4, true));
	CHECK(type_int(t, 4, true) != type_int(t, 4, false));
	CHECK(type_string(t, 16) == type_string(t, 16));
	CHECK(type_string(t, 16) != type_string(t, 17));
	CHECK(type_tuple(t, items, 2) == type_tuple(t, items, 2));
	CHECK(type_tuple(t, items, 2) != type_tuple(t, items, 1));
	CHECK(type_ptr(t, items[0], SPACE_USER) != type_ptr(t, items[0], SPACE_KERNEL));
	CHECK(type_hist(t, 0) != type_hist(t, 2));
	CHECK(type_by_word(t, STR("char")) != type_int(t, 1, true));
}

static void texts(struct arena *a, struct types *t)
{
	const struct type *items[] = { type_int(t, 8, true), type_string(t, 16) };
	static const char *const words[][2] = { { "int", "int32" }, { "unsigned int", "uint32" },
		{ "uint8", "uint8" }, { "long", "int64" }, { "u64", "uint64" }, { "char", "char" },
		{ "bool", "bool" }, { "void", "void" } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct str text = type_text(a, type_by_word(t, str_of(words[i][0])));

		CHECK_STR(text, words[i][1]);
	}
	CHECK(!type_by_word(t, STR("nonsense_t")));
	CHECK_STR(type_text(a, type_tuple(t, items, 2)), "(int64, string[16])");
	CHECK_STR(type_text(a, type_array(t, type_int(t, 2, false), 4)), "uint16[4]");
	CHECK_STR(
	    type_text(a, type_ptr(t, type_ptr(t, type_void(t), SPACE_KERNEL), SPACE_KERNEL)), "void **");
}

static void tuples(struct types *t)
{
	const struct type *items[] = { type_int(t, 1, false), type_int(t, 4, true), type_string(t, 3),
		type_simple(t, FORM_INET) };
	const struct type *tuple = type_tuple(t, items, 4);

	CHECK_INT(tuple->offsets[0], 0);
	CHECK_INT(tuple->offsets[1], 4);
	CHECK_INT(tuple->offsets[2], 8);
	CHECK_INT(tuple->offsets[3], 16);
	CHECK_INT(tuple->size, 40);
}

static void common(struct types *t)
{
	static const struct {
		uint32_t a, b;
		bool a_signed, b_signed, is_signed;
	} rows[] = {
		{ 4, 8, true, true, true },
		{ 4, 8, false, true, true },
		{ 4, 4, false, false, true },
		{ 8, 8, false, true, false },
		{ 1, 8, true, false, false },
		{ 8, 8, false, false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK(type_common(t, type_int(t, rows[i].a, rows[i].a_signed),
			  type_int(t, rows[i].b, rows[i].b_signed)) == type_int(t, 8, rows[i].is_signed));
}

static void text_types(struct types *t)
{
	const struct type *chars = type_array(t, type_by_word(t, STR("char")), 16);

	CHECK(type_is_text(chars));
	CHECK(type_is_text(type_string(t, 5)));
	CHECK(!type_is_text(type_array(t, type_int(t, 1, true), 16)));
	CHECK(type_string_for(t, chars) == type_string(t, 17));
	CHECK(type_string_for(t, type_string(t, 5)) == type_string(t, 5));
}

int main(void)
{
	struct arena *a = arena_new();
	struct types *t = types_new(a, NULL);

	identity(t);
	texts(a, t);
	tuples(t);
	common(t);
	text_types(t);
	arena_free(a);
	return test_end();
}
