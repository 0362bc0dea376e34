/* Where a function's description is. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"
#include "dwarf/dwarf.h"
#include "sandbox/sandbox.h"

static char *debug_path; /* NULL: where Debian has them, .debug beside the file, by build-id */

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
	.debuginfo_path = &debug_path,
};

static int take_module(
    Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr start, void *context)
{
	*(Dwfl_Module **)context = module;
	return DWARF_CB_ABORT;
}

/* The file may lie where only who started us may go (/proc/PID/root), so it is opened before; its debugging
 * information lies beside it or beneath /usr/lib/debug. */
static int open_and_shut_in(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *folder = strdup(path), *slash = folder ? strrchr(folder, '/') : NULL;
	const char *readable[] = { "/usr/lib/debug", path, slash ? folder : ".", NULL };

	if (slash)
		slash[slash == folder] = '\0';
	sandbox_enter(SANDBOX_DWARF, readable);
	free(folder);
	return fd;
}

static const struct arch *arch_of(Dwarf *dwarf)
{
	GElf_Ehdr header;

	return gelf_getehdr(dwarf_getelf(dwarf), &header) ? arch_by_machine(header.e_machine) : NULL;
}

bool file_open(struct file *f, const char *path)
{
	Dwarf_Addr bias;
	int fd = open_and_shut_in(path);

	*f = (struct file){ 0 };
	/* Nothing is fetched from elsewhere while somebody waits for a trace to begin. */
	unsetenv("DEBUGINFOD_URLS");
	f->dwfl = dwfl_begin(&callbacks);
	if (!f->dwfl || !dwfl_report_offline(f->dwfl, path, path, fd)) {
		message("%s: %s", path, dwfl_errmsg(-1));
		file_close(f);
		return false;
	}
	dwfl_report_end(f->dwfl, NULL, NULL);
	dwfl_getmodules(f->dwfl, take_module, &f->module, 0);
	f->dwarf = f->module ? dwfl_module_getdwarf(f->module, &bias) : NULL;
	f->arch = f->dwarf ? arch_of(f->dwarf) : NULL;
	return f->module;
}

void file_close(struct file *f)
{
	dwfl_end(f->dwfl);
}

/* Gives the address of a symbol as the debugging information counts addresses. */
static bool symbol_address(struct file *f, const char *name, Dwarf_Addr *address)
{
	int n = dwfl_module_getsymtab(f->module);
	Dwarf_Addr bias;

	dwfl_module_getdwarf(f->module, &bias);
	for (int i = 0; i < n; i++) {
		GElf_Sym symbol;
		const char *found = dwfl_module_getsym_info(f->module, i, &symbol, address, NULL, NULL, NULL);

		if (!found || strcmp(found, name) != 0 || symbol.st_shndx == SHN_UNDEF)
			continue;
		*address -= bias;
		return true;
	}
	return false;
}

struct search {
	const char *name;
	Dwarf_Addr address; /* 0: by its name */
	Dwarf_Die *function;
	bool found;
};

static bool is_named(Dwarf_Die *die, const char *name)
{
	Dwarf_Attribute attribute;
	const char *linkage = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));
	const char *plain = dwarf_diename(die);

	return (linkage && strcmp(linkage, name) == 0) || (plain && strcmp(plain, name) == 0);
}

static int look_at(Dwarf_Die *die, void *context)
{
	struct search *s = context;
	Dwarf_Addr entry;

	/* What is only inlined has no entry that could be traced. */
	if (dwarf_lowpc(die, &entry) != 0 && dwarf_entrypc(die, &entry) != 0)
		return DWARF_CB_OK;
	if (s->address ? entry != s->address : !is_named(die, s->name))
		return DWARF_CB_OK;
	*s->function = *die;
	s->found = true;
	return DWARF_CB_ABORT;
}

/* One name may stand for several functions: the one that is attached to is that of the symbol. */
bool file_find(struct file *f, const char *name, Dwarf_Die *function)
{
	struct search s = { .name = name, .function = function };
	Dwarf_Die *unit = NULL, found;
	Dwarf_Addr bias;

	if (symbol_address(f, name, &s.address))
		unit = dwarf_addrdie(f->dwarf, s.address, &found);
	if (unit)
		dwarf_getfuncs(unit, look_at, &s, 0);
	for (unit = NULL; !s.found && (unit = dwfl_module_nextcu(f->module, unit, &bias));)
		dwarf_getfuncs(unit, look_at, &s, 0);
	return s.found;
}

/* Is it a variable of the file that lies at the address? */
static bool is_at(Dwarf_Die *die, Dwarf_Addr address)
{
	Dwarf_Attribute location;
	Dwarf_Op *words;
	size_t n;

	return dwarf_tag(die) == DW_TAG_variable && dwarf_attr(die, DW_AT_location, &location) &&
	       dwarf_getlocation(&location, &words, &n) == 0 && n == 1 && words[0].atom == DW_OP_addr &&
	       words[0].number == address;
}

/* Those of namespaces are a level deeper, or described apart of where they are declared. */
static bool find_at(Dwarf_Die *parent, Dwarf_Addr address, Dwarf_Die *variable)
{
	if (dwarf_child(parent, variable) != 0)
		return false;
	do {
		Dwarf_Die inner;

		if (is_at(variable, address))
			return true;
		if (dwarf_tag(variable) == DW_TAG_namespace && find_at(variable, address, &inner)) {
			*variable = inner;
			return true;
		}
	} while (dwarf_siblingof(variable, variable) == 0);
	return false;
}

bool file_find_variable(struct file *f, const char *name, Dwarf_Die *variable)
{
	Dwarf_Die *unit = NULL;
	Dwarf_Addr address, bias;

	if (!symbol_address(f, name, &address))
		return false;
	while ((unit = dwfl_module_nextcu(f->module, unit, &bias)))
		if (find_at(unit, address, variable))
			return true;
	return false;
}

/* gcc names such copies, clang marks the function. */
bool is_called_otherwise(Dwarf_Die *function, const char *name)
{
	Dwarf_Word convention;

	return strstr(name, ".isra.") || strstr(name, ".constprop.") || strstr(name, ".part.") ||
	       (die_number(function, DW_AT_calling_convention, &convention) && convention == DW_CC_nocall);
}

void each_parameter(Dwarf_Die *function, void (*each)(void *context, Dwarf_Die *parameter), void *context)
{
	Dwarf_Die child;

	if (dwarf_child(function, &child) != 0)
		return;
	do
		if (dwarf_tag(&child) == DW_TAG_formal_parameter)
			each(context, &child);
	while (dwarf_siblingof(&child, &child) == 0);
}
