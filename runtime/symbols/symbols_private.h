/* What symbols.c and symbols_user.c share. */
#ifndef BTRUN_RUNTIME_SYMBOLS_PRIVATE_H
#define BTRUN_RUNTIME_SYMBOLS_PRIVATE_H

#include "runtime/symbols/symbol_table.h"
#include "runtime/symbols/symbols.h"

/* A file is known by its device and inode number; OBJECT_ sets that are no files. */
enum object_kind { OBJECT_FILE, OBJECT_VDSO, OBJECT_JIT, OBJECT_NONE };

struct object_id {
	enum object_kind kind;
	uint64_t device, inode; /* JIT: the process, and 0 */
};

struct object {
	struct object_id id;
	uint64_t used;             /* when, by symbols.clock; 0: free */
	int64_t version;           /* JIT: the size of its map when it was read */
	struct symbol_table table; /* file: by offset in the file; JIT: by address */
};

struct mapping {
	uint64_t start, end, offset;
	struct object_id id;
	char *path;
};

struct process {
	pid_t pid;
	uint64_t used;
	int64_t read_ns;          /* CLOCK_MONOTONIC */
	struct mapping *mappings; /* sorted, as /proc has them */
	size_t n;
};

struct symbols {
	struct symbols_options options;
	uint64_t clock;
	bool kernel_read, kernel_hidden;
	struct symbol_table kernel;
	struct object objects[SYMBOLS_OBJECTS];
	struct process processes[SYMBOLS_PROCESSES];
};

void symbols_user_free(struct symbols *s);

#endif
