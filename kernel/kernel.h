/*
 * Facts of a kernel, behind one interface. Every fact is the content of a file,
 * so the interface is one operation: open the file that holds a fact.
 *
 *	kernel_host()   the real file system, under a root folder ("" or a
 *	                fixture folder that looks like one: tests' fake kernel)
 *	kernel_of_btf() a file with BTF, of a kernel that does not run
 *	kernel_client() asks a kernel_serve() loop over a Unix socket; what comes
 *	                back is a descriptor. The compiler has only this one.
 *
 * Ownership: a struct kernel is freed with kernel_free(); a returned descriptor
 * or text is the caller's. Errors: negative errno; -ENOENT when the kernel has
 * no such thing, -ENODATA when of this kernel only the BTF is known, -EACCES/-EPERM when we may not look,
 *-EINVAL when a request is none that a compiler may make.
 */
#ifndef BTRUN_KERNEL_KERNEL_H
#define BTRUN_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum kernel_fact {
	KERNEL_BTF,               /* name: "vmlinux" or a module: /sys/kernel/btf/NAME */
	KERNEL_TRACEPOINT_FORMAT, /* name: "category/event": events/CATEGORY/EVENT/format */
	KERNEL_TRACEPOINTS,       /* name empty: available_events, lines "category:event" */
	KERNEL_FUNCTIONS,         /* name empty: available_filter_functions */
	KERNEL_KALLSYMS,          /* name empty: /proc/kallsyms */
	KERNEL_HEADER,            /* a C header, named as #include does: what btrun-headers prints of it */
	KERNEL_PARAMETERS, /* "binary:function", as an attach point has them: what btrun-dwarf prints */
	KERNEL_SYMBOLS,    /* "binary:pattern": the functions that match, a line each */
	KERNEL_USDT, /* "binary:provider:name", patterns too: a letter for each argument, s: it has a sign, u:
			not */
	KERNEL_VARIABLE, /* "binary:symbol": what btrun-dwarf prints of it, or the like for its size */
	KERNEL_FACTS_
};

struct kernel;

struct kernel *kernel_host(const char *root);
struct kernel *kernel_client(int socket);
void kernel_free(struct kernel *k);

/* Gives the folder where tracefs is mounted, which lives as long as k. 0, -ENOENT when it is not mounted,
 * -EACCES, and -EINVAL for a client, which has no paths. */
int kernel_tracefs(struct kernel *k, struct str *path);
/* Returns what precedes every path of a host: nothing for the real system. */
struct str kernel_root(const struct kernel *k);

/*
 * Returns a kernel that does not run here, of which only the BTF is there: path is a file, or a folder like
 * /sys/kernel/btf that has a file "vmlinux" and one for each module. Every other fact of a kernel gives
 * -ENODATA: nothing of the kernel that runs takes its place. The text must live on.
 */
struct kernel *kernel_of_btf(const char *path);
/* Facts that are no files of the kernel (from KERNEL_HEADER on) a host gives by functions of its
 * user, which return a descriptor or negative errno; without them there are none. */
typedef int kernel_give(void *context, struct str name);
void kernel_use(struct kernel *k, enum kernel_fact fact, kernel_give *give, void *context);

/* A watcher hears of every answer of kernel_serve() before it is sent: fd is a descriptor, at its beginning,
 * or negative errno; its offset has to stay where it is. NULL: nobody. */
typedef void kernel_watcher(void *context, enum kernel_fact fact, struct str name, int fd);
void kernel_watch(struct kernel *k, kernel_watcher *watcher, void *context);

/* Makes a host open the fact now: later kernel_open() gives that, whatever rights there are by then. */
void kernel_hold(struct kernel *k, enum kernel_fact fact);

/* Returns a descriptor open for reading (close-on-exec), or negative errno. */
int kernel_open(struct kernel *k, enum kernel_fact fact, struct str name);
/* Reads the whole content of a fact into the arena. 0 or negative errno. */
int kernel_read(struct kernel *k, struct arena *a, enum kernel_fact fact, struct str name, struct str *text);

/*
 * Answers one request of a kernel_client() that waits on socket. Each request
 * is checked: a known fact, a name of the characters that the fact's names have
 * (no "..", no '/' but the tracepoint's one), of bounded length.
 * 1: answered, 0: the peer has closed, negative errno: the peer broke the
 * protocol.
 */
int kernel_serve(struct kernel *k, int socket);

/*
 * A field of a tracepoint is what its format file lists. Offsets and sizes are
 * in bytes from the start of the record that the program's context points to.
 */
struct tracepoint_field {
	struct str name;
	struct str type;   /* the C type as written, without name and array: "pid_t", "const char *" */
	uint32_t btf_type; /* where only BTF says it: its id, of the array; type is then empty */
	unsigned offset;
	unsigned size;
	unsigned array; /* elements, 0 when it is no array */
	bool is_signed;
	bool data_loc; /* __data_loc: a u32, low half offset, high half length */
	bool rel_loc;  /* __rel_loc: the same, relative to the field's end */
};

struct tracepoint_format {
	struct str category, event;
	VEC(struct tracepoint_field) fields; /* the common_ fields too */
	bool open; /* there may be others, each of 8 bytes: the arguments of a system call */
};

/* Reads the format file. 0 or negative errno (-EBADMSG when it can't be understood). */
int tracepoint_format(struct kernel *k, struct arena *a, struct str category, struct str event,
    struct tracepoint_format *format);

struct kernel_btf;
/*
 * Gives the same as far as BTF tells it (struct trace_event_raw_CLASS; of system calls, of which it tells
 * nothing, a table). Names and types are right; offsets and sizes are those of the kernel with this BTF. 0 or
 * -ENOENT.
 */
int tracepoint_format_of_btf(struct arena *a, const struct kernel_btf *btf, struct str category,
    struct str event, struct tracepoint_format *format);

/*
 * found() is passed each name that matches a pattern (str_glob); it returns
 * nonzero to stop. -l, attach pattern expansion and near names all use these.
 * 0 or negative errno.
 */
typedef int kernel_found(void *context, struct str name, struct str module);
/*
 * Passes the functions that ftrace can trace (available_filter_functions); where it can't be
 * read, the text symbols of kallsyms. found()'s module is empty for the kernel
 * proper. The argument module: empty for all, "vmlinux" for the kernel proper,
 * else a pattern of module names.
 */
int kernel_functions(
    struct kernel *k, struct str module, struct str pattern, kernel_found *found, void *context);
/* Would it find this one? */
bool kernel_function_matches(
    struct str module_wanted, struct str pattern, struct str name, struct str module);
/*
 * A symbol is a line of kallsyms: letter says what it is, as nm(1) has it (t and T: code); address is 0 for
 * who may not see it; module is empty for the kernel proper. found() returns nonzero to stop.
 */
struct kernel_symbol {
	uint64_t address;
	char letter;
	struct str name, module;
};
typedef int kernel_symbol_found(void *context, const struct kernel_symbol *symbol);
int kernel_symbols(struct kernel *k, kernel_symbol_found *found, void *context);
/* Passes the tracepoints; name is "category:event". */
int kernel_tracepoints(struct kernel *k, struct str pattern, kernel_found *found, void *context);
/* Passes those of which BTF, and the table of system calls, know. BTF does not say what category an event
 * has, so all that match its part of the pattern are found, under the category of the pattern, which must not
 * be a pattern itself. */
void tracepoints_of_btf(struct arena *a, const struct kernel_btf *btf, struct str category, struct str event,
    kernel_found *found, void *context);

#endif
