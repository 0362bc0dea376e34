#include "base/commandline.h"
#include "tests/unit/test.h"

static struct arena *arena;

static struct str split(struct commandline *line, const char *const *words)
{
	struct str list[8];
	size_t n = 0;

	for (; words[n]; n++)
		list[n] = str_of(words[n]);
	return commandline_split(arena, list, n, line);
}

#define SPLIT(line, ...) split(line, (const char *const[]){ __VA_ARGS__, NULL })

static struct commandline with_names(void)
{
	struct commandline line = { 0 };

	vec_push(arena, &line.named, ((struct named_parameter){ .name = STR("n") }));
	vec_push(arena, &line.named, ((struct named_parameter){ .name = STR("fast"), .is_switch = true }));
	return line;
}

static void words(void)
{
	struct commandline line = { 0 };

	CHECK_INT(SPLIT(&line, "a", "--b", "-3").n, 0);
	CHECK_INT(line.positional.n, 3);
	CHECK_STR(line.positional.v[1], "--b");

	line = with_names();
	CHECK_INT(SPLIT(&line, "a", "--n", "--5", "--fast", "-3", "--").n, 0);
	CHECK_INT(line.positional.n, 3);
	CHECK_STR(line.positional.v[1], "-3");
	CHECK_STR(line.positional.v[2], "--");
	CHECK_STR(line.named.v[0].value, "--5");
	CHECK_STR(line.named.v[1].value, "true");

	line = with_names();
	CHECK_INT(SPLIT(&line, "--fast=0", "--n=1", "--n=a=b").n, 0);
	CHECK_STR(line.named.v[0].value, "a=b");
	CHECK_STR(line.named.v[1].value, "0");

	line = with_names();
	CHECK_INT(SPLIT(&line, "--n=").n, 0);
	CHECK(line.named.v[0].given && !line.named.v[0].value.n);

	line = with_names();
	CHECK_STR(SPLIT(&line, "--n"), "--n needs a value");
	CHECK_STR(SPLIT(&line, "x", "--nn=3"), "--nn is no parameter of this script; it has --n, --fast");
}

static void values(void)
{
	uint64_t value;

	CHECK(commandline_value(PARAMETER_NUMBER, STR("-7"), &value) && value == (uint64_t)-7);
	CHECK(commandline_value(PARAMETER_NUMBER, STR("0x10"), &value) && value == 16);
	CHECK(
	    commandline_value(PARAMETER_NUMBER, STR("18446744073709551615"), &value) && value == UINT64_MAX);
	CHECK(!commandline_value(PARAMETER_NUMBER, STR("18446744073709551616"), &value));
	CHECK(!commandline_value(PARAMETER_NUMBER, STR(""), &value));
	CHECK(!commandline_value(PARAMETER_NUMBER, STR(" 7"), &value));
	CHECK(!commandline_value(PARAMETER_NUMBER, STR("7x"), &value));
	CHECK(commandline_value(PARAMETER_BOOL, STR("1"), &value) && value == 1);
	CHECK(commandline_value(PARAMETER_BOOL, STR("false"), &value) && value == 0);
	CHECK(!commandline_value(PARAMETER_BOOL, STR("2"), &value));
}

static void places(void)
{
	struct str before, after;
	unsigned number;

	CHECK(commandline_find(STR("a$b$12:x$3"), &before, &number, &after));
	CHECK_INT(number, 12);
	CHECK_STR(before, "a$b");
	CHECK_STR(after, ":x$3");
	CHECK(!commandline_find(STR("a$b$0$"), &before, &number, &after));
	CHECK(commandline_find(STR("$99999999999999999999"), &before, &number, &after));
	CHECK(number > 9999);
	CHECK(!commandline_find(STR("_$LT$a..B$u20$as$u20$c..D$GT$5speak17h0E"), &before, &number, &after));
	CHECK(commandline_find(STR("$GT$5$6"), &before, &number, &after));
	CHECK_INT(number, 6);
	CHECK_STR(before, "$GT$5");
	CHECK(commandline_find(STR("$XT$5"), &before, &number, &after));
	CHECK_INT(number, 5);
}

int main(void)
{
	arena = arena_new();
	words();
	values();
	places();
	arena_free(arena);
	return test_end();
}
