/*
 * $1, str($1), $# and getopt("name"). In a script that runs now pass expand puts what the command line says
 * in the place of each. In an image that is written for later, those that have not been given stay open: pass
 * resolve makes them rows of program.parameters, which the runtime fills in.
 */
#include "analysis/compilation.h"

#define BUILTIN(name, forms, signature, where, rule, ...) \
	const struct type *rule(struct compilation *c, struct use *use);
#include "language/builtins.def"
#undef BUILTIN

bool commandline_is_bool(struct str text)
{
	uint64_t unused;

	return commandline_value(PARAMETER_BOOL, text, &unused);
}

/* What a getopt() says, before anything in it has been looked at. */
static bool read_option(const struct node *call, struct parameter *p)
{
	const struct node *name = call->call.args, *fallback = name ? name->next : NULL,
			  *description = fallback ? fallback->next : NULL;
	int64_t value;

	*p = (struct parameter){ .kind = PARAMETER_BOOL, .fallback = STR("false"), .span = call->span };
	if (!name || name->kind != NODE_STRING)
		return false;
	p->name = name->string.text;
	if (description && description->kind == NODE_STRING)
		p->description = description->string.text;
	if (!fallback)
		return true;
	if (fallback->kind == NODE_STRING) {
		p->kind = PARAMETER_TEXT;
		p->fallback = fallback->string.text;
	} else if (fallback->kind == NODE_IDENT) {
		p->fallback = fallback->ident.name;
		return commandline_is_bool(p->fallback);
	} else {
		p->kind = PARAMETER_NUMBER;
		return fold_int(fallback, &value);
	}
	return true;
}

static struct parameter *find_option(struct compilation *c, struct str name)
{
	for (size_t i = 0; i < c->options_named.n; i++)
		if (str_eq(c->options_named.v[i].name, name))
			return &c->options_named.v[i];
	return NULL;
}

static bool is_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || name.p[i] == '=')
			return false;
	return name.n && name.p[0] != '-';
}

static void declare_option(struct compilation *c, const struct node *call)
{
	const struct node *fallback = call->call.args ? call->call.args->next : NULL;
	struct parameter p, *other;
	int64_t value;

	if (!read_option(call, &p))
		return;
	if (p.kind == PARAMETER_NUMBER && fold_int(fallback, &value))
		p.fallback = str_format(c->arena, "%lld", (long long)value);
	other = find_option(c, p.name);
	if (!is_name(p.name)) {
		problem_error(
		    c, call->call.args->span, "\"%.*s\" cannot be a parameter's name", STR_ARG(p.name));
		problem_hint(c, "it is given as --NAME=VALUE");
	} else if (!other) {
		vec_push(c->arena, &c->options_named, p);
	} else if (other->kind != p.kind || !str_eq(other->fallback, p.fallback)) {
		problem_error(c, call->span, "--%.*s has another default at %.*s: %.*s", STR_ARG(p.name),
		    STR_ARG(problem_place(c, other->span)), STR_ARG(other->fallback));
		problem_hint(c, "a parameter has the same default wherever it is used");
	} else if (!other->description.n) {
		other->description = p.description;
	}
}

static void find_options(struct compilation *c, const struct node *node)
{
	struct node *children[AST_CHILDREN];
	const struct builtin *builtin;
	unsigned n;

	for (; node; node = node->next) {
		builtin = node->kind == NODE_CALL ? builtin_find(node->call.name, NULL) : NULL;
		if (builtin && builtin->rule == builtin_type_getopt)
			declare_option(c, node);
		n = ast_children(node, children);
		for (unsigned i = 0; i < n; i++)
			find_options(c, children[i]);
	}
}

/* Once, wherever it is used. */
static void check_given(struct compilation *c, size_t i)
{
	const struct parameter *p = &c->options_named.v[i];
	const struct named_parameter *named = &c->line.named.v[i];
	uint64_t value;

	if (named->given && p->kind != PARAMETER_TEXT && !commandline_value(p->kind, named->value, &value))
		problem_error(c, p->span, "--%.*s is \"%.*s\", not %s", STR_ARG(p->name),
		    STR_ARG(named->value), commandline_wanted(p->kind));
}

void commandline_begin(struct compilation *c, const struct script *script)
{
	struct str wrong;

	for (size_t i = 0; i < script->probes.n; i++) {
		find_options(c, script->probes.v[i].predicate);
		find_options(c, script->probes.v[i].body);
	}
	for (size_t i = 0; i < c->options_named.n; i++) {
		struct named_parameter named = { .name = c->options_named.v[i].name };

		named.is_switch = c->options_named.v[i].kind == PARAMETER_BOOL;
		vec_push(c->arena, &c->line.named, named);
	}
	wrong = commandline_split(c->arena, c->options->params, c->options->n_params, &c->line);
	for (size_t i = 0; i < c->line.named.n; i++)
		check_given(c, i);
	c->program->n_fixed = (uint32_t)c->line.positional.n;
	if (!wrong.n)
		return;
	problem_of_command_line(c, wrong);
}

bool commandline_is_open(const struct compilation *c, unsigned number)
{
	return c->options->open_parameters && (!number || number > c->line.positional.n);
}

struct str commandline_text(const struct compilation *c, unsigned number)
{
	return number && number <= c->line.positional.n ? c->line.positional.v[number - 1] : STR("");
}

/* Returns the row of a parameter, or one that is not there yet; what is used as a number and as a text has
 * two.
 */
static uint32_t find_row(const struct compilation *c, const struct parameter *p)
{
	uint32_t i;

	for (i = 0; i < c->program->parameters.n; i++) {
		const struct parameter *row = &c->program->parameters.v[i];

		if (row->kind == p->kind && row->number == p->number && row->skip == p->skip &&
		    row->unplaced == p->unplaced && str_eq(row->name, p->name))
			break;
	}
	return i;
}

static uint32_t add_row(struct compilation *c, struct parameter p)
{
	uint32_t row = find_row(c, &p);

	if (row == c->program->parameters.n)
		vec_push(c->arena, &c->program->parameters, p);
	return row;
}

#define NAME_SIZE 4096 /* a path, or a function of C++ */

uint32_t commandline_open(struct compilation *c, enum parameter_kind kind, unsigned number, struct span at)
{
	return add_row(c, (struct parameter){ .kind = kind,
			      .number = number,
			      .size = kind == PARAMETER_TEXT ? NAME_SIZE : 8,
			      .unplaced = true,
			      .span = at });
}

void commandline_open_names(struct compilation *c, struct str text, struct span at)
{
	struct str before;
	unsigned number;

	while (commandline_find(text, &before, &number, &text))
		commandline_open(c, PARAMETER_TEXT, number, at);
}

/* str($1) takes the parameter's text, str($1 + 2) what is behind its first two bytes; a missing one is empty.
 */
static void as_text(struct compilation *c, struct node *node, unsigned number, uint32_t skip)
{
	struct str text = commandline_text(c, number);

	if (commandline_is_open(c, number)) {
		node->kind = NODE_PARAM;
		node->param.number = number;
		node->param.is_text = true;
		node->param.skip = skip;
		node->param.row = 0;
		return;
	}
	node->kind = NODE_STRING;
	node->string.text = str_slice(text, skip < text.n ? skip : text.n, text.n);
}

void commandline_as_text(struct compilation *c, struct node *arg)
{
	struct node *left = arg->kind == NODE_BINARY && arg->binary.op == OP_ADD ? arg->binary.left : NULL;
	int64_t skip;

	if (arg->kind == NODE_PARAM && arg->param.number)
		as_text(c, arg, arg->param.number, 0);
	else if (left && left->kind == NODE_PARAM && left->param.number &&
		 fold_int(arg->binary.right, &skip) && skip >= 0 && skip <= UINT16_MAX)
		as_text(c, arg, left->param.number, (uint32_t)skip);
}

void commandline_as_number(struct compilation *c, struct node *node)
{
	unsigned number = node->param.number;
	struct str text = commandline_text(c, number);
	uint64_t value = 0;

	if (node->param.is_text || commandline_is_open(c, number))
		return;
	if (!number)
		fold_into_int(node, c->line.positional.n, type_int(c->types, 8, true));
	else if (!text.n || commandline_value(PARAMETER_NUMBER, text, &value))
		fold_into_int(node, value, type_int(c->types, 8, value <= INT64_MAX || text.p[0] == '-'));
}

const struct type *commandline_param_type(struct compilation *c, const struct node *node)
{
	unsigned number = node->param.number;

	if (node->param.is_text)
		return type_string(c->types, c->options->max_strlen);
	if (commandline_is_open(c, number))
		return type_int(c->types, 8, true);
	problem_error(
	    c, node->span, "$%u is \"%.*s\", not a number", number, STR_ARG(commandline_text(c, number)));
	problem_hint(c, "str($%u) uses it as a string", number);
	return c->error;
}

bool commandline_hint(struct compilation *c, const struct node *node)
{
	if (node->kind != NODE_PARAM || !commandline_is_open(c, node->param.number))
		return false;
	problem_hint(c,
	    "an image gets its parameters when it runs; one that stands here is given when the image is "
	    "made, behind the script, and stays the same");
	return true;
}

static uint32_t text_size(const struct compilation *c, struct str fallback)
{
	return fallback.n >= c->options->max_strlen ? (uint32_t)fallback.n + 1 : c->options->max_strlen;
}

static const struct type *option_type(struct compilation *c, const struct parameter *p)
{
	if (p->kind == PARAMETER_TEXT)
		return type_string(c->types, text_size(c, p->fallback));
	return p->kind == PARAMETER_BOOL ? type_bool(c->types) : type_int(c->types, 8, true);
}

/* Returns what a getopt() has declared; NULL: it is not written well, which its use will tell, or it has been
 * refused. */
static const struct parameter *declared_by(struct compilation *c, const struct node *call)
{
	struct parameter written;
	const struct node *description;

	if (!read_option(call, &written))
		return NULL;
	description = call->call.args->next ? call->call.args->next->next : NULL;
	if (description && (description->kind != NODE_STRING || description->next))
		return NULL;
	return find_option(c, written.name);
}

/* Finds what an option has been given, or else its default; false: it is given when the image runs. */
static bool option_text(const struct compilation *c, const struct parameter *p, struct str *text)
{
	for (size_t i = 0; i < c->line.named.n; i++) {
		*text = c->line.named.v[i].value;
		if (c->line.named.v[i].given && str_eq(c->line.named.v[i].name, p->name))
			return true;
	}
	*text = p->fallback;
	return !c->options->open_parameters;
}

void commandline_as_option(struct compilation *c, struct node *call)
{
	const struct parameter *p = declared_by(c, call);
	struct str text;
	uint64_t value;

	if (!p || !option_text(c, p, &text))
		return;
	if (p->kind == PARAMETER_TEXT) {
		call->kind = NODE_STRING;
		call->string.text = text;
	} else if (commandline_value(p->kind, text, &value)) { /* else check_given() has said so */
		fold_into_int(call, value, option_type(c, p));
	}
}

void commandline_param_row(struct compilation *c, struct node *node)
{
	const unsigned number = node->param.number;
	struct parameter p = {
		.kind = node->param.is_text ? PARAMETER_TEXT
			: number            ? PARAMETER_NUMBER
					    : PARAMETER_COUNT,
		.number = number,
		.skip = node->param.skip,
		.size = node->param.is_text ? c->options->max_strlen : 8,
		.span = node->span,
	};

	if (commandline_is_open(c, number))
		node->param.row = add_row(c, p);
}

void commandline_option_row(struct compilation *c, const struct node *call)
{
	const struct parameter *declared = declared_by(c, call);
	struct parameter p;
	struct str text;

	if (!declared || option_text(c, declared, &text))
		return;
	p = *declared;
	p.size = p.kind == PARAMETER_TEXT ? text_size(c, p.fallback) : 8;
	add_row(c, p);
}

/* Of one that is open: in the place of the others stands a value, or something is wrong that has been told.
 */
const struct type *builtin_type_getopt(struct compilation *c, struct use *use)
{
	const struct parameter *p = find_option(c, use->args->string.text);
	struct str text;

	if (!p || option_text(c, p, &text))
		return c->error;
	use->call->number = find_row(c, p);
	return option_type(c, p);
}
