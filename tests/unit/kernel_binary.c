#include "kernel/binary.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/test.h"

int traced_function(int n);
int traced_number = 5;

__attribute__((noinline)) int traced_function(int n)
{
	return n * traced_number;
}

static int count_named(void *context, const struct binary_symbol *symbol)
{
	*(unsigned *)context += strcmp(symbol->name, "traced_function") == 0;
	return 0;
}

static int stop_at_first(void *context, const struct binary_symbol *symbol)
{
	return 7;
}

static void check_symbols(void)
{
	struct binary_symbol symbol;
	struct binary *b;
	unsigned n = 0;
	int64_t offset;

	CHECK_INT(binary_open("/proc/self/exe", &b), 0);
	CHECK_INT(binary_each_function(b, count_named, &n), 0);
	CHECK_INT(n, 1);
	CHECK_INT(binary_each_function(b, stop_at_first, NULL), 7);
	CHECK_INT(binary_find(b, STR("traced_function"), &symbol), 0);
	CHECK(symbol.size > 0);
	offset = binary_offset(b, symbol.address);
	CHECK(offset > 0);
	CHECK_INT(binary_address(b, (uint64_t)offset), symbol.address);
	CHECK_INT(binary_offset(b, UINT64_MAX), -ENOENT);
	CHECK_INT(binary_find(b, STR("traced_number"), &symbol), 0);
	CHECK_INT(symbol.size, 4);
	CHECK_INT(binary_find(b, STR("traced_functio"), &symbol), -ENOENT);
	binary_close(b);
	CHECK_INT(binary_open("/etc/passwd", &b), -ENOEXEC);
	CHECK_INT(binary_open("/no/such/file", &b), -ENOENT);
}

/* What <sys/sdt.h> writes for arguments of all kinds. */
static void check_arguments(void)
{
	static const struct {
		const char *text;
		struct binary_argument want;
	} rows[] = {
		{ "-4@%eax", { { ARCH_REGISTER, .base = 10, .index = -1 }, 4, true } },
		{ "8@%r9", { { ARCH_REGISTER, .base = 8, .index = -1 }, 8, false } },
		{ "-4@$-5", { { ARCH_CONSTANT, -5, .base = -1, .index = -1 }, 4, true } },
		{ "1@%dil", { { ARCH_REGISTER, .base = 14, .index = -1 }, 1, false } },
		{ "8@-24(%rbp)", { { ARCH_MEMORY, -24, .base = 4, .index = -1 }, 8, false } },
		{ "-4@8(%rax,%rdx,4)", { { ARCH_MEMORY, 8, .base = 10, .index = 12, .scale = 4 }, 4, true } },
		{ "1@%ah", { { ARCH_REGISTER, .base = 10, .index = -1, .shift = 8 }, 1, false } },
		{ "2@(%rsp)", { { ARCH_MEMORY, 0, .base = 19, .index = -1 }, 2, false } },
	};
	struct str text = STR("-4@%eax 8@-24(%rbp)");
	struct binary_argument a;
	struct binary *b;

	CHECK_INT(binary_open("/proc/self/exe", &b), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str one = str_of(rows[i].text);

		CHECK_INT(binary_usdt_argument(b, arch_native(), 0, &one, &a), 1);
		CHECK_INT(a.at.place, rows[i].want.at.place);
		CHECK_INT(a.at.value, rows[i].want.at.value);
		CHECK_INT(a.at.base, rows[i].want.at.base);
		CHECK_INT(a.at.index, rows[i].want.at.index);
		CHECK_INT(a.size, rows[i].want.size);
		CHECK_INT(a.at.shift, rows[i].want.at.shift);
		CHECK_INT(a.is_signed, rows[i].want.is_signed);
		if (rows[i].want.at.scale)
			CHECK_INT(a.at.scale, rows[i].want.at.scale);
		CHECK_INT(one.n, 0);
	}
	CHECK_INT(binary_usdt_argument(b, arch_native(), 0, &text, &a), 1);
	CHECK_INT(binary_usdt_argument(b, arch_native(), 0, &text, &a), 1);
	CHECK_INT(a.at.place, ARCH_MEMORY);
	CHECK_INT(binary_usdt_argument(b, arch_native(), 0, &text, &a), 0);
	text = STR("4@%nosuch");
	CHECK_INT(binary_usdt_argument(b, arch_native(), 0, &text, &a), -EOPNOTSUPP);
	binary_close(b);
}

static int take_path(void *context, const char *path)
{
	char *first = context;

	if (!first[0])
		snprintf(first, PATH_MAX, "%s", path);
	return 0;
}

static void check_paths(void)
{
	char found[PATH_MAX] = "";

	CHECK_INT(binary_paths(0, STR("/bin/sh"), take_path, found), 0);
	CHECK_INT(strcmp(found, "/bin/sh"), 0);
	found[0] = '\0';
	CHECK_INT(binary_paths(0, STR("libc"), take_path, found), 0);
	CHECK(strstr(found, "/libc.so.6") != NULL);
	found[0] = '\0';
	CHECK_INT(binary_paths(0, STR("sh"), take_path, found), 0);
	CHECK(strlen(found) > 3 && strcmp(found + strlen(found) - 3, "/sh") == 0);
	found[0] = '\0';
	CHECK_INT(binary_paths(0, STR("/etc/host*name"), take_path, found), 0);
	CHECK_INT(strcmp(found, "/etc/hostname"), 0);
	CHECK_INT(binary_paths(0, STR("libnosuch"), take_path, found), -ENOENT);
	CHECK_INT(binary_paths(0, STR("/no/such"), take_path, found), -ENOENT);
}

/* Instructions of 1, 5 and 3 bytes: nop, mov $5,%eax, imul %eax,%eax. */
__asm__(".pushsection .text\n.globl measured_code\n.type measured_code, @function\nmeasured_code:\n"
	"nop\nmov $5, %eax\nimul %eax, %eax\nret\n.size measured_code, . - measured_code\n.popsection");
extern const char measured_code[];

static void check_instructions(void)
{
	static const bool begins[] = { true, true, false, false, false, false, true, false, false, true };
	struct binary_symbol symbol;
	struct binary *b;

	CHECK_INT(binary_open("/proc/self/exe", &b), 0);
	CHECK_INT(binary_find(b, STR("measured_code"), &symbol), 0);
	CHECK_INT(symbol.size, measured_code[0] == (char)0x90 ? 10 : 0);
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		CHECK_INT(
		    binary_is_instruction(b, arch_code(binary_machine(b)), symbol.address, i), begins[i]);
	CHECK_INT(binary_is_instruction(b, arch_code(binary_machine(b)), UINT64_MAX - 4096, 1), -ENOENT);
	binary_close(b);
}

int main(void)
{
	CHECK_INT(traced_function(2), 10);
	check_symbols();
	check_arguments();
	check_instructions();
	check_paths();
	return test_end();
}
