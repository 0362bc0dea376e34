/*
 * Stacks and symbols as text, as bpftrace prints them.
 *
 * indent: blanks before each frame; bpftrace's own is 4 everywhere.
 */
#ifndef BTRUN_RUNTIME_STACK_H
#define BTRUN_RUNTIME_STACK_H

#include <stdio.h>

#include "runtime/symbols.h"

enum stack_mode {
	STACK_BPFTRACE, /* function+offset */
	STACK_PERF,     /* address function+offset (object) */
	STACK_RAW,      /* address */
};

struct stack {
	const uint64_t *addresses; /* innermost first */
	uint32_t n;
	bool user;
	pid_t pid; /* of a user stack */
};

/* A newline, then a line for each frame, also in an empty stack. s NULL: only addresses are known. */
void stack_print(
    FILE *out, struct symbols *s, const struct stack *stack, enum stack_mode mode, unsigned indent);
/* What ksym() and usym() print: the name without offset, or the address. */
void stack_print_symbol(FILE *out, struct symbols *s, bool user, pid_t pid, uint64_t address);
/* The stack as one JSON string, quotes included: what stack_print() prints, escaped. */
int stack_print_json(
    FILE *out, struct symbols *s, const struct stack *stack, enum stack_mode mode, unsigned indent);

#endif
