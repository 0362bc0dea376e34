/*
 * The rows of language/probes.def.
 */
#include "analysis/compilation.h"

#define PROBE(name, aliases, pattern, gives, split, ...) \
	bool split(struct compilation *c, const struct attach_syntax *syntax, struct attach *a);
#include "language/probes.def"
#undef PROBE

static const struct probe_row rows[] = {
#define PROBE(name, aliases, pattern, gives, split, ...) { #name, aliases, pattern, gives, split },
#include "language/probes.def"
#undef PROBE
};

const struct probe_row *probe_row(enum probe_id id)
{
	return &rows[id];
}

const struct probe_row *probe_find(struct str name, enum probe_id *id)
{
	for (unsigned i = 0; i < PROBE_N_; i++) {
		if (!str_is(name, rows[i].name) && !str_in_words(name, rows[i].aliases))
			continue;
		*id = (enum probe_id)i;
		return &rows[i];
	}
	return NULL;
}

void probe_near(struct compilation *c, struct str_near *near)
{
	struct str list, alias;

	for (unsigned i = 0; i < PROBE_N_; i++) {
		str_near_offer(near, c->arena, str_of(rows[i].name));
		list = str_of(rows[i].aliases);
		while (list.n) {
			alias = str_split(list, ' ', &list);
			if (alias.n > 2)
				str_near_offer(near, c->arena, alias);
		}
	}
}

struct str probe_names(struct compilation *c, unsigned gives)
{
	struct str text = STR("");

	for (unsigned i = 0; i < PROBE_N_; i++)
		if (!gives || (rows[i].gives & gives))
			text =
			    str_format(c->arena, "%.*s%s%s", STR_ARG(text), text.n ? ", " : "", rows[i].name);
	return text;
}
