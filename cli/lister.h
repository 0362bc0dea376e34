/* What the functions of -l share: one for each kind of probe, named by its row of language/probes.def. */
#ifndef BTRUN_CLI_LISTER_H
#define BTRUN_CLI_LISTER_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/str.h"
#include "kernel/kernel.h"

struct list {
	struct kernel *kernel;
	struct arena *arena;
	struct kernel_btf *btf;
	const char *probe;  /* what is being listed */
	struct str pattern; /* what follows its name */
	pid_t pid;          /* of -p, or 0 */
	bool arguments;
	VEC(struct str) typed; /* functions that BTF has, sorted; empty until asked for */
	unsigned found;
};

/* Prints the probes that match. 0 or negative errno. */
typedef int lister(struct list *l);
#define PROBE(name, aliases, pattern, gives, split, attach, list, ...) lister list;
#include "language/probes.def"
#undef PROBE

#endif
