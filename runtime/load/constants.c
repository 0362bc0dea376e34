/*
 * What an image leaves open in .rodata: externs, which this machine tells (externs.c), and parameters, which
 * the command line gives. Filled in before the programs are loaded, so the verifier sees constants.
 */
#include "runtime/load/constants.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/message.h"
#include "runtime/load/data_section.h"
#include "runtime/load/externs.h"

static int fill_parameters(struct tracer *t, char *bytes, size_t size)
{
	for (size_t i = 0; i < t->image.parameters.n; i++) {
		const struct image_parameter *p = &t->image.parameters.v[i];

		if (p->offset == IMAGE_NONE)
			continue;
		if (p->offset > size || size - p->offset < p->size) {
			message("the image cannot be used: a parameter lies outside .rodata");
			return -EINVAL;
		}
		memset(bytes + p->offset, 0, p->size);
		memcpy(bytes + p->offset, t->loaded.parameters[i].p, t->loaded.parameters[i].n);
	}
	return 0;
}

int constants_fill(struct tracer *t)
{
	struct bpf_map *rodata = load_internal_map(t, ".rodata");
	size_t size = 0;
	const void *initial = rodata ? bpf_map__initial_value(rodata, &size) : NULL;
	char *bytes = initial ? arena_copy(t->runtime.arena, initial, size) : NULL;
	int err = externs_fill(t, bytes, size);

	if (!err)
		err = fill_parameters(t, bytes, size);
	if (err || !bytes)
		return err;
	return bpf_map__set_initial_value(rodata, bytes, size);
}

/* Gives a parameter by its position, of which those that the image was compiled with come first. Returns
 * false when it is not given. */
static bool positional(
    const struct tracer *t, const struct commandline *line, unsigned number, struct str *text)
{
	size_t at = (size_t)number - t->image.n_fixed - 1;

	if (number <= t->image.n_fixed || at >= line->positional.n)
		return false;
	*text = line->positional.v[at];
	return true;
}

static bool given_text(
    const struct tracer *t, const struct commandline *line, const struct image_parameter *p, struct str *text)
{
	*text = p->fallback;
	for (size_t i = 0; i < line->named.n; i++) {
		if (!line->named.v[i].given || !str_eq(line->named.v[i].name, p->name))
			continue;
		*text = line->named.v[i].value;
		return true;
	}
	return p->number && positional(t, line, p->number, text);
}

static int refuse_value(struct tracer *t, const struct image_parameter *p, struct str text, const char *why)
{
	struct str name = p->name.n ? str_format(t->runtime.arena, "--%.*s", STR_ARG(p->name))
				    : str_format(t->runtime.arena, "$%u", p->number);

	diag_error(&t->diag, p->span, "%.*s is \"%.*s\", %s", STR_ARG(name), STR_ARG(text), why);
	return -EINVAL;
}

static int take_text(struct tracer *t, const struct image_parameter *p, struct str text, struct str *value)
{
	*value = str_slice(text, p->skip < text.n ? p->skip : text.n, text.n);
	if (value->n < p->size)
		return 0;
	refuse_value(t, p, text,
	    str_format(t->runtime.arena, "longer than the %u bytes that there is room for", p->size - 1).p);
	diag_hint(&t->diag, "BPFTRACE_STRLEN, where the image is made, gives it more");
	return -E2BIG;
}

static int take_parameter(
    struct tracer *t, const struct commandline *line, const struct image_parameter *p, struct str *value)
{
	uint64_t number = 0;
	struct str text;
	bool given = given_text(t, line, p, &text);

	if (p->kind == PARAMETER_TEXT)
		return take_text(t, p, text, value);
	if (p->kind == PARAMETER_COUNT)
		number = t->image.n_fixed + line->positional.n;
	else if (text.n && !commandline_value(p->kind, text, &number))
		return refuse_value(
		    t, p, text, str_format(t->runtime.arena, "not %s", commandline_wanted(p->kind)).p);
	else if (!text.n && given && p->name.n)
		return refuse_value(
		    t, p, text, str_format(t->runtime.arena, "not %s", commandline_wanted(p->kind)).p);
	*value = (struct str){ arena_copy(t->runtime.arena, &number, sizeof(number)), sizeof(number) };
	return 0;
}

/* Words behind an image that takes none are a mistake; a script may get more than it looks at. */
static int check_taken(const struct tracer *t, const struct commandline *line)
{
	for (size_t i = 0; i < t->image.parameters.n; i++)
		if (t->image.parameters.v[i].number || t->image.parameters.v[i].kind == PARAMETER_COUNT)
			return 0;
	if (!line->positional.n)
		return 0;
	message_error("\"%.*s\" is given to an image that takes no parameters%s",
	    STR_ARG(line->positional.v[0]), t->image.n_fixed ? ": it was compiled with them" : "");
	return -EINVAL;
}

/* Does the image take this parameter? A name may have a $5 of its own. */
static bool takes(const struct tracer *t, unsigned number)
{
	for (size_t i = 0; i < t->image.parameters.n; i++)
		if (t->image.parameters.v[i].number == number)
			return true;
	return false;
}

/* Fills what the command line gives into the texts of an attach point. */
static int open_text(
    struct tracer *t, const struct commandline *line, const struct image_attach *a, struct str *text)
{
	struct str out = STR(""), rest = *text, before, value;
	struct arena *arena = t->runtime.arena;
	unsigned number;

	while (commandline_find(rest, &before, &number, &rest)) {
		if (!takes(t, number)) {
			out = str_format(arena, "%.*s%.*s$%u", STR_ARG(out), STR_ARG(before), number);
			continue;
		}
		if (!positional(t, line, number, &value) || !value.n) {
			diag_error(
			    &t->diag, a->span, "this attaches to what $%u names, which is not given", number);
			return -EINVAL;
		}
		out = str_format(arena, "%.*s%.*s%.*s", STR_ARG(out), STR_ARG(before), STR_ARG(value));
	}
	*text = str_format(arena, "%.*s%.*s", STR_ARG(out), STR_ARG(rest));
	return 0;
}

static bool scale(struct image_attach *a, uint64_t by)
{
	if (by > INT64_MAX)
		return false;
	if (a->count)
		return !__builtin_mul_overflow(a->count, by, &a->count) && a->count;
	if (a->is_rate)
		a->period_ns = by ? a->period_ns / by : 0;
	else if (__builtin_mul_overflow(a->period_ns, by, &a->period_ns))
		return false;
	return a->period_ns != 0;
}

static int open_number(struct tracer *t, struct image_attach *a)
{
	uint64_t value = 0;

	if (a->parameter == IMAGE_NONE)
		return 0;
	memcpy(&value, t->loaded.parameters[a->parameter].p, sizeof(value));
	if (scale(a, value))
		return 0;
	diag_error(&t->diag, a->span, "%.*s is none: the number is too small or too large", STR_ARG(a->text));
	return -ERANGE;
}

/* Makes a name of a pattern that has become one without wildcards. */
static void settle_glob(struct image_attach *a)
{
	bool is_cpp = a->binary.n && a->module.n;

	if (a->glob && !is_cpp && a->probe != PROBE_usdt)
		a->glob = str_has_glob(a->binary) || str_has_glob(a->function) || str_has_glob(a->module);
}

static int open_attach(struct tracer *t, const struct commandline *line, struct image_attach *a)
{
	struct str *const texts[] = { &a->text, &a->module, &a->function, &a->binary, &a->category,
		&a->event };
	int err = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && !err; i++)
		err = open_text(t, line, a, texts[i]);
	if (!err)
		err = open_number(t, a);
	settle_glob(a);
	return err;
}

int constants_take(struct tracer *t)
{
	struct arena *a = t->runtime.arena;
	struct commandline line = { 0 };
	VEC(struct str) words = { 0 };
	struct str wrong;
	int err;

	for (char *const *word = t->options->params; word && *word; word++)
		vec_push(a, &words, str_of(*word));
	image_commandline(a, &t->image, &line);
	wrong = commandline_split(a, words.v, words.n, &line);
	if (wrong.n) {
		message_error("%.*s", STR_ARG(wrong));
		return -EINVAL;
	}
	t->loaded.parameters = arena_many(a, struct str, t->image.parameters.n + 1);
	err = check_taken(t, &line);
	/* Every mistake of a command line at once. */
	for (size_t i = 0; i < t->image.parameters.n; i++) {
		int e = take_parameter(t, &line, &t->image.parameters.v[i], &t->loaded.parameters[i]);

		err = err ? err : e;
	}
	for (size_t i = 0; i < t->image.attaches.n && !err; i++)
		if (t->image.attaches.v[i].is_open)
			err = open_attach(t, &line, &t->image.attaches.v[i]);
	return err;
}
