/*
 * Messages of the analysis.
 */
#include "analysis/compilation.h"

/* An action with several attach points is analysed for each of them; its mistakes are told once. */
static bool is_new(struct compilation *c, struct span at, struct str text)
{
	for (size_t i = 0; i < c->messages.n; i++) {
		const struct message *m = &c->messages.v[i];

		if (m->span.begin == at.begin && m->span.end == at.end && str_eq(m->text, text))
			return false;
	}
	vec_push(c->arena, &c->messages, ((struct message){ at, text }));
	return true;
}

static void tell(struct compilation *c, struct span at, bool error, const char *format, va_list ap)
{
	struct str text;

	c->muted = true;
	if (!c->report)
		return;
	text = str_vformat(c->arena, format, ap);
	if (!is_new(c, at, text))
		return;
	c->muted = false;
	if (error)
		diag_error(c->diag, at, "%.*s", STR_ARG(text));
	else
		diag_warning(c->diag, at, "%.*s", STR_ARG(text));
}

void problem_error(struct compilation *c, struct span at, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	tell(c, at, true, format, ap);
	va_end(ap);
}

void problem_warning(struct compilation *c, struct span at, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	tell(c, at, false, format, ap);
	va_end(ap);
}

void problem_missing(struct compilation *c, struct span at, const char *format, ...)
{
	va_list ap;

	c->muted = true;
	if (c->conditional)
		return;
	va_start(ap, format);
	tell(c, at, !c->others, format, ap);
	va_end(ap);
}

void problem_hint(struct compilation *c, const char *format, ...)
{
	struct str text;
	va_list ap;

	if (c->muted)
		return;
	va_start(ap, format);
	text = str_vformat(c->arena, format, ap);
	va_end(ap);
	diag_hint(c->diag, "%.*s", STR_ARG(text));
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

struct str problem_place(struct compilation *c, struct span at)
{
	struct source_pos pos = source_pos(c->diag->map, at.begin);

	return str_format(c->arena, "%u:%u", pos.line, pos.column);
}

bool is_unknown(const struct compilation *c, const struct type *t)
{
	return t == c->error;
}
