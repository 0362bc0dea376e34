/*
 * Names of addresses, of the kernel and of processes, for stacks and for %s of ksym() and usym().
 *
 * Nothing is read before it is asked for, and what is kept has bounds, since a tracer runs for
 * weeks: the tables of at most `objects` files, shared by all processes that map
 * them, and the mappings of at most `processes` processes; the least
 * recently used goes first. The kernel's table (symbols_kernel()) is one
 * block, which symbols_drop_kernel() gives back to the system.
 *
 * Ownership: symbols_new()/symbols_free(). Texts of a struct symbol live until the next
 * call with the same symbols. Errors: negative errno.
 */
#ifndef BTRUN_RUNTIME_SYMBOLS_H
#define BTRUN_RUNTIME_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"
#include "kernel/kernel.h"

struct symbols;

enum symbols_keep {
	SYMBOLS_PER_PID,     /* what was read of a process serves that process */
	SYMBOLS_PER_PROGRAM, /* and others of the same program, when they are gone: right without ASLR only */
	SYMBOLS_NONE,        /* nothing is kept: read again for each address */
};

struct symbols_options {
	struct kernel *kernel; /* a host; its root precedes /proc */
	enum symbols_keep keep;
	bool mangled;       /* C++ names as they are in the file */
	unsigned objects;   /* 0: 64 */
	unsigned processes; /* 0: 256 */
};

/* Options are copied; kernel must live on. NULL: no memory. */
struct symbols *symbols_new(const struct symbols_options *options);
void symbols_free(struct symbols *s);

struct symbol {
	struct str name; /* empty: not known */
	uint64_t offset; /* bytes from where the symbol begins */
	struct str
	    object; /* the file, "[vdso]", or the kernel's module; empty: not known, or the kernel proper */
};

/*
 * The symbol that holds a kernel address. 0; -ENOENT: none; -EPERM: the kernel hides
 * addresses from us (kernel.kptr_restrict, or CAP_SYSLOG is missing).
 */
int symbols_kernel(struct symbols *s, uint64_t address, struct symbol *symbol);
/* Gives the kernel's table back; it is read again when needed. Due when all stacks of a map were printed. */
void symbols_drop_kernel(struct symbols *s);
/* The bytes that are kept, for --stats. */
size_t symbols_memory(const struct symbols *s);

/*
 * The symbol that holds an address of a process. 0; -ENOENT: none (object may be known all the same); -ESRCH:
 * the process is gone and was not seen before.
 */
int symbols_user(struct symbols *s, pid_t pid, uint64_t address, struct symbol *symbol);
/* The process has executed another program, or ended: what is known of it is forgotten. */
void symbols_forget(struct symbols *s, pid_t pid);

/* kaddr(): the address of a kernel symbol of any kind; reads the list, keeps nothing. 0, -ENOENT or -EPERM.
 */
int symbols_kernel_address(struct symbols *s, struct str name, uint64_t *address);
/* uaddr(): the address of a function or variable as the binary (a path) has it, before any load bias. */
int symbols_user_address(struct symbols *s, struct str binary, struct str name, uint64_t *address);

#endif
