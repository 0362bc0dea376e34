/*
 * An architecture that nobody builds, for tests that no other than x86-64 is meant where an architecture is
 * asked: eight argument registers, which lie behind others and in reverse; no return address on the stack;
 * operands in brackets; large records handed over by their address.
 */
#ifndef BTRUN_TESTS_UNIT_ARCH_IMAGINARY_H
#define BTRUN_TESTS_UNIT_ARCH_IMAGINARY_H

#include "arch/arch.h"

enum { V0, A7, A6, A5, A4, A3, A2, A1, A0, FRAME, IMAGINARY_REGISTERS };

#define IMAGINARY_MACHINE 0xfff0
#define IMAGINARY_OFFSET(number) (400 + 16 * (number))

static const struct arch_register imaginary_registers[] = {
	{ "v0", IMAGINARY_OFFSET(V0) },
	{ "a7", IMAGINARY_OFFSET(A7) },
	{ "a6", IMAGINARY_OFFSET(A6) },
	{ "a5", IMAGINARY_OFFSET(A5) },
	{ "a4", IMAGINARY_OFFSET(A4) },
	{ "a3", IMAGINARY_OFFSET(A3) },
	{ "a2", IMAGINARY_OFFSET(A2) },
	{ "a1", IMAGINARY_OFFSET(A1) },
	{ "a0", IMAGINARY_OFFSET(A0) },
	{ "frame", IMAGINARY_OFFSET(FRAME) },
};

static inline bool imaginary_register(struct cursor *c, int *number)
{
	struct str name = cursor_name(c);

	for (*number = 0; *number < IMAGINARY_REGISTERS; ++*number)
		if (str_is(name, imaginary_registers[*number].name))
			return true;
	return false;
}

/* "a0", "#5", "[frame]", "[frame, 16]" */
static inline bool imaginary_operand(struct cursor *c, struct arch_operand *o)
{
	o->place = cursor_accept(c, '#')   ? ARCH_CONSTANT
		   : cursor_accept(c, '[') ? ARCH_MEMORY
					   : ARCH_REGISTER;
	if (o->place == ARCH_CONSTANT)
		return cursor_number(c, &o->value);
	if (!imaginary_register(c, &o->base))
		return false;
	if (o->place == ARCH_REGISTER)
		return true;
	if (cursor_accept(c, ',') && !(cursor_accept(c, ' ') && cursor_number(c, &o->value)))
		return false;
	return cursor_accept(c, ']');
}

static inline void imaginary_result(struct arch_places *p, const struct arch_type *result)
{
}

static inline unsigned imaginary_parameter(struct arch_places *p, const struct arch_type *type)
{
	bool by_address = type->by_reference || type->size > 16;
	unsigned words = type->is_float ? 0 : by_address ? 1 : (unsigned)(type->size + 7) / 8, first;

	if (p->registers + words > 8) {
		first = p->slots;
		p->slots += words;
		return type->is_record ? ARCH_NOWHERE : 8 + first;
	}
	first = p->registers;
	p->registers += words;
	return type->is_record || type->is_float ? ARCH_NOWHERE : first;
}

static const uint8_t imaginary_arguments[] = { A0, A1, A2, A3, A4, A5, A6, A7 };
static const struct arch_code imaginary_code = { .machine = IMAGINARY_MACHINE, .size = 4, .longest = 4 };

static const struct arch arch_imaginary = {
	.name = "imaginary",
	.machine = IMAGINARY_MACHINE,
	.registers = imaginary_registers,
	.n_registers = IMAGINARY_REGISTERS,
	.register_names = "they are a0 to a7, v0 and frame",
	.arguments = imaginary_arguments,
	.n_arguments = 8,
	.result = V0,
	.stack_pointer = FRAME,
	.program_counter = FRAME,
	.first_on_stack = 0,
	.take_operand = imaginary_operand,
	.place_result = imaginary_result,
	.place_parameter = imaginary_parameter,
	.code = &imaginary_code,
	.n_code = 1,
};

#endif
