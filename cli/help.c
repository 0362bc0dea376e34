#include "cli/help.h"
#include "cli/environment.h"
#include "language/options.h"
#include "runtime/info/parameters.h"
#include "image/image.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/message.h"

/* The rows of options.def and the headings between them. */
static const struct line {
	const char *heading;
	enum option_readers readers; /* of a heading */
	enum option_id id;           /* OPTIONS_: it is a heading */
} lines[] = {
#define OPTION_GROUP(heading, readers) { heading, OPTION_IN_##readers, OPTIONS_ },
#define OPTION(name, ...) { NULL, OPTION_IN_NOBODY, OPTION_##name },
#include "language/options.def"
#undef OPTION
};

#define HELP_COLUMN 24

static void print_names(const struct option_row *row, bool is_short)
{
	int n = printf(row->letter ? "  -%c" : "    ", row->letter);

	if (row->long_name)
		n += printf("%s--%s", row->letter ? ", " : "  ", row->long_name);
	if (row->argument && !is_short)
		n += printf(" %s", row->argument);
	printf("%*s", HELP_COLUMN - n, "");
}

/* n: bytes of the text. */
static void print_text(const struct option_row *row, const char *text, size_t n)
{
	static const char words[] = "{words}";

	for (const char *end = text + n; text < end; text++) {
		if (strncmp(text, words, sizeof(words) - 1) == 0) {
			option_print_words(stdout, row->words);
			text += sizeof(words) - 2;
		} else {
			putchar(*text);
			if (*text == '\n')
				printf("%*s", HELP_COLUMN, "");
		}
	}
	if (row->usual)
		printf(" (default %llu)", (unsigned long long)row->usual);
	putchar('\n');
}

/* What stands behind the | of a help is for programs. */
static void print_option(const struct option_row *row, enum option_readers reader)
{
	const char *other = strchr(row->help, '|');

	print_names(row, other && reader == OPTION_IN_PROGRAMS);
	if (other && reader == OPTION_IN_PROGRAMS)
		print_text(row, other + 1, strlen(other + 1));
	else
		print_text(row, row->help, other ? (size_t)(other - row->help) : strlen(row->help));
}

static void print_lines(enum option_readers reader)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct option_row *row = lines[i].id < OPTIONS_ ? &option_rows[lines[i].id] : NULL;

		if (row && row->help && row->readers & reader)
			print_option(row, reader);
		else if (!row && lines[i].readers & reader)
			printf(lines[i].heading ? "\n%s\n" : "\n", lines[i].heading);
	}
}

static int read_image(struct arena *a, int fd, struct image *image)
{
	struct str why;
	size_t size, room;
	void *object;
	int err = image_load(fd, &object, &size, &room, &why);

	if (!err) {
		err = image_read(a, object, size, image, &why);
		munmap(object, room);
	}
	if (err)
		message("the image in this program cannot be used: %.*s", STR_ARG(why));
	return err;
}

static int print_program(struct arena *a, int fd, const char *name)
{
	struct image image;
	int err = read_image(a, fd, &image);

	if (err)
		return err;
	printf("Usage: %s [OPTION]... [PARAMETER]... [-- PARAMETER...]\n\n"
	       "Runs %.*s, which is compiled in. Ctrl-C ends it.\n\n",
	    name, STR_ARG(image.script_name));
	if (image.parameters.n) {
		puts("Parameters (those with -- stand behind --, as in -- --name=value)");
		describe_parameters(a, &image, stdout);
		puts("");
	}
	print_lines(OPTION_IN_PROGRAMS);
	return 0;
}

int help_print(int image, const char *name)
{
	struct arena *a;
	int err;

	if (image >= 0) {
		a = arena_new();
		err = print_program(a, image, name);
		arena_free(a);
		return err;
	}
	puts("Usage: btrun [OPTION]... FILE [PARAMETER]...\n"
	     "       btrun [OPTION]... -e PROGRAM [PARAMETER]...\n"
	     "       btrun -l [-v] [PATTERN]\n"
	     "\n"
	     "Runs a script in bpftrace's language. FILE is a script, - for standard input, or an\n"
	     "image made with --aot or --emit-elf. Ctrl-C ends it.\n");
	print_lines(OPTION_IN_SCRIPTS);
	puts("\nEnvironment");
	environment_help(stdout);
	return 0;
}

int help_version(int fd)
{
	struct arena *a;
	struct image image;
	int err = 0;

	puts("btrun " BTRUN_VERSION);
	if (fd < 0)
		return 0;
	a = arena_new();
	err = read_image(a, fd, &image);
	if (!err)
		printf("%.*s, compiled by %.*s\n", STR_ARG(image.script_name), STR_ARG(image.compiler));
	arena_free(a);
	return err;
}
