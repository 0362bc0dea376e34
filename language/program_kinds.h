/* The rows of program_kinds.def, for whoever asks about one of them. */
#ifndef BTRUN_LANGUAGE_PROGRAM_KINDS_H
#define BTRUN_LANGUAGE_PROGRAM_KINDS_H

#include "language/registry.h"

/* What stands behind the slash in the name of a program's section. */
enum program_target {
	TARGET_NOTHING,
	TARGET_FUNCTION,
	TARGET_EVENT,
	TARGET_CATEGORY, /* category/event */
};

/* What a program is called with. */
enum program_context {
	CONTEXT_NONE,       /* nothing that tells a script something */
	CONTEXT_REGISTERS,  /* struct pt_regs, or what begins with it */
	CONTEXT_USDT,       /* the same, and arguments lie where the probe's note says */
	CONTEXT_TRAMPOLINE, /* helpers are asked for arguments and the returned value */
	CONTEXT_RECORD,     /* the tracepoint's record */
	CONTEXT_ARGUMENTS,  /* the arguments, 8 bytes each */
	CONTEXT_OBJECT,     /* struct bpf_iter__NAME */
};

enum program_trait {
	PROGRAM_IS_TRAMPOLINE = 1 << 0,
	PROGRAM_IS_KPROBE = 1 << 1,
	PROGRAM_IS_RETURN = 1 << 2,         /* fires where a function returns */
	PROGRAM_IS_RUN_BY_US = 1 << 3,      /* is attached to nothing */
	PROGRAM_IS_OF_NO_PROCESS = 1 << 4,  /* -p does not hold it back */
	PROGRAM_IS_RUN_LAST_FIRST = 1 << 5, /* of several at one place the kernel runs first what was attached
					       last: kernel/bpf/trampoline.c, bpf_trampoline_link_prog();
					       kernel/kprobes.c, add_new_kprobe(); kernel/trace/ftrace.c,
					       add_ftrace_ops(); kernel/events/uprobes.c, consumer_add() */
};

struct program_kind {
	const char *name, *section;
	enum program_target target;
	const char *suffix;
	enum program_context context;
	unsigned traits;
	unsigned frames;
	const char *word, *methods;
};

extern const struct program_kind program_kinds[PROGRAM_KINDS_];

#endif
