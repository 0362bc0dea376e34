/*
 * The rows of language/builtins.def, and the names argN that have none.
 */
#include "analysis/compilation.h"

#define BUILTIN(name, forms, signature, where, rule, ...) \
	const struct type *rule(struct compilation *c, struct use *use);
#include "language/builtins.def"
#undef BUILTIN

static const struct builtin rows[] = {
#define BUILTIN(name, forms, signature, where, rule, ...) { #name, forms, signature, where, rule },
#include "language/builtins.def"
#undef BUILTIN
};

const struct builtin *builtin_row(enum builtin_id id)
{
	return &rows[id];
}

const struct builtin *builtin_find(struct str name, enum builtin_id *id)
{
	for (unsigned i = 0; i < BUILTIN_N_; i++) {
		if (!str_is(name, rows[i].name))
			continue;
		if (id)
			*id = (enum builtin_id)i;
		return &rows[i];
	}
	return NULL;
}

bool builtin_ends_action(enum builtin_id id)
{
	return rows[id].forms & BUILTIN_IS_END;
}

bool builtin_is_condition(enum builtin_id id)
{
	return rows[id].forms & BUILTIN_IS_CONDITION;
}

bool builtin_is_args(enum builtin_id id)
{
	return rows[id].forms & BUILTIN_IS_ARGS;
}

void builtin_near(struct compilation *c, struct str_near *near, unsigned forms)
{
	for (unsigned i = 0; i < BUILTIN_N_; i++)
		if ((rows[i].forms & forms) && !(rows[i].forms & BUILTIN_IS_INTERNAL))
			str_near_offer(near, c->arena, str_of(rows[i].name));
}

int builtin_numbered(struct str name, const char *prefix)
{
	size_t n = str_of(prefix).n;
	int number = 0;

	if (!str_starts(name, prefix) || name.n <= n || name.n > n + 2)
		return -1;
	for (size_t i = n; i < name.n; i++) {
		if (name.p[i] < '0' || name.p[i] > '9')
			return -1;
		number = number * 10 + name.p[i] - '0';
	}
	return number;
}

int builtin_argument(struct compilation *c, struct str name)
{
	int number = builtin_numbered(name, "arg");

	return number < (int)c->program->arch->n_arguments ? number : -1;
}
