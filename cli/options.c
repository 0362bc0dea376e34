#include "cli/options.h"
#include "cli/environment.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"

enum long_only {
	OPTION_ATTACH = 256,
	OPTION_BTF,
	OPTION_BUFFER,
	OPTION_BUFFER_SIZE,
	OPTION_DRY_RUN,
	OPTION_EMIT_ELF,
	OPTION_MAXACTIVE,
	OPTION_STATS,
	OPTION_STRICT,
	OPTION_UNSAFE,
	OPTION_NO_WARNINGS,
	OPTION_IGNORED,
	OPTION_INCLUDE,
	OPTION_EMIT_LLVM,
	OPTION_INFO,
	OPTION_AOT,
	OPTION_STATIC,
	OPTION_NO_CACHE,
};

static const struct option longs[] = {
	{ "aot", required_argument, NULL, OPTION_AOT },
	{ "static", no_argument, NULL, OPTION_STATIC },
	{ "attach", required_argument, NULL, OPTION_ATTACH },
	{ "btf", required_argument, NULL, OPTION_BTF },
	{ "buffer", required_argument, NULL, OPTION_BUFFER },
	{ "buffer-size", required_argument, NULL, OPTION_BUFFER_SIZE },
	{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
	{ "emit-elf", required_argument, NULL, OPTION_EMIT_ELF },
	{ "maxactive", required_argument, NULL, OPTION_MAXACTIVE },
	{ "stats", no_argument, NULL, OPTION_STATS },
	{ "strict", no_argument, NULL, OPTION_STRICT },
	{ "unsafe", no_argument, NULL, OPTION_UNSAFE },
	{ "no-warnings", no_argument, NULL, OPTION_NO_WARNINGS },
	{ "usdt-file-activation", no_argument, NULL, OPTION_IGNORED },
	{ "emit-llvm", required_argument, NULL, OPTION_EMIT_LLVM },
	{ "info", no_argument, NULL, OPTION_INFO },
	{ "no-cache", no_argument, NULL, OPTION_NO_CACHE },
	{ "include", required_argument, NULL, OPTION_INCLUDE },
	{ "program", required_argument, NULL, 'e' },
	{ "cmd", required_argument, NULL, 'c' },
	{ "pid", required_argument, NULL, 'p' },
	{ "list", no_argument, NULL, 'l' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "debug", required_argument, NULL, 'd' },
	{ "output", required_argument, NULL, 'o' },
	{ "format", required_argument, NULL, 'f' },
	{ "buffering", required_argument, NULL, 'B' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

struct word {
	const char *name;
	int value;
};

static const struct word methods[] = { { "auto", ATTACH_AUTO }, { "fentry", ATTACH_FENTRY },
	{ "tracefs", ATTACH_TRACEFS }, { "perf", ATTACH_PERF }, { "multi", ATTACH_MULTI }, { 0 } };
static const struct word forms[] = { { "text", OUTPUT_TEXT }, { "json", OUTPUT_JSON }, { 0 } };
static const struct word bufferings[] = { { "line", OUTPUT_LINE }, { "full", OUTPUT_FULL },
	{ "none", OUTPUT_NONE }, { 0 } };
static const struct word stages[] = { { "tokens", 0 }, { "ast", 0 }, { "types", 0 }, { "ir", 0 },
	{ "opt", 0 }, { "asm", 0 }, { 0 } };
static const struct word buffers[] = { { "ring", false }, { "perf", true }, { 0 } };

static int take_word(const char *option, const struct word *words, int *value)
{
	FILE *out;

	for (const struct word *w = words; w->name; w++) {
		if (strcmp(w->name, optarg) == 0) {
			*value = w->value;
			return 0;
		}
	}
	out = message_begin();
	fprintf(out, "%s: \"%s\" is none of", option, optarg);
	for (const struct word *w = words; w->name; w++)
		fprintf(out, " %s", w->name);
	fputc('\n', out);
	return -EINVAL;
}

/* unit: a suffix K, M or G is allowed. */
static int take_number(const char *option, bool unit, uint64_t limit, uint64_t *value)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(optarg, &end, 10);
	if (unit && *end && strchr("kKmMgG", *end)) {
		unsigned shift = strchr("kK", *end) ? 10 : strchr("mM", *end) ? 20 : 30;

		n = n > UINT64_MAX >> shift ? UINT64_MAX : n << shift;
		end++;
	}
	if (errno || end == optarg || *end || optarg[0] == '-' || n == 0 || n > limit) {
		message("%s: \"%s\" is not a number from 1 to %llu%s", option, optarg,
		    (unsigned long long)limit, unit ? " (K, M and G may follow)" : "");
		return -EINVAL;
	}
	*value = n;
	return 0;
}

static int take_long(struct arena *a, int c, struct options *o)
{
	struct run_options *run = &o->run;
	uint64_t number = 0;
	int value = 0, err = 0;

	switch (c) {
	case OPTION_ATTACH:
		err = take_word("--attach", methods, &value);
		run->method = (enum attach_method)value;
		break;
	case OPTION_BTF:
		if (access(optarg, R_OK)) {
			message("--btf: cannot read %s: %s", optarg, strerror(errno));
			return -EINVAL;
		}
		o->btf = optarg;
		break;
	case OPTION_BUFFER:
		err = take_word("--buffer", buffers, &value);
		run->perf_buffer = value;
		break;
	case OPTION_BUFFER_SIZE:
		err = take_number("--buffer-size", true, 1u << 30, &run->buffer_size);
		break;
	case OPTION_DRY_RUN:
		run->dry_run = true;
		break;
	case OPTION_EMIT_ELF:
		o->emit = optarg;
		break;
	case OPTION_EMIT_LLVM:
		o->emit_llvm = optarg;
		break;
	case OPTION_INFO:
		o->mode = MODE_INFO;
		break;
	case OPTION_AOT:
		o->aot = optarg;
		break;
	case OPTION_STATIC:
		o->is_static = true;
		break;
	case OPTION_MAXACTIVE:
		err = take_number("--maxactive", false, 4096, &number);
		run->maxactive = (unsigned)number;
		break;
	case OPTION_STATS:
		run->stats = true;
		break;
	case OPTION_STRICT:
		run->strict = true;
		break;
	case OPTION_UNSAFE:
		o->unsafe = run->unsafe = true;
		break;
	case OPTION_NO_WARNINGS:
		o->no_warnings = true;
		break;
	case OPTION_NO_CACHE:
		o->no_cache = true;
		break;
	case OPTION_INCLUDE:
		vec_push(a, &o->includes, optarg);
		break;
	case OPTION_IGNORED: /* what it asks for is always so */
		break;
	default:
		err = -EINVAL;
	}
	return err;
}

/* bpftrace's -d and -dd have no argument: what follows is another option, or the script. */
static int take_stage(struct options *o)
{
	static const char *const debug[] = { "ast", "types", "ir", NULL };
	static const char *const verbose[] = { "tokens", "ast", "types", "ir", "opt", "asm", NULL };
	int unused;

	o->mode = MODE_DUMP;
	if (strcmp(optarg, "d") == 0) {
		o->stages = verbose;
		return 0;
	}
	if (optarg[0] == '-' || access(optarg, F_OK) == 0) {
		o->stages = debug;
		optind--;
		return 0;
	}
	o->one_stage[0] = optarg;
	o->stages = o->one_stage;
	return take_word("-d", stages, &unused);
}

static int take_valued(struct arena *a, int c, struct options *o)
{
	uint64_t number = 0;
	int value = 0, err = 0;

	switch (c) {
	case 'I':
		vec_push(a, &o->folders, optarg);
		break;
	case 'e':
		o->text = optarg;
		break;
	case 'c':
		o->run.command = optarg;
		break;
	case 'p':
		err = take_number("-p", false, 1u << 22, &number);
		o->run.pid = (pid_t)number;
		break;
	case 'd':
		return take_stage(o);
	case 'o':
		o->run.output = optarg;
		break;
	case 'f':
		err = take_word("-f", forms, &value);
		o->run.form = (enum output_form)value;
		break;
	case 'B':
		err = take_word("-B", bufferings, &value);
		o->run.buffering = (enum output_buffering)value;
		break;
	default:
		err = take_long(a, c, o);
	}
	return err;
}

static int take(struct arena *a, int c, struct options *o)
{
	switch (c) {
	case 'h':
		o->mode = MODE_HELP;
		break;
	case 'V':
		o->mode = MODE_VERSION;
		break;
	case 'l':
		o->mode = MODE_LIST;
		break;
	case 'v':
		o->run.verbose = true;
		break;
	case 'q':
		o->run.quiet = true;
		break;
	case 'k': /* failed helpers and reads are always counted and told */
		break;
	default:
		return take_valued(a, c, o);
	}
	return 0;
}

/* What an image has behind it. */
static bool is_of_compiling(int c)
{
	return c == 'e' || c == 'I' || c == 'd' || c == OPTION_BTF || c == OPTION_INCLUDE ||
	       c == OPTION_EMIT_ELF || c == OPTION_EMIT_LLVM || c == OPTION_AOT || c == OPTION_STATIC;
}

static void note_compiling(struct arena *a, int c, struct options *o)
{
	if (o->compiling || !is_of_compiling(c))
		return;
	for (const struct option *row = longs; row->name; row++)
		if (row->val == c)
			o->compiling = str_format(a, "--%s", row->name).p;
	if (c < OPTION_ATTACH)
		o->compiling = str_format(a, "-%c", c).p;
}

static int check_together(const struct options *o)
{
	if (o->is_static && !o->aot)
		message_error("--static is for the program that --aot writes");
	else if (o->aot && o->emit)
		message_error("--aot and --emit-elf write one file each: give one of them");
	else
		return 0;
	return -EINVAL;
}

/* Of a stand-alone program: all that is no option is a parameter. */
static int finish_program(struct options *o, char **rest)
{
	o->params = rest;
	if (o->mode != MODE_LIST && !o->compiling)
		return 0;
	message_error("%s: this program has its script compiled in (-h lists its options)",
	    o->compiling ? o->compiling : "-l");
	return -EINVAL;
}

int options_parse(struct arena *a, int argc, char **argv, int image, struct options *o)
{
	int c;

	*o = (struct options){ .image = image };
	if (environment_read(o))
		return -EINVAL;
	/* Options may follow the script, as with bpftrace. */
	while ((c = getopt_long(argc, argv, "I:e:c:p:lvd:o:f:B:qkVh", longs, NULL)) != -1) {
		if (c == '?') {
			message("btrun -h lists the options; parameters of the script that begin "
				"with - stand behind --");
			return -EINVAL;
		}
		note_compiling(a, c, o);
		if (take(a, c, o))
			return -EINVAL;
	}
	if (image >= 0)
		return finish_program(o, argv + optind);
	if (o->mode == MODE_INFO)
		o->file = argv[optind];
	if (o->mode == MODE_HELP || o->mode == MODE_VERSION || o->mode == MODE_INFO)
		return 0;
	if (o->mode == MODE_LIST) {
		o->search = o->text ? o->text : argv[optind];
		return 0;
	}
	if (!o->text && !argv[optind]) {
		message("no script: give a file, - for standard input, or -e 'PROGRAM' (btrun "
			"-h for help)");
		return -EINVAL;
	}
	if (!o->text)
		o->file = argv[optind++];
	o->params = argv + optind;
	return check_together(o);
}
