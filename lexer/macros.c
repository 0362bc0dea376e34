/*
 * The macros that are defined where the scanner is, and those in whose text it is.
 */
#include "lexer/internal.h"

static ptrdiff_t index_of(const struct lexer *lexer, struct str name)
{
	for (size_t i = 0; i < lexer->macros.n; i++)
		if (str_eq(lexer->macros.v[i]->name, name))
			return (ptrdiff_t)i;
	return -1;
}

bool macro_is_defined(const struct lexer *lexer, struct str name)
{
	return index_of(lexer, name) >= 0;
}

struct macro *macro_find(const struct lexer *lexer, struct str name)
{
	ptrdiff_t index = index_of(lexer, name);

	return index < 0 || lexer->macros.v[index]->active ? NULL : lexer->macros.v[index];
}

struct macro *macro_define(struct lexer *lexer, struct str name, struct str text, struct span definition)
{
	struct macro *macro = arena_one(lexer->arena, struct macro);
	ptrdiff_t index = index_of(lexer, name);

	macro->name = str_copy(lexer->arena, name.p, name.n);
	macro->text = str_copy(lexer->arena, text.p, text.n);
	macro->definition = definition;
	if (index >= 0)
		lexer->macros.v[index] = macro;
	else
		vec_push(lexer->arena, &lexer->macros, macro);
	return macro;
}

void macro_undefine(struct lexer *lexer, struct str name)
{
	ptrdiff_t index = index_of(lexer, name);

	if (index >= 0)
		lexer->macros.v[index] = lexer->macros.v[--lexer->macros.n];
}

void macro_leave(struct lexer *lexer)
{
	lexer->frames.v[--lexer->frames.n]->active = false;
}

void lexer_define(struct lexer *lexer, struct str name, struct str text)
{
	macro_define(lexer, name, text, (struct span){ 0, 0 });
}
