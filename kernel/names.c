/* The lists of functions and tracepoints, a line at a time: a kernel has 60,000 functions and more. */
#include "kernel/private.h"

#include <errno.h>

struct search {
	struct str module, pattern;
	kernel_found *found;
	void *context;
};

static bool module_matches(struct str wanted, struct str module)
{
	if (wanted.n == 0)
		return true;
	if (module.n == 0)
		return str_glob(wanted, STR("vmlinux"));
	return str_glob(wanted, module);
}

bool kernel_function_matches(struct str module_wanted, struct str pattern, struct str name, struct str module)
{
	return str_glob(pattern, name) && module_matches(module_wanted, module);
}

/* Both lists write a module in brackets. */
static struct str without_brackets(struct str module)
{
	bool has = module.n >= 2 && module.p[0] == '[' && module.p[module.n - 1] == ']';

	return has ? str_slice(module, 1, module.n - 1) : module;
}

static int offer_function(const struct search *s, struct str name, struct str module)
{
	if (!kernel_function_matches(s->module, s->pattern, name, module))
		return 0;
	return s->found(s->context, name, module);
}

/* A line is "name" or "name [module]". */
static int ftrace_line(void *context, struct str line)
{
	struct str module, name = str_split(line, ' ', &module);

	/* The slots of weak functions that were overridden: kernel/trace/ftrace.c (6.0). */
	if (name.n == 0 || str_starts(name, "__ftrace_invalid_address__"))
		return 0;
	return offer_function(context, name, without_brackets(module));
}

struct symbol_search {
	kernel_symbol_found *found;
	void *context;
};

static uint64_t address_of(struct str digits)
{
	uint64_t address = 0;

	for (size_t i = 0; i < digits.n; i++) {
		char c = digits.p[i] | 0x20;

		address = address << 4 | (unsigned)(c >= 'a' ? c - 'a' + 10 : c - '0');
	}
	return address;
}

/* A line is "address letter name" or "address letter name\t[module]". */
static int kallsyms_line(void *context, struct str line)
{
	const struct symbol_search *s = context;
	struct str rest, address = str_split(line, ' ', &rest), letter = str_split(rest, ' ', &rest);
	struct kernel_symbol symbol = { .address = address_of(address) };

	if (letter.n != 1)
		return 0;
	symbol.letter = letter.p[0];
	symbol.name = str_split(rest, '\t', &symbol.module);
	symbol.module = without_brackets(symbol.module);
	return s->found(s->context, &symbol);
}

int kernel_symbols(struct kernel *k, kernel_symbol_found *found, void *context)
{
	struct symbol_search s = { found, context };
	int fd = kernel_open(k, KERNEL_KALLSYMS, STR(""));

	return fd < 0 ? fd : kernel_rows(fd, kallsyms_line, &s);
}

static int found_symbol(void *context, const struct kernel_symbol *symbol)
{
	/* Padding before functions (6.2), and code that is no module's: programs, trampolines. */
	if ((symbol->letter | 0x20) != 't' || str_starts(symbol->name, "__pfx_") ||
	    str_is(symbol->module, "bpf") || str_starts(symbol->module, "__builtin__"))
		return 0;
	return offer_function(context, symbol->name, symbol->module);
}

int kernel_functions(
    struct kernel *k, struct str module, struct str pattern, kernel_found *found, void *context)
{
	struct search s = { module, pattern, found, context };
	int fd = kernel_open(k, KERNEL_FUNCTIONS, STR(""));

	if (fd >= 0)
		return kernel_rows(fd, ftrace_line, &s);
	/* No tracefs, no CONFIG_DYNAMIC_FTRACE, or lockdown. */
	return kernel_symbols(k, found_symbol, &s);
}

static int event_line(void *context, struct str line)
{
	const struct search *s = context;

	if (line.n == 0 || !str_glob(s->pattern, line))
		return 0;
	return s->found(s->context, line, STR(""));
}

int kernel_tracepoints(struct kernel *k, struct str pattern, kernel_found *found, void *context)
{
	struct search s = { STR(""), pattern, found, context };
	int fd = kernel_open(k, KERNEL_TRACEPOINTS, STR(""));

	return fd < 0 ? fd : kernel_rows(fd, event_line, &s);
}
