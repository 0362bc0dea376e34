/*
 * The rows of options.def, and what they have in common: texts become values in the same way wherever they
 * come from. A struct that holds options has a member of each row that it is for: OPTION_MEMBERS() below.
 */
#ifndef BTRUN_LANGUAGE_OPTIONS_H
#define BTRUN_LANGUAGE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/str.h"

enum option_id {
#define OPTION(name, ...) OPTION_##name,
#include "language/options.def"
#undef OPTION
	OPTIONS_
};

enum option_type {
	OPTION_TYPE_SWITCH,  /* bool: on the command line it is there, else 0 or 1 */
	OPTION_TYPE_NUMBER,  /* uint64_t, from 1 on */
	OPTION_TYPE_PROCESS, /* the same as a pid_t */
	OPTION_TYPE_SIZE,    /* the same; K, M or G may follow */
	OPTION_TYPE_WORD,    /* unsigned: which of the words */
	OPTION_TYPE_TEXT,    /* const char *, which is not copied */
	OPTION_TYPE_FILE,    /* the same: a file or folder that can be read */
	OPTION_TYPE_TEXTS,   /* struct option_texts: it can be given again */
	OPTION_TYPE_ORDER,   /* cli/ carries it out */
	OPTION_TYPE_NOTHING, /* is accepted */
};

struct option_texts {
	const char **v;
	size_t n, cap;
};

enum option_need {
	OPTION_FOR_NOBODY,
	OPTION_FOR_CLI,
	OPTION_FOR_COMPILER,
	OPTION_FOR_RUNTIME,
	OPTION_FOR_BOTH, /* compiler and runtime */
};

enum option_readers {
	OPTION_IN_NOBODY = 0, /* it is not in the help */
	OPTION_IN_SCRIPTS = 1 << 0,
	OPTION_IN_PROGRAMS = 1 << 1, /* that --aot wrote */
	OPTION_IN_ALL = OPTION_IN_SCRIPTS | OPTION_IN_PROGRAMS,
	OPTION_IN_COMPILING = OPTION_IN_SCRIPTS | 1 << 2, /* what an image has behind it */
};

struct option_row {
	const char *name;
	char letter;
	const char *long_name, *environment, *config;
	enum option_type type;
	uint64_t most;
	const char *words;
	uint64_t usual;
	enum option_need need;
	enum option_readers readers;
	const char *argument, *help, *environment_help;
};

extern const struct option_row option_rows[OPTIONS_];

/* What is so where nobody says otherwise. */
enum option_usual {
#define OPTION(name, letter, long_name, env, config, type, most, words, usual, ...) \
	OPTION_USUAL_##name = usual,
#include "language/options.def"
#undef OPTION
};

/* The member of a struct that holds options, of the type that a row names. */
#define OPTION_MEMBER(type, name) OPTION_MEMBER_##type(name)
#define OPTION_MEMBER_PROCESS(name) pid_t name;
#define OPTION_MEMBER_SWITCH(name) bool name;
#define OPTION_MEMBER_NUMBER(name) uint64_t name;
#define OPTION_MEMBER_SIZE(name) uint64_t name;
#define OPTION_MEMBER_WORD(name) unsigned name;
#define OPTION_MEMBER_TEXT(name) const char *name;
#define OPTION_MEMBER_FILE(name) const char *name;
#define OPTION_MEMBER_TEXTS(name) struct option_texts name;
#define OPTION_MEMBER_ORDER(name)
#define OPTION_MEMBER_NOTHING(name)

/* Reads a value into its member, place; called: what the person calls the option; text: NULL for a switch
 * that is there. Returns 0, or -EINVAL when what is wrong has been printed. */
int option_take(
    struct arena *a, const struct option_row *row, const char *called, const char *text, void *place);
/* Whether the text is one of the row's words: 0, or -EINVAL and what is wrong is printed. */
int option_take_word(const struct option_row *row, const char *called, const char *text);
/* Whether something has to follow the option on the command line. */
bool option_has_argument(const struct option_row *row);
/* Gives a member the value of an option that is not given. */
void option_set_usual(const struct option_row *row, void *place);
/* Returns the name of btrun-compile's option for the row: "--max-strlen" of max_strlen. */
const char *option_argument(struct arena *a, const struct option_row *row);
/* Appends to argv, behind its n words, what btrun-compile is told of the option whose value is at place.
 * Returns how many words there are then; NULL for argv only counts them. */
int option_arguments(struct arena *a, const struct option_row *row, const void *place, char **argv, int n);
/* Prints words as people list them: "a, b or c". */
void option_print_words(FILE *out, const char *words);

#endif
