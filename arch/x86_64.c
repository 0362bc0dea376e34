/*
 * x86-64. Calls: "System V Application Binary Interface, AMD64 Architecture Processor Supplement", 3.2.3
 * Parameter Passing. Operands: those of the GNU assembler in its AT&T syntax.
 */
#include "arch/arch.h"

#include <capstone/capstone.h>
#include <elf.h>

enum register_id {
#define REGISTER(name, ...) REGISTER_##name,
#include "arch/x86_64.def"
#undef REGISTER
	REGISTERS_
};

static const struct arch_register registers[REGISTERS_] = {
#define REGISTER(name, ...) { #name, 8 * REGISTER_##name },
#include "arch/x86_64.def"
#undef REGISTER
};

static const uint8_t arguments[] = {
	REGISTER_di,
	REGISTER_si,
	REGISTER_dx,
	REGISTER_cx,
	REGISTER_r8,
	REGISTER_r9,
};

#define N_ARGUMENTS (sizeof(arguments) / sizeof(arguments[0]))

/* Each register's names by width. */
#define WIDTHS 5
static const char *const operand_names[REGISTERS_][WIDTHS] = {
#define REGISTER(name, ...) { __VA_ARGS__ },
#include "arch/x86_64.def"
#undef REGISTER
};

/* The fifth name is the second byte. */
#define SECOND_BYTE 4

static int find_register(struct str name, unsigned *shift)
{
	for (size_t i = 0; i < REGISTERS_; i++)
		for (int k = 0; k < WIDTHS; k++)
			if (operand_names[i][k] && str_is(name, operand_names[i][k])) {
				*shift = k == SECOND_BYTE ? 8 : 0;
				return (int)i;
			}
	return -1;
}

static bool take_register(struct cursor *c, int *number, unsigned *shift)
{
	if (!cursor_accept(c, '%'))
		return false;
	*number = find_register(cursor_name(c), shift);
	return *number >= 0;
}

/* "(base)", "(base,index)", "(base,index,scale)", "(,index,scale)" */
static bool take_address(struct cursor *c, struct arch_operand *o)
{
	int64_t scale = 1;

	o->place = ARCH_MEMORY;
	if (!cursor_accept(c, '('))
		return false;
	if (cursor_peek(c) == '%' && !take_register(c, &o->base, &o->shift))
		return false;
	if (cursor_accept(c, ',')) {
		if (!take_register(c, &o->index, &o->shift))
			return false;
		if (cursor_accept(c, ',') && !cursor_number(c, &scale))
			return false;
	}
	o->scale = (unsigned)scale;
	return cursor_accept(c, ')');
}

/* "symbol+16(%rip)": the assembler adds what makes it relative to the next instruction, and %rip is where the
 * probe is when it is hit. */
static bool take_symbol(struct cursor *c, struct arch_operand *o)
{
	int64_t more = 0;

	o->symbol = cursor_name(c);
	if (!o->symbol.n)
		return false;
	if ((cursor_accept(c, '+') || cursor_peek(c) == '-') && !cursor_number(c, &more))
		return false;
	o->value += more;
	return take_address(c, o) && o->base == REGISTER_ip;
}

static bool take_operand(struct cursor *c, struct arch_operand *o)
{
	if (cursor_accept(c, '$')) {
		o->place = ARCH_CONSTANT;
		return cursor_number(c, &o->value);
	}
	if (cursor_peek(c) == '%') {
		o->place = ARCH_REGISTER;
		return take_register(c, &o->base, &o->shift);
	}
	if (cursor_peek(c) == '-' || cursor_is_at_digit(c)) {
		if (!cursor_number(c, &o->value))
			return false;
		/* "16+symbol(%rip)" */
		return cursor_accept(c, '+') ? take_symbol(c, o) : take_address(c, o);
	}
	return cursor_peek(c) == '(' ? take_address(c, o) : take_symbol(c, o);
}

#define WORD 8
/* A record above this goes by the stack. */
#define IN_REGISTERS (2 * WORD)
#define N_FLOATS 8 /* xmm0 to xmm7 */

static unsigned on_stack(struct arch_places *p, uint64_t size, uint64_t align)
{
	unsigned slot, step = align > WORD ? (unsigned)(align / WORD) : 1;

	slot = (p->slots + step - 1) / step * step;
	p->slots = slot + (unsigned)((size + WORD - 1) / WORD);
	return slot;
}

static unsigned place_word(struct arch_places *p)
{
	return p->registers < N_ARGUMENTS ? p->registers++ : (unsigned)N_ARGUMENTS + on_stack(p, WORD, WORD);
}

static bool is_for_memory(const struct arch_type *type)
{
	return type->is_extended || type->is_misaligned ||
	       (type->size > IN_REGISTERS && !(type->is_wide && type->floats == 1 && !type->general));
}

/* What is not one word of numbers can't be shown as one value: it only takes its places. */
static void place_words(struct arch_places *p, const struct arch_type *type)
{
	unsigned numbers = (unsigned)__builtin_popcount(type->general);
	unsigned floats = (unsigned)__builtin_popcount(type->floats & ~type->general);

	if (is_for_memory(type) || p->registers + numbers > N_ARGUMENTS || p->floats + floats > N_FLOATS) {
		on_stack(p, type->size, type->align);
		return;
	}
	p->registers += numbers;
	p->floats += floats;
}

/* The caller says in the first register where a large result is to be. */
static void place_result(struct arch_places *p, const struct arch_type *result)
{
	if (result->by_reference ||
	    (result->is_record && (result->size > IN_REGISTERS || result->is_misaligned)))
		p->registers = 1;
}

static unsigned place_parameter(struct arch_places *p, const struct arch_type *type)
{
	if (type->by_reference) {
		place_word(p);
		return ARCH_NOWHERE;
	}
	if (!type->is_record && type->size <= WORD && !type->floats)
		return place_word(p);
	place_words(p, type);
	return ARCH_NOWHERE;
}

static const struct arch_code code[] = {
	{ .machine = EM_X86_64, .longest = 15, .capstone = CS_ARCH_X86, .mode = CS_MODE_64 },
	{ .machine = EM_386, .longest = 15, .capstone = CS_ARCH_X86, .mode = CS_MODE_32 },
};

const struct arch arch_x86_64 = {
	.name = "x86_64",
	.machine = EM_X86_64,
	.registers = registers,
	.n_registers = REGISTERS_,
	.register_names = "they are r8 to r15, ax bx cx dx si di bp sp ip cs ss flags orig_ax",
	.arguments = arguments,
	.n_arguments = N_ARGUMENTS,
	.result = REGISTER_ax,
	.stack_pointer = REGISTER_sp,
	.program_counter = REGISTER_ip,
	.frame_pointer = REGISTER_bp,
	.first_on_stack = WORD, /* behind the return address */
	.take_operand = take_operand,
	.place_result = place_result,
	.place_parameter = place_parameter,
	.code = code,
	.n_code = sizeof(code) / sizeof(code[0]),
	.has_trampolines = true,
};
