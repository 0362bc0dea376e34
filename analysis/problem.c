/*
 * What is wrong with a script, as values: the passes record problems, and problems_tell() prints them.
 */
#include "analysis/compilation.h"
#include "base/message.h"

static void record(
    struct compilation *c, enum problem_severity severity, struct span at, const char *format, va_list ap)
{
	struct problem problem = { .severity = severity, .span = at };

	problem.text = str_vformat(c->arena, format, ap);
	vec_push(c->arena, &c->problems, problem);
	c->muted = false;
}

void problem_error(struct compilation *c, struct span at, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	record(c, PROBLEM_ERROR, at, format, ap);
	va_end(ap);
}

void problem_warning(struct compilation *c, struct span at, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	record(c, PROBLEM_WARNING, at, format, ap);
	va_end(ap);
}

void problem_missing(struct compilation *c, struct span at, const char *format, ...)
{
	va_list ap;

	c->muted = true;
	if (c->conditional)
		return;
	va_start(ap, format);
	record(c, c->others ? PROBLEM_WARNING : PROBLEM_ERROR, at, format, ap);
	va_end(ap);
}

void problem_of_command_line(struct compilation *c, struct str text)
{
	vec_push(
	    c->arena, &c->problems, ((struct problem){ .severity = PROBLEM_OF_COMMAND_LINE, .text = text }));
}

void problem_hint(struct compilation *c, const char *format, ...)
{
	struct str text;
	va_list ap;

	if (c->muted || !c->problems.n)
		return;
	va_start(ap, format);
	text = str_vformat(c->arena, format, ap);
	va_end(ap);
	vec_push(c->arena, &c->problems.v[c->problems.n - 1].hints, text);
}

void problem_hint_near(struct compilation *c, const struct str_near *near, const char *otherwise)
{
	struct str text = str_near_text(near, c->arena);

	/* Every other name is near to one of a letter or two. */
	if (text.n && near->wanted.n > 2)
		problem_hint(c, "did you mean %.*s?", STR_ARG(text));
	else if (otherwise)
		problem_hint(c, "%s", otherwise);
}

int near_offer_found(void *context, struct str name, struct str module)
{
	struct near_found *found = context;

	if (str_starts(name, found->prefix.p))
		str_near_offer(&found->near, found->arena, str_slice(name, found->prefix.n, name.n));
	return 0;
}

void problems_drop(struct compilation *c, size_t n)
{
	c->problems.n = n;
}

bool problem_is_recorded(const struct compilation *c, struct str text)
{
	for (size_t i = 0; i < c->problems.n; i++)
		if (str_eq(c->problems.v[i].text, text))
			return true;
	return false;
}

struct str problem_place(struct compilation *c, struct span at)
{
	struct source_pos pos = source_pos(c->map, at.begin);

	return str_format(c->arena, "%u:%u", pos.line, pos.column);
}

bool is_unknown(const struct compilation *c, const struct type *t)
{
	return t == c->error;
}

/* An action with several attach points is analysed for each of them; its mistakes are told once. */
static bool was_told(const struct compilation *c, size_t n)
{
	const struct problem *problem = &c->problems.v[n];

	for (size_t i = 0; i < n; i++) {
		const struct problem *p = &c->problems.v[i];

		if (p->span.begin == problem->span.begin && p->span.end == problem->span.end &&
		    str_eq(p->text, problem->text))
			return true;
	}
	return false;
}

static void tell_problem(struct diag *diag, const struct problem *p)
{
	switch (p->severity) {
	case PROBLEM_ERROR:
		diag_error(diag, p->span, "%.*s", STR_ARG(p->text));
		break;
	case PROBLEM_WARNING:
		diag_warning(diag, p->span, "%.*s", STR_ARG(p->text));
		break;
	case PROBLEM_OF_COMMAND_LINE:
		message_line(diag->out, MESSAGE_ERROR, "%.*s", STR_ARG(p->text));
		diag->errors++;
		break;
	}
	for (size_t i = 0; i < p->hints.n; i++)
		diag_hint(diag, "%.*s", STR_ARG(p->hints.v[i]));
}

void problems_tell(struct compilation *c)
{
	for (size_t i = c->n_told; i < c->problems.n; i++)
		if (!was_told(c, i))
			tell_problem(c->diag, &c->problems.v[i]);
	c->n_told = c->problems.n;
}
