/* Programs of another architecture: operands of its usdt probes, beginnings of its instructions. */
#include <errno.h>

#include "kernel/binary.h"
#include "tests/unit/arch_imaginary.h"
#include "tests/unit/test.h"

static void check_rows(void)
{
	CHECK(arch_native() == arch_by_name(str_of(arch_native()->name)));
	CHECK(arch_native() == arch_by_machine(arch_native()->machine));
	CHECK(arch_code(arch_native()->machine) == &arch_native()->code[0]);
	CHECK(!arch_by_name(STR("imaginary")));
	CHECK(!arch_by_machine(IMAGINARY_MACHINE));
	CHECK(!arch_code(IMAGINARY_MACHINE));
}

static void check_registers(void)
{
	const struct arch *arch = arch_native();

	CHECK(arch->n_registers > arch->n_arguments && arch->result < arch->n_registers);
	CHECK(arch->stack_pointer < arch->n_registers);
	CHECK(arch->program_counter < arch->n_registers);
	for (unsigned i = 0; i < arch->n_arguments; i++)
		CHECK(arch->arguments[i] < arch->n_registers);
	for (unsigned i = 0; i < arch->n_registers; i++)
		for (unsigned k = 0; k < i; k++)
			CHECK(arch->registers[i].offset != arch->registers[k].offset &&
			      strcmp(arch->registers[i].name, arch->registers[k].name) != 0);
}

static void check_operands(struct binary *b)
{
	static const struct binary_argument rows[] = {
		{ { ARCH_REGISTER, .base = A1, .index = -1, .scale = 1 }, 4, true },
		{ { ARCH_MEMORY, 16, .base = FRAME, .index = -1, .scale = 1 }, 8, false },
		{ { ARCH_CONSTANT, -7, .base = -1, .index = -1, .scale = 1 }, 8, true },
		{ { ARCH_MEMORY, 0, .base = A0, .index = -1, .scale = 1 }, 1, false },
	};
	struct str text = STR("-4@a1 8@[frame, 16] -8@#-7 1@[a0]");
	struct binary_argument a;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_INT(binary_usdt_argument(b, &arch_imaginary, 0, &text, &a), 1);
		CHECK_INT(a.at.place, rows[i].at.place);
		CHECK_INT(a.at.value, rows[i].at.value);
		CHECK_INT(a.at.base, rows[i].at.base);
		CHECK_INT(a.size, rows[i].size);
		CHECK_INT(a.is_signed, rows[i].is_signed);
	}
	CHECK_INT(binary_usdt_argument(b, &arch_imaginary, 0, &text, &a), 0);
	/* Operands of x86-64 are none here, and the one behind is found; nor are these there. */
	text = STR("-4@%eax 8@[frame, x] 8@a7");
	CHECK_INT(binary_usdt_argument(b, &arch_imaginary, 0, &text, &a), -EOPNOTSUPP);
	CHECK_INT(binary_usdt_argument(b, &arch_imaginary, 0, &text, &a), -EOPNOTSUPP);
	CHECK_INT(binary_usdt_argument(b, &arch_imaginary, 0, &text, &a), 1);
	CHECK_INT(a.at.base, A7);
	text = STR("8@a7");
	CHECK_INT(binary_usdt_argument(b, arch_by_name(STR("x86_64")), 0, &text, &a), -EOPNOTSUPP);
}

static void check_instructions(struct binary *b)
{
	for (unsigned i = 0; i < 9; i++)
		CHECK_INT(binary_is_instruction(b, &imaginary_code, 0, i), i % 4 == 0);
	CHECK_INT(binary_is_instruction(b, NULL, 0, 4), -EOPNOTSUPP);
}

int main(void)
{
	struct binary *b;

	CHECK_INT(binary_open("/proc/self/exe", &b), 0);
	check_rows();
	check_registers();
	check_operands(b);
	check_instructions(b);
	binary_close(b);
	return test_end();
}
