/*
 * Symbols and stacks as text.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/message.h"
#include "runtime/symbols/symbols.h"
#include "runtime/print/value.h"

static void name_kernel(struct runtime *r, uint64_t address, struct symbol *symbol)
{
	static bool told;
	int err;

	*symbol = (struct symbol){ 0 };
	if (!r->symbols)
		return;
	err = symbols_kernel(r->symbols, address, symbol);
	if (err == -EPERM && !told) {
		told = true;
		message("kernel addresses are printed as numbers: the kernel hides its symbols "
			"(kernel.kptr_restrict is 2, or CAP_SYSLOG is missing)");
	}
}

static void name_user(struct runtime *r, uint64_t pid, uint64_t address, struct symbol *symbol)
{
	*symbol = (struct symbol){ 0 };
	if (r->symbols)
		symbols_user(r->symbols, (pid_t)pid, address, symbol);
}

static void print_symbol(FILE *out, const struct symbol *symbol, uint64_t address, bool offset)
{
	if (!symbol->name)
		fprintf(out, "0x%" PRIx64, address);
	else if (offset)
		fprintf(out, "%s+%" PRIu64, symbol->name, symbol->offset);
	else
		fputs(symbol->name, out);
}

void format_ksym(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	uint64_t address = value_number(t, bytes);
	struct symbol symbol;

	name_kernel(r, address, &symbol);
	print_symbol(out, &symbol, address, false);
}

void format_usym(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	struct usym_value value;
	struct symbol symbol;

	memcpy(&value, bytes, sizeof(value));
	name_user(r, value.pid, value.address, &symbol);
	print_symbol(out, &symbol, value.address, false);
}

/* False: it has no frames, or is not known any more. */
static bool find_stack(struct runtime *r, uint64_t hash, struct stack_value *stack)
{
	if (hash == 0 || hash == UINT64_MAX || r->stacks_fd < 0)
		return false;
	if (bpf_map_lookup_elem(r->stacks_fd, &hash, stack))
		return false;
	if (stack->n > sizeof(stack->addresses) / 8)
		stack->n = sizeof(stack->addresses) / 8;
	return true;
}

#define INDENT 8

/* A newline, then a line for each frame. pid: of a user stack, else 0. */
static void print_frames(struct runtime *r, FILE *out, const struct image_type *t,
    const struct stack_value *stack, bool user, uint64_t pid)
{
	struct symbol symbol;

	putc('\n', out);
	for (uint64_t i = 0; i < stack->n; i++) {
		uint64_t address = stack->addresses[i];

		if (t->count == STACK_RAW)
			memset(&symbol, 0, sizeof(symbol));
		else if (user)
			name_user(r, pid, address, &symbol);
		else
			name_kernel(r, address, &symbol);
		if (t->count == STACK_PERF)
			fprintf(out, "\t%" PRIx64 " ", address);
		else
			fprintf(out, "%*s", (int)(r->indent ? r->indent : INDENT), "");
		if (t->count == STACK_RAW)
			fprintf(out, "%" PRIx64, address);
		else
			print_symbol(out, &symbol, address, true);
		if (t->count == STACK_PERF && user)
			fprintf(out, " (%s)", symbol.object ? symbol.object : "[unknown]");
		putc('\n', out);
	}
}

void format_kstack(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	struct stack_value stack;

	if (find_stack(r, value_number(t, bytes), &stack))
		print_frames(r, out, t, &stack, false, 0);
}

void format_ustack(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	struct ustack_value value;
	struct stack_value stack;

	memcpy(&value, bytes, sizeof(value));
	if (find_stack(r, value.hash, &stack))
		print_frames(r, out, t, &stack, true, value.pid);
}
