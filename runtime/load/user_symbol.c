#include "runtime/load/user_symbol.h"

#include "kernel/binary.h"

struct symbol_search {
	struct str name;
	uint64_t address;
};

static int find_symbol(void *context, const char *path)
{
	struct symbol_search *s = context;
	struct binary_symbol symbol;
	struct binary *b;
	int err = binary_open(path, &b);

	if (err)
		return err;
	err = binary_find(b, s->name, &symbol);
	s->address = err ? 0 : symbol.address;
	binary_close(b);
	return err;
}

int user_symbol_address(struct tracer *t, struct str binary, struct str symbol, uint64_t *address)
{
	struct symbol_search s = { .name = symbol };
	int err = binary_paths(t->options->pid, binary, find_symbol, &s);

	*address = s.address;
	return err;
}
