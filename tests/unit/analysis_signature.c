/* Every row of language/builtins.def has a signature that parses, and a result whose type is known. */
#include "analysis/compilation.h"
#include "tests/unit/test.h"

static void rows(struct arena *a)
{
	struct types *types = types_new(a, NULL);

	for (unsigned i = 0; i < BUILTIN_N_; i++) {
		const struct builtin *row = builtin_row((enum builtin_id)i);
		struct signature s;
		const char *wrong = signature_parse(row->signature, &s);
		bool known = signature_by_rule(s.result) || signature_result(types, s.result) != NULL;

		TEST_RESULT_(!wrong, "%s: %s has %s", row->name, row->signature, wrong);
		TEST_RESULT_(known, "%s: %s has an unknown result", row->name, row->signature);
		TEST_RESULT_(!(row->forms & BUILTIN_IS_VAR) || !s.n_required,
		    "%s is a variable that needs arguments", row->name);
		TEST_RESULT_(
		    row->forms & (BUILTIN_IS_VAR | BUILTIN_IS_CALL), "%s can't be used at all", row->name);
		TEST_RESULT_(row->rule, "%s has no type rule", row->name);
	}
}

static void parts(void)
{
	struct signature s;

	CHECK(!signature_parse("void(format, ...)", &s));
	CHECK_STR(s.result, "void");
	CHECK(s.variadic);
	CHECK_INT(s.n_required, 1);
	CHECK(!signature_parse("string(address, [uint64])", &s));
	CHECK_INT(s.n_params, 2);
	CHECK_INT(s.n_required, 1);
	CHECK_INT(s.params[0], PARAM_ADDRESS);
	CHECK_INT(s.params[1], PARAM_INT);
	CHECK(!signature_parse("uint64()", &s));
	CHECK_INT(s.n_params, 0);
}

static void wrong_ones(void)
{
	static const char *const texts[] = { "", "(int)", "void", "void(int", "void(nonsense)",
		"void([int], int)", "void(..., int)", "void(int,int,int,int,int,int,int,int,int)" };
	struct signature s;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		TEST_RESULT_(signature_parse(texts[i], &s), "\"%s\" is taken for a signature", texts[i]);
}

int main(void)
{
	struct arena *a = arena_new();

	rows(a);
	parts();
	wrong_ones();
	arena_free(a);
	return test_end();
}
