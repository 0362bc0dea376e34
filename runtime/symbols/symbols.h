/*
 * Names of addresses, of the kernel and of processes: for stacks, ksym() and usym().
 *
 * Nothing is read before it is asked for, and what is kept has bounds, since a tracer runs for
 * weeks: the tables of at most SYMBOLS_OBJECTS files, shared by all processes that map them, and the mappings
 * of at most SYMBOLS_PROCESSES processes; the least recently used goes first. The kernel's table is some 8
 * MB.
 *
 * Ownership: symbols_new()/symbols_free(). Texts of a struct symbol live until the next
 * call with the same symbols. Errors: negative errno.
 */
#ifndef BTRUN_RUNTIME_SYMBOLS_H
#define BTRUN_RUNTIME_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/kernel.h"

#define SYMBOLS_OBJECTS 64
#define SYMBOLS_PROCESSES 256

struct symbols;

struct symbols_options {
	struct kernel *kernel; /* a host; its root precedes /proc. It must live on */
	bool mangled;          /* C++ names as they are in the file */
	bool no_users;         /* processes' addresses have no names */
};

/* NULL: no memory. */
struct symbols *symbols_new(const struct symbols_options *options);
void symbols_free(struct symbols *s);

struct symbol {
	const char *name;   /* NULL: not known */
	uint64_t offset;    /* bytes from where the symbol begins */
	const char *object; /* the file, "[vdso]" or "[jit]"; NULL: not known, or the kernel */
};

/*
 * The symbol that holds a kernel address. 0; -ENOENT: none; -EPERM: the kernel hides
 * addresses from us (kernel.kptr_restrict, or CAP_SYSLOG is missing).
 */
int symbols_kernel(struct symbols *s, uint64_t address, struct symbol *symbol);
/*
 * The symbol that holds an address of a process. 0; -ENOENT: none (object may be known all the same); -ESRCH:
 * the process is gone and was not seen before.
 */
int symbols_user(struct symbols *s, pid_t pid, uint64_t address, struct symbol *symbol);
/* Reads now what a process maps, so that its addresses have names when it has ended. */
void symbols_remember(struct symbols *s, pid_t pid);

#endif
