/*
 * Programs and libraries: their symbols, and where an address lies in the file,
 * which is what uprobes want. 64-bit and 32-bit ELF, of this machine's byte order.
 *
 * A stripped file's symbols are taken from its separate debug file, if there is
 * one of the same build: /usr/lib/debug/.build-id/, or what .gnu_debuglink names.
 *
 * Addresses are as linked: those of a process are higher by its load bias. Offsets
 * are bytes from the file's start.
 *
 * Ownership: elf_open()/elf_close(); names live as long as the struct. The files are
 * read, not mapped: one that is overwritten under us gives wrong names, no SIGBUS.
 * Errors: negative errno; -ENOEXEC: no ELF file that we understand.
 */
#ifndef BTRUN_KERNEL_ELF_H
#define BTRUN_KERNEL_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct elf_file;

/* root precedes path, and the folders of debug files: "" or the root of another system or process. */
int elf_open(const char *root, const char *path, struct elf_file **e);
/* The same of an open file, which stays the caller's and may be closed then. path, for .gnu_debuglink, may be
 * NULL. */
int elf_open_fd(int fd, const char *root, const char *path, struct elf_file **e);
void elf_close(struct elf_file *e);

/* EM_X86_64, EM_AARCH64, EM_386 ... */
unsigned elf_machine(const struct elf_file *e);
/* Bytes of an address: 8 or 4. */
unsigned elf_word(const struct elf_file *e);
/* Is it always loaded at the addresses that it was linked for (no PIE, no library)? */
bool elf_is_fixed(const struct elf_file *e);
/* Its build id: bytes copied to id, 0 when it has none (or one longer than room). */
size_t elf_build_id(const struct elf_file *e, unsigned char *id, size_t room);

/* Through the program headers: -ENXIO when the file does not hold that address (.bss), or no memory that
 * offset.
 */
int elf_offset(const struct elf_file *e, uint64_t address, uint64_t *offset);
int elf_address(const struct elf_file *e, uint64_t offset, uint64_t *address);

enum elf_kind {
	ELF_FUNCTION = 1 << 0,
	ELF_IFUNC = 1 << 1,  /* what the loader calls to choose the function: its address is the chooser's */
	ELF_OBJECT = 1 << 2, /* a variable */
	ELF_OTHER = 1 << 3,  /* a label without a type, as assembly has */
};

struct elf_symbol {
	struct str name; /* without its version: "memcpy", not "memcpy@@GLIBC_2.14" */
	uint64_t address;
	uint64_t size; /* bytes; 0: not said */
	enum elf_kind kind;
};

/*
 * The defined symbol of that name that is one of kinds: of several the one that a
 * linker would take (default version, then global before weak before local).
 * 0 or -ENOENT.
 */
int elf_find(struct elf_file *e, unsigned kinds, struct str name, struct elf_symbol *symbol);
/*
 * Every defined symbol of kinds, by ascending address, then name; a pair of name and
 * address comes once. found() returns nonzero to stop. 0 or negative errno.
 */
typedef int elf_found(void *context, const struct elf_symbol *symbol);
int elf_each(struct elf_file *e, unsigned kinds, elf_found *found, void *context);

/* Sections that others read: 0, or -ENOENT. bytes live as long as e. */
int elf_section(struct elf_file *e, const char *name, struct str *bytes, uint64_t *address);

/*
 * C++: the readable form of a mangled name ("ns::fn(int)"), in the arena; empty when it is not mangled.
 */
struct str elf_demangle(struct arena *a, struct str mangled);
/*
 * Does a mangled name stand for what was written after "cpp:"? "ns::fn" is every
 * overload, "ns::fn(int)" one, and both may have the characters of str_glob.
 */
bool elf_cpp_match(struct arena *scratch, struct str pattern, struct str mangled);

#endif
