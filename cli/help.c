#include "cli/help.h"
#include "cli/environment.h"
#include "runtime/run.h"
#include "image/image.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/message.h"

/* What only btrun itself has: compiling and listing. */
enum reader { SCRIPTS = 1, PROGRAMS = 2 };

#define SCRIPT(text)          \
	{                     \
		text, SCRIPTS \
	}
#define PROGRAM(text)          \
	{                      \
		text, PROGRAMS \
	}
#define ALL(text)                        \
	{                                \
		text, SCRIPTS | PROGRAMS \
	}

static const struct line {
	const char *text;
	unsigned readers;
} lines[] = {
	SCRIPT("  -e, --program TEXT    run this program"),
	ALL("  -c, --cmd COMMAND     run a command and end when it ends"),
	ALL("  -p, --pid PID         trace this process and end when it ends"),
	SCRIPT("  -l, --list            list probes that match a pattern; with -v their arguments"),
	ALL(""),
	ALL("Output"),
	ALL("  -o, --output FILE     write there instead of to standard output"),
	ALL("  -f, --format FORM     text or json (one object a line)"),
	ALL("  -B, --buffering MODE  line, full or none"),
	ALL("  -q, --quiet           no word about attaching"),
	ALL("      --no-warnings     no warnings"),
	SCRIPT("  -k                    accepted for bpftrace's sake: failures are always told"),
	ALL("  -v, --verbose         tell how each probe is attached; show the verifier's log"),
	ALL("      --stats           at exit: hits, misses and nanoseconds of each probe"),
	ALL("      --strict          exit status 3 when anything was lost"),
	ALL(""),
	ALL("Tracing"),
	ALL("      --unsafe          allow what changes the system: system(), signal(), override(); and"),
	ALL("                        uprobes where perhaps no instruction begins"),
	ALL("      --attach WAY      auto, fentry, tracefs, perf or multi: how functions are probed"),
	ALL("      --maxactive N     slots of a tracefs return probe (default 200)"),
	ALL("      --buffer KIND     ring or perf"),
	ALL("      --buffer-size N   bytes of the output buffer, as 16M (perf: for each CPU)"),
	ALL("      --dry-run         end once everything has been attached"),
	ALL(""),
	SCRIPT("Compiling"),
	SCRIPT("  -I DIR                look for #include \"FILE\" in this folder too"),
	SCRIPT("      --include FILE    read this C header before the script"),
	SCRIPT("  -d, --debug STAGE     show a stage and end: tokens, ast, types, ir, opt or asm"),
	SCRIPT("      --aot FILE        write a program that runs the script without a compiler, and end"),
	SCRIPT("      --static          with --aot: one that needs no shared libraries"),
	SCRIPT("      --no-cache        compile, whatever was compiled before, and keep nothing"),
	SCRIPT("      --btf FILE        compile for the kernel that has this BTF, and may not run here"),
	SCRIPT("      --emit-elf FILE   write the compiled image and end"),
	SCRIPT("      --emit-llvm FILE  write LLVM's code to FILE.original.ll and FILE.optimized.ll"),
	SCRIPT(""),
	SCRIPT("      --info [IMAGE]    show what this kernel and this build can do, or what an image needs"),
	PROGRAM(
	    "      --info            show what this program attaches and needs, and what this kernel has"),
	ALL("  -V, --version         print the version"),
	ALL("  -h, --help            print this help"),
};

static void print_lines(enum reader reader)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (lines[i].readers & reader)
			puts(lines[i].text);
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
	print_lines(PROGRAMS);
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
	print_lines(SCRIPTS);
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
