/* The kernel's symbols, from /proc/kallsyms. */
#include "runtime/symbols/symbols.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/symbols/symbol_table.h"
#include "runtime/symbols/symbols_private.h"

struct symbols *symbols_new(const struct symbols_options *options)
{
	struct symbols *s = calloc(1, sizeof(*s));

	if (s)
		s->options = *options;
	return s;
}

void symbols_free(struct symbols *s)
{
	if (!s)
		return;
	symbols_user_free(s);
	symbol_table_free(&s->kernel);
	free(s);
}

static int keep_code(void *context, const struct kernel_symbol *symbol)
{
	struct symbols *s = context;

	if (!strchr("tTwW", symbol->letter))
		return 0;
	if (symbol->address)
		s->kernel_hidden = false;
	symbol_table_add(&s->kernel, symbol->address, 0, symbol->name);
	return 0;
}

static void read_kernel(struct symbols *s)
{
	s->kernel_read = s->kernel_hidden = true;
	kernel_symbols(s->options.kernel, keep_code, s);
	if (s->kernel_hidden)
		symbol_table_free(&s->kernel);
	symbol_table_sort(&s->kernel);
}

int symbols_kernel(struct symbols *s, uint64_t address, struct symbol *symbol)
{
	const struct symbol_entry *e;

	*symbol = (struct symbol){ 0 };
	if (!s->kernel_read)
		read_kernel(s);
	if (s->kernel_hidden)
		return -EPERM;
	e = symbol_table_find(&s->kernel, address);
	if (!e)
		return -ENOENT;
	symbol->name = symbol_table_name(&s->kernel, e);
	symbol->offset = address - e->start;
	return 0;
}
