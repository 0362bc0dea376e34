/*
 * The bits that the rows of builtins.def and probes.def use, and the numbers
 * that their order gives. No table here: a folder expands the rows itself.
 */
#ifndef BTRUN_LANGUAGE_REGISTRY_H
#define BTRUN_LANGUAGE_REGISTRY_H

/* forms of a builtin */
enum builtin_form {
	BUILTIN_IS_VAR = 1 << 0,    /* usable as a name */
	BUILTIN_IS_CALL = 1 << 1,   /* as a call */
	BUILTIN_IS_ASYNC = 1 << 2,  /* the call is an action that the runtime carries out: part of a record */
	BUILTIN_IS_UNSAFE = 1 << 3, /* only with --unsafe, since it changes the system */
	BUILTIN_IS_INTERNAL = 1 << 4, /* no script can name it */
	BUILTIN_IS_PINNED = 1 << 5,   /* ASYNC, but pinned iterators have it too: the kernel carries it out */
	BUILTIN_IS_FIXED = 1 << 6,    /* the same wherever it stands in an action */
	BUILTIN_IS_END = 1 << 7,      /* nothing after a call of it is reached */
	BUILTIN_IS_CONDITION = 1 << 8, /* as a whole predicate it decides whether a probe is attached */
	BUILTIN_IS_ARGS = 1 << 9,      /* its members are those of the probe */
	/* ASYNC, and done although its record could not be sent: the program notes in .bss what is to be
	   done. */
	BUILTIN_NOTES_EXIT = 1 << 10,
	BUILTIN_NOTES_CLEAR = 1 << 11,
	BUILTIN_NOTES_ZERO = 1 << 12,
};

/* What the runtime needs of the system while it traces, to carry out an action or to print a value: bits that
 * stand beside those of a builtin's form, and a column of types.def. runtime/process/drop_capabilities.c says
 * which capabilities.
 */
enum needs {
	NEEDS_NOTHING = 0,
	NEEDS_FILES = 1 << 16,    /* reads any file that who started it can read */
	NEEDS_COMMANDS = 1 << 17, /* starts commands that do as they like */
	NEEDS_PROBES = 1 << 18,   /* attaches while it traces, and lets a process go on */
	NEEDS_USERS = 1 << 19,    /* names of addresses of processes */
	NEEDS_KERNEL = 1 << 20,   /* names of addresses of the kernel */
	NEEDS_CGROUPS = 1 << 21,  /* paths of control groups */
};

/* What a probe gives its action, and what a builtin needs of its probe. */
enum probe_gives {
	WITH_NOTHING = 0,
	WITH_REGS = 1 << 0,       /* argN are the registers of a function's entry */
	WITH_ARGS = 1 << 1,       /* args has typed fields */
	WITH_RETVAL = 1 << 2,     /* retval */
	WITH_FUNC = 1 << 3,       /* a function is being traced */
	WITH_BINARY = 1 << 4,     /* it is one of a program or library */
	WITH_NUMBERED = 1 << 5,   /* argN are what the probe itself passes, not registers */
	WITH_OPEN_NAMES = 1 << 7, /* a parameter of an image may be (in) the names of what it attaches to */
	WITH_OPEN_COUNT = 1 << 8, /* or the number that it has */
	WITH_DWARF = 1 << 6, /* args has typed fields when the program's debugging information has them */
};

enum builtin_id {
#define BUILTIN(name, ...) BUILTIN_##name,
#include "language/builtins.def"
#undef BUILTIN
	BUILTIN_N_
};

enum probe_id {
#define PROBE(name, ...) PROBE_##name,
#include "language/probes.def"
#undef PROBE
	PROBE_N_
};

enum type_kind_id {
#define TYPE(name, ...) TYPE_##name,
#include "language/types.def"
#undef TYPE
	TYPE_N_
};

/* The rows of program_kinds.def; language/program_kinds.h has them as a table. */
enum program_kind_id {
#define PROGRAM(name, ...) PROGRAM_##name,
#include "language/program_kinds.def"
#undef PROGRAM
	PROGRAM_KINDS_,
	PROGRAM_none = PROGRAM_KINDS_
};

/* The rows of loss_counters.def; language/loss_counters.h has them as a table. */
enum loss_id {
#define LOSS(name, ...) LOSS_##name,
#include "language/loss_counters.def"
#undef LOSS
	LOSSES_
};

/* The rows of map_kinds.def; language/map_kinds.h has them as a table. */
enum map_kind_id {
#define MAP_KIND(name, ...) MAP_##name,
#include "language/map_kinds.def"
#undef MAP_KIND
	MAP_KINDS_
};

/* How stacks are printed: the rows of stack_modes.def. */
enum stack_mode {
#define STACK_MODE(name, text) STACK_##name,
#include "language/stack_modes.def"
#undef STACK_MODE
	STACK_MODES_
};

#endif
