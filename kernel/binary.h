/*
 * Facts of programs and libraries: where their functions and their static probes (usdt) are.
 *
 * Ownership: a struct binary is freed with binary_close(); names that a callback is given live until then.
 * Errors: negative errno; -ENOEXEC when a file is no ELF object, -ENOENT when there is no such file or
 * symbol. Addresses are those of the file (before it is loaded somewhere), offsets are the file's: what
 * perf_event_open() wants for a uprobe.
 */
#ifndef BTRUN_KERNEL_BINARY_H
#define BTRUN_KERNEL_BINARY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "arch/arch.h"
#include "base/arena.h"
#include "base/str.h"

struct binary;

int binary_open(const char *path, struct binary **binary);
void binary_close(struct binary *b);

struct binary_symbol {
	const char *name;
	uint64_t address, size;
};

/* A callback ends the search by something else than 0, which is then returned. */
typedef int binary_found(void *context, const struct binary_symbol *symbol);
/* Passes every function of .symtab and .dynsym, of a separate debug file too when the file is stripped. */
int binary_each_function(struct binary *b, binary_found *found, void *context);
/* Finds a function or variable by name. 0 or -ENOENT. */
int binary_find(struct binary *b, struct str name, struct binary_symbol *symbol);
/* Is a function or variable of that name wanted of a library? */
bool binary_imports(struct binary *b, struct str name);
/* Returns the file offset of an address, or -ENOENT. */
int64_t binary_offset(const struct binary *b, uint64_t address);
/* Returns the address that a file offset is loaded at, or -ENOENT. */
int64_t binary_address(const struct binary *b, uint64_t offset);
/* Returns the machine that it is for, as e_machine of <elf.h> says it: arch/arch.h knows which that is. */
unsigned binary_machine(const struct binary *b);
/* Was it made by Go? Its build id is a note of Go's own. */
bool binary_is_go(struct binary *b);
/* Reads up to size bytes of what is loaded at an address. Returns how many, or negative errno. */
int64_t binary_read(const struct binary *b, uint64_t address, void *bytes, size_t size);
/* Does an instruction begin offset bytes behind the first one of a function? 1 or 0; -EOPNOTSUPP: nobody can
 * say, for want of a disassembler or of the machine's row (code is NULL); -EILSEQ: not everything before it
 * is instructions. */
int binary_is_instruction(struct binary *b, const struct arch_code *code, uint64_t function, uint64_t offset);

/* A probe is a note of .note.stapsdt, as <sys/sdt.h> of systemtap writes it. */
struct binary_usdt {
	const char *provider, *name;
	const char *arguments; /* "-4@%eax 8@-24(%rbp)" */
	uint64_t offset;       /* where the probe is, in the file */
	uint64_t semaphore;    /* offset of its counter in the file; 0: it has none */
};

typedef int binary_usdt_found(void *context, const struct binary_usdt *probe);
int binary_each_usdt(struct binary *b, binary_usdt_found *found, void *context);

/* An argument is what one word of binary_usdt.arguments says. */
struct binary_argument {
	struct arch_operand at;
	unsigned size; /* bytes: 1, 2, 4, 8 */
	bool is_signed;
};

/* Takes the first word off *text, of the probe at an address. 1: there was one, 0: no more, -EOPNOTSUPP: it
 * can't be understood. */
int binary_usdt_argument(struct binary *b, const struct arch *arch, uint64_t probe, struct str *text,
    struct binary_argument *argument);

/*
 * Passes the files that a probe's binary names: an absolute path, a path from pid's root folder, a pattern, a
 * program that is found in PATH, or a library by its short name (libc, c, libc.so.6) as the loader would find
 * it. pid: 0 for none. found() is given each path once. 0, -ENOENT, or what found() gave.
 */
typedef int binary_path_found(void *context, const char *path);
int binary_paths(pid_t pid, struct str name, binary_path_found *found, void *context);

#endif
