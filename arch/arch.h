/*
 * What btrun knows of an architecture: one struct arch, in a file of its own (x86_64.c). Nobody else compares
 * with one, or names a register: who traces asks the row that it was given.
 *
 * A new architecture is its file, its row in arches.def, and the line of arch_native() that says by which
 * macro its compilers are known. Words of all of them have 8 bytes and are little-endian: the image's format
 * (image/codec.h) and what BPF reads off a context take that for granted.
 *
 * Not here is what the headers of the machine that btrun is built on say, since only a compiler for that
 * machine has them: the table of constants (lexer/constants.sh), the numbers of system calls
 * (sandbox/calls.def, by way of libseccomp). Sizes and alignments of C's types (analysis/define.c) are those
 * of every 64-bit ABI of Linux.
 */
#ifndef BTRUN_ARCH_ARCH_H
#define BTRUN_ARCH_ARCH_H

#include "base/cursor.h"
#include "base/str.h"

struct arch_register {
	const char *name; /* what reg() calls it */
	uint16_t offset;  /* bytes, in struct pt_regs: the context of kprobes, uprobes and perf events */
};

/* A usdt probe's argument is the value, in the register base, or in memory at base + index * scale + value.
 */
enum arch_place { ARCH_CONSTANT, ARCH_REGISTER, ARCH_MEMORY };

/* An operand is what the assembler has for an argument. Registers are numbers of arch.registers, -1: none. */
struct arch_operand {
	enum arch_place place;
	int64_t value;
	int base, index;
	unsigned scale;
	unsigned shift; /* bits of the register that come before the value */
	struct str
	    symbol; /* what base, the program counter, lacks to its address is to be added to the value */
};

/* This is what a calling convention asks of a type. */
struct arch_type {
	uint64_t size;      /* bytes; 0: void */
	bool is_record;     /* struct, union, class */
	bool is_float;      /* of one number, real or complex */
	bool by_reference;  /* C++: it has a constructor or destructor of its own, so its address is handed
			       over */
	bool is_extended;   /* a long double, or it holds one */
	bool is_misaligned; /* a member lies where its type may not */
	bool is_wide;       /* a vector of more than two words, or it holds one */
	uint64_t align;     /* bytes; of what it is made of */
	/* A bit for each of its first 32 words: something else than a float lies there; a float does, or a
	 * vector begins. */
	uint32_t general, floats;
};

/* How much of a function's entry is taken by the parameters so far. */
struct arch_places {
	unsigned registers; /* of arch.arguments */
	unsigned floats;    /* of the registers for floats */
	unsigned slots;     /* words on the stack */
};

/* The parameter has no one place: it is in registers for floats, or in several places. */
#define ARCH_NOWHERE 255

/* How the instructions of one kind of program are told from each other. */
struct arch_code {
	uint16_t machine;   /* e_machine of such a program: EM_X86_64 ... of <elf.h> */
	uint8_t size;       /* bytes, if all have the same; else 0, and capstone knows */
	uint8_t longest;    /* bytes */
	int capstone, mode; /* cs_arch, cs_mode */
};

struct arch {
	const char *name; /* as uname -m; an image has it of the machine that it is for */
	uint16_t machine; /* e_machine of the programs whose calls go as is said here */

	const struct arch_register *registers;
	unsigned n_registers;
	const char *register_names; /* "they are ...": the hint of reg() */

	/* What is where at a function's entry and behind its return, as numbers of registers. */
	const uint8_t *arguments;
	unsigned n_arguments;
	unsigned result;
	unsigned stack_pointer, frame_pointer;
	unsigned program_counter; /* at an entry: of the function */
	uint8_t
	    first_on_stack; /* bytes from the stack pointer to the first argument that no register holds */

	/* Takes an operand as <sys/sdt.h> has the assembler write it. False: it can't be understood. */
	bool (*take_operand)(struct cursor *text, struct arch_operand *operand);

	/* What the function's result takes before its parameters do. */
	void (*place_result)(struct arch_places *places, const struct arch_type *result);
	/* Where the next parameter is: a number of arguments[], n_arguments and on for the slots on the
	 * stack, or ARCH_NOWHERE. */
	unsigned (*place_parameter)(struct arch_places *places, const struct arch_type *parameter);

	const struct arch_code *code; /* of its programs, those of 32 bits too that its kernel runs */
	unsigned n_code;

	bool has_trampolines; /* fentry: they came early, and are for every function */
};

/* The rows. */
#define ARCH(name) extern const struct arch arch_##name;
#include "arch/arches.def"
#undef ARCH

/* Returns the row of the machine that this program was built for. */
const struct arch *arch_native(void);
/* These return NULL when btrun has no such row; machine is a program's e_machine. */
const struct arch *arch_by_name(struct str name);
const struct arch *arch_by_machine(unsigned machine);
/* Looks in all rows. NULL: nobody knows the instructions of such a program. */
const struct arch_code *arch_code(unsigned machine);

#endif
