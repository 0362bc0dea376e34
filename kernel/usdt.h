/*
 * USDT probes: the places that a program was given with <sys/sdt.h>, as its
 * .note.stapsdt section lists them (SystemTap's sdt version 3 notes), and where the
 * arguments are at each place.
 *
 * Ownership: texts live as long as the elf_file. Errors: negative errno.
 */
#ifndef BTRUN_KERNEL_USDT_H
#define BTRUN_KERNEL_USDT_H

#include "kernel/elf.h"

struct usdt_note {
	struct str provider, name;
	struct str arguments; /* as written: "-4@%eax 8@-24(%rbp)" */
	uint64_t address;     /* of the instruction; moved with .stapsdt.base if the file was prelinked */
	uint64_t offset;      /* the same in the file: where a uprobe goes */
	uint64_t semaphore;   /* address of the counter of those who watch; 0: the probe has none */
	uint64_t semaphore_offset; /* the same in the file: the uprobe's reference counter */
};

/*
 * Every note in the section's order; a name can stand at many places. found()
 * returns nonzero to stop. Damaged notes end the list. 0, -EBADMSG for those, or what elf_section() may say;
 * -ENOENT when the file has no probes.
 */
typedef int usdt_found(void *context, const struct usdt_note *note);
int usdt_each(struct elf_file *e, usdt_found *found, void *context);

enum usdt_form {
	USDT_FORM_CONSTANT, /* value */
	USDT_FORM_REGISTER, /* base */
	USDT_FORM_MEMORY,   /* user memory at base + index * scale + value */
};

#define USDT_NO_REGISTER (-1)

/*
 * Where an argument is. Registers are byte offsets in the kernel's struct pt_regs of the machine; only their
 * low size bytes are the value. An address relative to the program counter has that as its base, and a value
 * that counts from the probe's own address.
 */
struct usdt_operand {
	enum usdt_form form;
	int64_t value;
	int base, index; /* USDT_NO_REGISTER: none */
	unsigned scale;  /* 1, 2, 4, 8; 0 without index */
	unsigned size;   /* bytes: 1, 2, 4, 8 */
	bool is_signed;
};

/* How many arguments the note has. */
unsigned usdt_count(const struct usdt_note *note);
/*
 * The argument with this number, from 0. 0; -ENOENT: it has not that many, or it names a symbol that the file
 * lacks; -EOPNOTSUPP: a form that we don't know (a floating-point register, another machine).
 */
int usdt_operand(
    struct elf_file *e, const struct usdt_note *note, unsigned number, struct usdt_operand *operand);

#endif
