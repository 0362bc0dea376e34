/* The kernel's symbols, from /proc/kallsyms. */
#include "runtime/symbols.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/symbols_private.h"

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

/* A line: "address letter name[\t[module]]"; letters t, T, w and W are code. */
static void read_kernel(struct symbols *s)
{
	int fd = kernel_open(s->options.kernel, KERNEL_KALLSYMS, STR(""));
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	bool seen = false;
	char *line = NULL;
	size_t room = 0;

	s->kernel_read = true;
	while (file && getline(&line, &room, file) > 0) {
		char *rest, *name;
		uint64_t address = strtoull(line, &rest, 16);

		if (rest[0] != ' ' || !rest[1] || !strchr("tTwW", rest[1]) || rest[2] != ' ')
			continue;
		seen |= address != 0;
		name = rest + 3;
		name[strcspn(name, " \t\n")] = '\0';
		symbol_table_add(&s->kernel, address, 0, name);
	}
	free(line);
	if (file)
		fclose(file);
	s->kernel_hidden = !seen;
	if (!seen)
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
