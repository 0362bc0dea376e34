/*
 * The signature strings of language/builtins.def: "result(parameter, [optional], ...)".
 */
#include "analysis/compilation.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *word;
	enum param_kind kind;
} params[] = {
	{ "int", PARAM_INT },
	{ "int64", PARAM_INT },
	{ "uint64", PARAM_INT },
	{ "address", PARAM_ADDRESS },
	{ "any", PARAM_ANY },
	{ "printable", PARAM_PRINTABLE },
	{ "literal", PARAM_LITERAL },
	{ "literal_int", PARAM_LITERAL_INT },
	{ "format", PARAM_FORMAT },
	{ "map", PARAM_MAP },
	{ "map_element", PARAM_MAP_ELEMENT },
	{ "text", PARAM_TEXT },
	{ "stack_argument", PARAM_STACK },
	{ "key", PARAM_KEY },
	{ "default", PARAM_DEFAULT },
	{ "signal", PARAM_SIGNAL },
};

/* Results that only the builtin's rule can tell. */
static const char *const by_rule[] = { "int", "string", "task", "args", "ctx", "retval", "hist", "lhist",
	"buffer", "bytes", "pointer", "timestamp", "kstack", "ustack", "option" };

/* Forms that say everything about their types: the word of a result is their name. */
static const struct {
	const char *name;
	unsigned size;
	enum type_form form;
} forms[] = {
#define FORM(name, size, ...) { #name, size, FORM_##name },
#include "language/forms.def"
#undef FORM
};

static const struct type *type_of_form(struct types *types, struct str word)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if ((forms[i].size || forms[i].form == FORM_VOID) && word.n == strlen(forms[i].name) &&
		    strncasecmp(word.p, forms[i].name, word.n) == 0)
			return type_simple(types, forms[i].form);
	return NULL;
}

static const char *parse_param(struct str word, struct signature *s)
{
	bool optional = word.n > 2 && word.p[0] == '[' && word.p[word.n - 1] == ']';

	if (s->variadic)
		return "something after ...";
	if (str_is(word, "...")) {
		s->variadic = true;
		return NULL;
	}
	if (optional)
		word = str_slice(word, 1, word.n - 1);
	else if (s->n_required != s->n_params)
		return "a required parameter after an optional one";
	if (s->n_params == SIGNATURE_PARAMS)
		return "too many parameters";
	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
		if (!str_is(word, params[i].word))
			continue;
		s->params[s->n_params++] = params[i].kind;
		s->n_required += !optional;
		return NULL;
	}
	return "an unknown parameter word";
}

const char *signature_parse(const char *text, struct signature *s)
{
	struct str rest, list = { 0 };
	const char *wrong;

	*s = (struct signature){ 0 };
	s->result = str_split(str_of(text), '(', &rest);
	if (!s->result.n)
		return "no result";
	if (!rest.n || rest.p[rest.n - 1] != ')')
		return "no parameter list";
	list = str_trim(str_slice(rest, 0, rest.n - 1));
	while (list.n) {
		wrong = parse_param(str_trim(str_split(list, ',', &list)), s);
		if (wrong)
			return wrong;
	}
	return NULL;
}

static const struct type *sized_string(struct types *types, struct str word)
{
	uint32_t size = 0;

	if (!str_starts(word, "string["))
		return NULL;
	for (size_t i = sizeof("string[") - 1; i < word.n && word.p[i] != ']'; i++)
		size = size * 10 + (uint32_t)(word.p[i] - '0');
	return type_string(types, size);
}

enum param_kind signature_param(const struct signature *s, unsigned i)
{
	return i < s->n_params ? s->params[i] : PARAM_ANY;
}

bool signature_by_rule(struct str word)
{
	for (size_t i = 0; i < sizeof(by_rule) / sizeof(by_rule[0]); i++)
		if (str_is(word, by_rule[i]))
			return true;
	return false;
}

const struct type *signature_result(struct types *types, struct str word)
{
	const struct type *type;

	if (signature_by_rule(word))
		return NULL;
	type = type_of_form(types, word);
	if (type)
		return type;
	if (str_starts(word, "string["))
		return sized_string(types, word);
	return type_by_word(types, word);
}
