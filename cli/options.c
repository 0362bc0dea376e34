#include "cli/options.h"
#include "cli/environment.h"
#include "cli/option_places.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"

/* The enums of WORD options have their values in the order of the words. */
_Static_assert(
    ATTACH_AUTO == 0 && ATTACH_FENTRY == 1 && ATTACH_TRACEFS == 2 && ATTACH_PERF == 3 && ATTACH_MULTI == 4,
    "the words of --attach");
_Static_assert(OUTPUT_TEXT == 0 && OUTPUT_JSON == 1, "the words of --format");
_Static_assert(OUTPUT_LINE == 0 && OUTPUT_FULL == 1 && OUTPUT_NONE == 2, "the words of --buffering");

#define LONG_ONLY 256 /* getopt_long() gives this plus the row's number for long names */

/* bpftrace's -d and -dd have no argument: what follows is another option, or the script. */
static int take_stage(struct options *o)
{
	static const char *const debug[] = { "ast", "types", "ir", NULL };
	static const char *const verbose[] = { "tokens", "ast", "types", "ir", "opt", "asm", NULL };
	const struct option_row *row = &option_rows[OPTION_debug];

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
	return option_take_word(row, "-d", optarg);
}

static int carry_out(struct options *o, enum option_id id)
{
	if (id == OPTION_debug)
		return take_stage(o);
	o->mode = id == OPTION_help      ? MODE_HELP
		  : id == OPTION_version ? MODE_VERSION
		  : id == OPTION_list    ? MODE_LIST
					 : MODE_INFO;
	return 0;
}

/* What getopt_long() gave: the number of a row, or OPTIONS_. */
static enum option_id option_of(int c)
{
	enum option_id id = 0;

	if (c >= LONG_ONLY)
		return (enum option_id)(c - LONG_ONLY);
	while (id < OPTIONS_ && option_rows[id].letter != c)
		id++;
	return id;
}

static const char *called_option(struct arena *a, const struct option_row *row)
{
	return (row->letter ? str_format(a, "-%c", row->letter) : str_format(a, "--%s", row->long_name)).p;
}

static int take_option(struct arena *a, enum option_id id, struct options *o)
{
	const struct option_row *row = &option_rows[id];
	const char *name = called_option(a, row);

	if (!o->compiling && row->readers == OPTION_IN_COMPILING)
		o->compiling = name;
	if (row->type == OPTION_TYPE_ORDER)
		return carry_out(o, id);
	return option_take(a, row, name, optarg, options_place(o, id));
}

/* What getopt_long() wants to know of the rows. */
struct accepted {
	struct option longs[OPTIONS_ + 1];
	char letters[2 * OPTIONS_ + 1];
};

static void list_accepted(struct accepted *all)
{
	struct option *next = all->longs;
	char *letter = all->letters;

	*all = (struct accepted){ 0 };
	for (int id = 0; id < OPTIONS_; id++) {
		const struct option_row *row = &option_rows[id];
		bool has_argument = option_has_argument(row);

		if (row->long_name)
			*next++ = (struct option){ row->long_name,
				has_argument ? required_argument : no_argument, NULL, LONG_ONLY + id };
		if (row->letter)
			*letter++ = row->letter;
		if (row->letter && has_argument)
			*letter++ = ':';
	}
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

static int take_options(struct arena *a, int argc, char **argv, struct options *o)
{
	struct accepted all;
	int c;

	list_accepted(&all);
	/* Options may follow the script, as with bpftrace. */
	while ((c = getopt_long(argc, argv, all.letters, all.longs, NULL)) != -1) {
		if (c == '?') {
			message("btrun -h lists the options; parameters of the script that begin "
				"with - stand behind --");
			return -EINVAL;
		}
		if (take_option(a, option_of(c), o))
			return -EINVAL;
	}
	return 0;
}

int options_parse(struct arena *a, int argc, char **argv, int image, struct options *o)
{
	*o = (struct options){ .image = image };
	for (enum option_id id = 0; id < OPTIONS_; id++)
		option_set_usual(&option_rows[id], options_place(o, id));
	if (environment_read(a, o) || take_options(a, argc, argv, o))
		return -EINVAL;
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
