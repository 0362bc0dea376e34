/*
 * What turning bytes into text needs: one struct runtime a tracer, made from an image. The runtime knows no
 * script, no syntax tree, no LLVM. run.c drives its rooms; tests/layering/rooms.py says which may know which.
 *
 * What events need is allocated before the first (arena); only names that are looked up outside (symbols,
 * users, control groups, cat() and system()) take memory later, in tables that are bounded.
 */
#ifndef BTRUN_RUNTIME_PRINT_RUNTIME_H
#define BTRUN_RUNTIME_PRINT_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "image/image.h"
#include "kernel/kernel.h"

struct output; /* output.h: text or JSON, buffered as asked */

/* A target is one place that a program is attached to; its id is attach index << 32 | number. */
struct target {
	uint64_t id;
	struct str probe; /* "kprobe:tcp_connect", expanded */
	struct str func;  /* "tcp_connect"; empty when it is no function */
};

/* What event handlers need; load.c and run.c fill it in. */
struct runtime {
	struct arena *arena;
	struct kernel *kernel;
	const struct image *image;
	struct output *out;
	int *map_fds;                   /* one for each image map */
	int *half_fds;                  /* the same: the second of two, or -1 */
	volatile uint64_t *generations; /* btrun_generations of image.h, or NULL */
	uint64_t held;              /* bits of it: maps whose other half still has what is to be printed */
	size_t cat_bytes;           /* that cat() prints; 0: the usual */
	unsigned n_cpus;            /* possible CPUs: how many values a per-CPU element has */
	VEC(struct target) targets; /* sorted by id */
	int64_t wall_offset_ns;     /* CLOCK_REALTIME - CLOCK_MONOTONIC, refreshed by run.c each wake-up */
	int64_t boot_offset_ns;     /* CLOCK_REALTIME - CLOCK_BOOTTIME, the same */
	const volatile uint64_t
	    *exit;                /* where exit() is noted: IMAGE_EXIT and its code; NULL: there is none */
	volatile uint8_t *undone; /* btrun_undone of image.h, or NULL */
	bool exiting;             /* exit() has been seen */
	int exit_code;
	uint64_t exiting_ns;  /* CLOCK_MONOTONIC: when it was first seen */
	bool tracing;         /* the programs have been enabled, and END has not run yet */
	bool finishing;       /* nothing is traced any more: END comes */
	uint64_t not_run;     /* calls of system() and cat() that were queued when tracing ended */
	uint64_t shell_ns;    /* that cat() and system() took, while nobody read the output buffer */
	uint64_t bad_records; /* records that did not fit their description: reported at exit */
	void *state;          /* run.c's own */
	/* An address that a function was given, for the watchpoint with this attach index. */
	void (*watch)(struct runtime *r, int64_t attach, uint64_t address);
	void (*unwatch)(struct runtime *r, uint64_t address); /* detaches the watchpoint there */
	int stacks_fd;                                        /* the map of stacks, or -1 */
	struct symbols *symbols;                              /* symbols.h; NULL: addresses have no names */
	unsigned indent;                                      /* blanks before a line of a stack; 0: 8 */
	struct events *events;                                /* event.c's own: made by events_prepare() */
};

/* NULL when there is none: formatters then print the number. */
const struct target *runtime_target(const struct runtime *r, uint64_t id);

/* Text of a value; type: its index in the image's types; size: bytes. */
void format_value(struct runtime *r, FILE *out, uint32_t type, const void *bytes, size_t size);
void json_value(struct runtime *r, FILE *out, uint32_t type, const void *bytes, size_t size);

/* Every map that has an element, as at exit and on SIGUSR1. */
void maps_print_all(struct runtime *r);

#endif
