/*
 * btrun-dwarf BINARY FUNCTION: the parameters of a function and the types that they lead to, from the
 * debugging information, in the form that scripts define types in; the last of them, struct btrun_args, has
 * the parameters, each at 64 times the number of its place (dwarf.h). btrun-dwarf --list BINARY: for each
 * function of the standard input's lines its parameters, a line each, and an empty line. btrun-dwarf
 * --variable BINARY SYMBOL: the type of a variable, as the one member of struct btrun_variable.
 *
 * A process of its own: debugging information is large, and who wrote it is not always known. Exit status 1:
 * the file cannot be read, 2: it has no debugging information, 3: that has no such function, 4: that is not
 * called as the ABI says.
 */
#include <stdlib.h>
#include <string.h>

#include "dwarf/dwarf.h"

enum status {
	STATUS_UNREADABLE = 1,
	STATUS_NO_DWARF,
	STATUS_NO_FUNCTION,
	STATUS_CALLED_OTHERWISE,
};

static void list_parameters(struct file *f)
{
	char *line = NULL;
	size_t room = 0;
	Dwarf_Die function;

	while (getline(&line, &room, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (f->dwarf && file_find(f, line, &function) && !is_called_otherwise(&function, line))
			print_parameters(&function, stdout);
		putchar('\n');
	}
	free(line);
}

static int print_definitions_of(struct file *f, const char *name)
{
	Dwarf_Die function;

	if (!f->dwarf)
		return STATUS_NO_DWARF;
	if (!file_find(f, name, &function))
		return STATUS_NO_FUNCTION;
	if (is_called_otherwise(&function, name))
		return STATUS_CALLED_OTHERWISE;
	print_definitions(f->arch, &function, stdout);
	return 0;
}

static int print_variable_of(struct file *f, const char *name)
{
	Dwarf_Die variable;

	if (!f->dwarf)
		return STATUS_NO_DWARF;
	if (!file_find_variable(f, name, &variable))
		return STATUS_NO_FUNCTION;
	print_variable(&variable, stdout);
	return 0;
}

int main(int argc, char **argv)
{
	bool listing = argc == 3 && strcmp(argv[1], "--list") == 0;
	bool variable = argc == 4 && strcmp(argv[1], "--variable") == 0;
	struct file f;
	int status = 0;

	if (argc != 3 && !variable) {
		fputs("usage: btrun-dwarf BINARY FUNCTION; btrun(8) starts it\n", stderr);
		return STATUS_UNREADABLE;
	}
	if (!file_open(&f, argv[listing || variable ? 2 : 1]))
		return STATUS_UNREADABLE;
	if (listing)
		list_parameters(&f);
	else if (variable)
		status = print_variable_of(&f, argv[3]);
	else
		status = print_definitions_of(&f, argv[2]);
	file_close(&f);
	if (fflush(stdout))
		return STATUS_UNREADABLE;
	return status;
}
