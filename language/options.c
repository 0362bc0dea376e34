#include "language/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"

const struct option_row option_rows[OPTIONS_] = {
#define OPTION(                                                                                              \
    name, letter, long_name, env, config, type, most, words, usual, need, readers, argument, help, env_help) \
	[OPTION_##name] = { #name, letter, long_name, env, config, OPTION_TYPE_##type, most, words, usual,   \
		OPTION_FOR_##need, OPTION_IN_##readers, argument, help, env_help },
#include "language/options.def"
#undef OPTION
};

static bool read_switch(const char *text, bool *value)
{
	*value = !text || text[0] == '1';
	return !text || ((text[0] == '0' || text[0] == '1') && !text[1]);
}

static bool read_number(const struct option_row *row, const char *text, uint64_t *value)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (row->type == OPTION_TYPE_SIZE && *end && strchr("kKmMgG", *end)) {
		unsigned shift = strchr("kK", *end) ? 10 : strchr("mM", *end) ? 20 : 30;

		n = n > UINT64_MAX >> shift ? UINT64_MAX : n << shift;
		end++;
	}
	*value = n;
	return !errno && end != text && !*end && text[0] != '-' && n != 0 && n <= row->most;
}

static bool read_word(const char *words, const char *text, unsigned *value)
{
	struct str rest = str_of(words);

	for (*value = 0; rest.n; ++*value)
		if (str_is(str_split(rest, ' ', &rest), text))
			return true;
	return false;
}

static bool take_value(struct arena *a, const struct option_row *row, const char *text, void *place)
{
	uint64_t number;

	switch (row->type) {
	case OPTION_TYPE_SWITCH:
		return read_switch(text, place);
	case OPTION_TYPE_NUMBER:
	case OPTION_TYPE_SIZE:
		return read_number(row, text, place);
	case OPTION_TYPE_PROCESS:
		if (!read_number(row, text, &number))
			return false;
		*(pid_t *)place = (pid_t)number;
		return true;
	case OPTION_TYPE_WORD:
		return read_word(row->words, text, place);
	case OPTION_TYPE_FILE:
		*(const char **)place = text;
		return access(text, R_OK) == 0;
	case OPTION_TYPE_TEXT:
		*(const char **)place = text;
		return true;
	case OPTION_TYPE_TEXTS:
		vec_push(a, (struct option_texts *)place, text);
		return true;
	case OPTION_TYPE_ORDER:
	case OPTION_TYPE_NOTHING:
		break;
	}
	return true;
}

static void refuse_value(const struct option_row *row, const char *called, const char *text)
{
	if (row->type == OPTION_TYPE_FILE)
		message("%s: cannot read %s: %s", called, text, strerror(errno));
	else if (row->type == OPTION_TYPE_SWITCH)
		message("%s: \"%s\" is not 0 or 1", called, text);
	else if (row->type == OPTION_TYPE_WORD)
		message("%s: \"%s\" is none of %s", called, text, row->words);
	else
		message("%s: \"%s\" is not a number from 1 to %" PRIu64 "%s", called, text, row->most,
		    row->type == OPTION_TYPE_SIZE ? " (K, M and G may follow)" : "");
}

int option_take(
    struct arena *a, const struct option_row *row, const char *called, const char *text, void *place)
{
	if (take_value(a, row, text, place))
		return 0;
	refuse_value(row, called, text);
	return -EINVAL;
}

int option_take_word(const struct option_row *row, const char *called, const char *text)
{
	unsigned ignored;

	if (read_word(row->words, text, &ignored))
		return 0;
	message("%s: \"%s\" is none of %s", called, text, row->words);
	return -EINVAL;
}

/* An argument in brackets may be left out, so it does not belong to the option. */
bool option_has_argument(const struct option_row *row)
{
	return row->argument && row->argument[0] != '[';
}

void option_set_usual(const struct option_row *row, void *place)
{
	if (row->type == OPTION_TYPE_NUMBER || row->type == OPTION_TYPE_SIZE)
		*(uint64_t *)place = row->usual;
}

const char *option_argument(struct arena *a, const struct option_row *row)
{
	char *text = (char *)str_format(a, "--%s", row->name).p;

	for (char *p = text; *p; p++)
		if (*p == '_')
			*p = '-';
	return text;
}

static int add_argument(struct arena *a, const struct option_row *row, const char *value, char **argv, int n)
{
	if (argv)
		argv[n] = (char *)option_argument(a, row);
	if (argv && value)
		argv[n + 1] = (char *)value;
	return n + (value ? 2 : 1);
}

static const char *option_word(struct arena *a, const char *words, unsigned n)
{
	struct str rest = str_of(words), word = str_split(rest, ' ', &rest);

	while (n--)
		word = str_split(rest, ' ', &rest);
	return str_copy(a, word.p, word.n).p;
}

int option_arguments(struct arena *a, const struct option_row *row, const void *place, char **argv, int n)
{
	const struct option_texts *texts = place;
	const char *text = NULL;

	switch (row->type) {
	case OPTION_TYPE_SWITCH:
		return *(const bool *)place ? add_argument(a, row, NULL, argv, n) : n;
	case OPTION_TYPE_NUMBER:
	case OPTION_TYPE_SIZE:
		if (*(const uint64_t *)place != row->usual)
			text = str_format(a, "%" PRIu64, *(const uint64_t *)place).p;
		break;
	case OPTION_TYPE_PROCESS:
		if (*(const pid_t *)place)
			text = str_format(a, "%d", *(const pid_t *)place).p;
		break;
	case OPTION_TYPE_WORD:
		if (*(const unsigned *)place)
			text = option_word(a, row->words, *(const unsigned *)place);
		break;
	case OPTION_TYPE_TEXT:
	case OPTION_TYPE_FILE:
		text = *(const char *const *)place;
		break;
	case OPTION_TYPE_TEXTS:
		for (size_t i = 0; i < texts->n; i++)
			n = add_argument(a, row, texts->v[i], argv, n);
		break;
	case OPTION_TYPE_ORDER:
	case OPTION_TYPE_NOTHING:
		break;
	}
	return text ? add_argument(a, row, text, argv, n) : n;
}

void option_print_words(FILE *out, const char *words)
{
	struct str rest = str_of(words);

	while (rest.n) {
		struct str word = str_split(rest, ' ', &rest);

		fprintf(out, "%.*s", STR_ARG(word));
		if (rest.n)
			fputs(memchr(rest.p, ' ', rest.n) ? ", " : " or ", out);
	}
}
