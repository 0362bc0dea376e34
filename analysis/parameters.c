/*
 * args of a uprobe: the parameters as the program's debugging information has them. btrun-dwarf writes them
 * as definitions, the last of them a struct with the parameters, in which each lies at 64 times the number of
 * its place.
 */
#include "analysis/compilation.h"

#include <errno.h>
#include <stdlib.h>

#include "parser/parser.h"

#define RECORD "btrun_args"

/* A return value that is a number is the one member of a struct. */
#define RETURNED "btrun_returned"

/* What is defined is what a program of ours has written: it has no mistakes to be told about. */
static const struct type *define_all(struct compilation *c, struct str text, const char *name)
{
	struct source_map map = { .script = { STR("debugging information"), text } };
	size_t n_problems = c->problems.n;
	char *words = NULL;
	size_t size;
	struct diag mute = { .map = &map, .out = open_memstream(&words, &size), .no_warnings = true };
	const struct type *record;

	if (!mute.out)
		return NULL;
	types_begin_scope(c->types);
	define_types(c, parse_script(c->arena, lexer_new(c->arena, &map, &mute)));
	record = type_named(c->types, BTF_SHAPE_STRUCT, str_of(name));
	types_end_scope(c->types);
	problems_drop(c, n_problems);
	fclose(mute.out);
	free(words);
	return record;
}

static const struct type *make_args(struct compilation *c, const struct type *record)
{
	const struct member *found;
	uint32_t n = type_members(c->types, record, &found);
	struct member *members = arena_many(c->arena, struct member, n + 1);

	for (uint32_t i = 0; i < n; i++) {
		struct member *m = &members[i];

		*m = found[i];
		m->arg_index = m->bit_offset / 64;
		m->unreachable = m->arg_index == ARCH_NOWHERE;
		if (m->type->form == FORM_PTR)
			m->type = type_ptr(c->types, m->type->target, SPACE_USER);
	}
	return type_args(c->types, SPACE_CONTEXT, members, n);
}

static bool is_one_function(const struct attach *a)
{
	return a->function.n && !a->glob && !a->offset;
}

static int read_definitions(struct compilation *c, const struct attach *a, struct str *text)
{
	struct str name = str_format(c->arena, "%.*s:%.*s", STR_ARG(a->binary), STR_ARG(a->function));

	return kernel_read(c->options->kernel, c->arena, KERNEL_PARAMETERS, name, text);
}

static int read_parameters(struct compilation *c, const struct attach *a, const struct type **args)
{
	const struct type *record;
	struct str text;
	int err = read_definitions(c, a, &text);

	if (err)
		return err;
	record = define_all(c, text, RECORD);
	if (!record)
		return -EBADMSG;
	*args = make_args(c, record);
	return 0;
}

const struct type *parameters_returned(struct compilation *c, const struct attach *a)
{
	const struct type *record;
	const struct member *member;
	struct str text;

	if (!is_one_function(a) || c->options->portable || read_definitions(c, a, &text))
		return NULL;
	record = define_all(c, text, RETURNED);
	return record && type_members(c->types, record, &member) == 1 ? member->type : NULL;
}

/* A variable's type is that of the one member of a struct. */
#define VARIABLE "btrun_variable"

static const struct type *read_variable(struct compilation *c, struct str name)
{
	const struct type *record = NULL;
	const struct member *member;
	struct str text;

	if (!kernel_read(c->options->kernel, c->arena, KERNEL_VARIABLE, name, &text))
		record = define_all(c, text, VARIABLE);
	return record && type_members(c->types, record, &member) == 1 ? member->type : NULL;
}

/* Each round of inference asks for the same, and each answer takes a process. */
const struct type *parameters_variable(struct compilation *c, struct str name)
{
	for (size_t i = 0; i < c->variables.n; i++)
		if (str_eq(c->variables.v[i].name, name))
			return c->variables.v[i].type;
	vec_push(c->arena, &c->variables, ((struct known_variable){ name, read_variable(c, name) }));
	return c->variables.v[c->variables.n - 1].type;
}

static bool names_args(const struct node *node)
{
	struct node *children[AST_CHILDREN];
	enum builtin_id id;
	unsigned n;

	for (; node; node = node->next) {
		if (node->kind == NODE_IDENT && builtin_find(node->ident.name, &id) && builtin_is_args(id))
			return true;
		n = ast_children(node, children);
		for (unsigned i = 0; i < n; i++)
			if (names_args(children[i]))
				return true;
	}
	return false;
}

bool parameters_wanted(const struct probe_syntax *syntax)
{
	return names_args(syntax->predicate) || names_args(syntax->body);
}

static int compare_functions(const void *a, const void *b)
{
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* Tables of a program overlap: each name once. */
int parameters_each_function(
    struct compilation *c, const struct attach *pattern, kernel_found *found, void *context)
{
	struct str name =
	    str_format(c->arena, "%.*s:%.*s", STR_ARG(pattern->binary), STR_ARG(pattern->function));
	VEC(struct str) names = { 0 };
	struct str text;
	int err = kernel_read(c->options->kernel, c->arena, KERNEL_SYMBOLS, name, &text);

	while (!err && text.n) {
		struct str line = str_split(text, '\n', &text);

		vec_push(c->arena, &names, line);
	}
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), compare_functions);
	for (size_t i = 0; i < names.n; i++)
		if (!i || !str_eq(names.v[i], names.v[i - 1]))
			found(context, names.v[i], STR(""));
	return err;
}

static const char *reason(int err)
{
	switch (err) {
	case -ENODATA:
		return "it has no debugging information (DWARF)";
	case -ESRCH:
		return "its debugging information does not have that function";
	case -EOPNOTSUPP:
		return "the compiler has given that function another way of being called";
	case -ENOENT:
		return "there is no such file, or btrun-dwarf is not installed";
	}
	return "its debugging information cannot be read";
}

const struct type *parameters_args(struct compilation *c, struct span at)
{
	struct unit *unit = c->unit;
	const struct attach *a = unit->attaches.v[0];

	if (unit->args)
		return unit->args;
	if (!is_one_function(a)) {
		problem_error(c, at, "args needs a probe of one function's beginning");
		problem_hint(c, "name it without a pattern or an offset, or use arg0, arg1 ...");
		return c->error;
	}
	if (!unit->args_error)
		unit->args_error = read_parameters(c, a, &unit->args);
	if (!unit->args_error) {
		portable_parameters(c, at, a);
		return unit->args;
	}
	problem_error(c, at, "the parameters of %.*s in %.*s are not known: %s", STR_ARG(a->function),
	    STR_ARG(a->binary), reason(unit->args_error));
	problem_hint(
	    c, "use arg0, arg1 ...; programs have it when compiled with -g, packages in their -dbgsym");
	return c->error;
}
