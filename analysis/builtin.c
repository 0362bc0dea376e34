/*
 * Uses of builtins: is it allowed here, do the arguments fit the row's signature; the
 * row's rule does the rest.
 */
#include "analysis/compilation.h"

static bool allowed_here(struct compilation *c, struct span at, const char *name, unsigned where)
{
	const struct probe_row *probe = probe_row(c->unit->probe);
	struct str names;

	if (!where || (probe->gives & where))
		return true;
	names = probe_names(c, where);
	problem_error(c, at, "%s is not available in a %s probe", name, probe->name);
	problem_hint(c, "it is in: %.*s", STR_ARG(names));
	return false;
}

/* Those of a usdt probe are numbered up to 11 (sys/sdt.h), a raw tracepoint's too. */
#define NUMBERED_ARGS 12

static bool argument_exists(struct compilation *c, struct node *node, int number, bool numbered)
{
	int limit = numbered ? NUMBERED_ARGS : (int)c->program->arch->n_arguments;

	if (number < limit)
		return true;
	if (numbered) {
		problem_error(c, node->span, "arg%d does not exist: arg0 to arg%d do", number, limit - 1);
		problem_hint(c, "btrun -lv lists what a probe has");
		return false;
	}
	problem_error(c, node->span, "arg%d is not in a register: arg0 to arg%d are", number, limit - 1);
	problem_hint(c, "the others lie on the stack: sarg0 is the first of them");
	return false;
}

const struct type *infer_argn(struct compilation *c, struct node *node, struct str name, bool *is_arg)
{
	int number = builtin_numbered(name, "arg"), on_stack = builtin_numbered(name, "sarg");
	unsigned gives = probe_row(c->unit->probe)->gives;
	struct call *call;

	*is_arg = number >= 0 || on_stack >= 0;
	if (!*is_arg)
		return NULL;
	if (!allowed_here(c, node->span, str_copy(c->arena, name.p, name.n).p,
		number >= 0 ? WITH_REGS | WITH_NUMBERED : WITH_REGS)) {
		if (gives & WITH_ARGS)
			problem_hint(c, "here arguments have names: args.NAME");
		return c->error;
	}
	if (!argument_exists(c, node, number, gives & WITH_NUMBERED))
		return c->error;
	call = arena_one(c->arena, struct call);
	call->is_arg = true;
	call->on_stack = on_stack >= 0;
	call->number = (uint32_t)(on_stack >= 0 ? on_stack : number);
	node->ident.call = call;
	if (on_stack >= 0)
		c->unit->needs_kprobe = true;
	else
		c->unit->arg_mask |= 1u << number;
	return type_int(c->types, 8, attach_signed_argument(c, number));
}

static bool literal_text(
    struct compilation *c, const struct use *use, const struct node *arg, const char *what)
{
	if (arg->kind == NODE_STRING)
		return true;
	problem_error(c, arg->span, "%s() needs %s here", use->builtin->name, what);
	if (!commandline_hint(c, arg))
		problem_hint(c, "write it in double quotes: \"...\"");
	return false;
}

static bool map_arg(struct compilation *c, const struct use *use, const struct node *arg, bool whole)
{
	if (arg->kind == NODE_MAP && !(whole && arg->map.keys))
		return true;
	problem_error(c, arg->span, "%s() needs a %s here", use->builtin->name, whole ? "whole map" : "map");
	problem_hint(c, whole ? "as in %s(@x); delete(@x[key]) removes one element" : "as in %s(@x[key])",
	    use->builtin->name);
	return false;
}

static bool value_arg(struct compilation *c, const struct use *use, struct node *arg, enum param_kind kind)
{
	const struct type *type = infer_value(c, arg);
	bool number = !is_unknown(c, type) && (type_is_integer(type) || type->form == FORM_PTR);
	struct str text;

	if (is_unknown(c, type))
		return false;
	if (kind == PARAM_ANY || (kind == PARAM_INT && type_is_integer(type)) ||
	    (kind == PARAM_TEXT && type_is_text(type)) ||
	    (kind == PARAM_ADDRESS &&
		(number || type_is_text(type) || type->form == FORM_ARRAY || type->form == FORM_STRUCT)))
		return true;
	text = type_text(c->arena, type);
	problem_error(c, arg->span, "%s() needs %s here, and this is %.*s", use->builtin->name,
	    kind == PARAM_INT    ? "an integer"
	    : kind == PARAM_TEXT ? "a string"
				 : "an address",
	    STR_ARG(text));
	if (kind == PARAM_ADDRESS)
		problem_hint(c, "an address is a pointer, an integer or an array");
	else if (kind == PARAM_TEXT)
		problem_hint(c, "str(...) reads the string at an address");
	else if (type->form == FORM_PTR)
		problem_hint(c, "cast it: (uint64)...");
	else
		problem_hint(c, "numbers are written without quotes");
	return false;
}

static bool literal_int_arg(struct compilation *c, const struct use *use, struct node *arg)
{
	int64_t value;

	if (!value_arg(c, use, arg, PARAM_INT))
		return false;
	if (fold_int(arg, &value))
		return true;
	problem_error(
	    c, arg->span, "%s() needs a number that is known before the script runs", use->builtin->name);
	if (!commandline_hint(c, arg))
		problem_hint(c, "write the number itself, or a parameter such as $1");
	return false;
}

static bool default_arg(struct compilation *c, const struct use *use, struct node *arg)
{
	int64_t value;

	if (arg->kind == NODE_IDENT && commandline_is_bool(arg->ident.name)) {
		arg->type = type_bool(c->types);
		return true;
	}
	if (arg->kind == NODE_STRING || (arg->kind != NODE_PARAM && fold_int(arg, &value)))
		return value_arg(c, use, arg, PARAM_ANY);
	problem_error(
	    c, arg->span, "%s() needs a literal here: a number, a string, true or false", use->builtin->name);
	problem_hint(c, "what kind it is says what kind the parameter is");
	return false;
}

static bool check_arg(struct compilation *c, const struct use *use, struct node *arg, enum param_kind kind)
{
	switch (kind) {
	case PARAM_INT:
	case PARAM_ADDRESS:
	case PARAM_ANY:
		return value_arg(c, use, arg, kind);
	case PARAM_PRINTABLE:
		return arg->kind == NODE_MAP || value_arg(c, use, arg, PARAM_ANY);
	case PARAM_LITERAL:
		return literal_text(c, use, arg, "a literal string");
	case PARAM_FORMAT:
		return literal_text(c, use, arg, "a literal format");
	case PARAM_LITERAL_INT:
		return literal_int_arg(c, use, arg);
	case PARAM_TEXT:
		return value_arg(c, use, arg, kind);
	case PARAM_DEFAULT:
		return default_arg(c, use, arg);
	case PARAM_SIGNAL: /* its rule says what it has to be */
		return value_arg(c, use, arg, PARAM_ANY);
	case PARAM_STACK: /* its rule looks at it: a mode is a word of its own */
		return true;
	case PARAM_MAP:
		return map_arg(c, use, arg, true);
	case PARAM_MAP_ELEMENT:
		return map_arg(c, use, arg, false);
	case PARAM_KEY:
		return true;
	}
	return false;
}

static bool count_args(struct compilation *c, const struct use *use)
{
	const struct signature *s = &use->signature;
	const char *name = use->builtin->name;
	unsigned n = s->n_required;

	if (use->n_args >= n && (s->variadic || use->n_args <= s->n_params))
		return true;
	if (s->n_required == s->n_params)
		problem_error(c, use->node->span, "%s() takes %s%u argument%s, not %u", name,
		    s->variadic ? "at least " : "", n, n == 1 ? "" : "s", use->n_args);
	else
		problem_error(c, use->node->span, "%s() takes %u to %u arguments, not %u", name, n,
		    s->n_params, use->n_args);
	problem_hint(c, "it is %s%s%s", name, use->builtin->signature + s->result.n,
	    s->n_required < s->n_params ? "; what is in [] can be left out" : "");
	return false;
}

static bool check_args(struct compilation *c, struct use *use)
{
	struct node *arg = use->args;
	bool good = count_args(c, use);

	for (unsigned i = 0; arg; arg = arg->next, i++) {
		enum param_kind kind = signature_param(&use->signature, i);

		good = check_arg(c, use, arg, kind) && good;
	}
	return good;
}

static const struct type *unknown_function(struct compilation *c, const struct node *node)
{
	struct str_near near = { .wanted = node->call.name };

	builtin_near(c, &near, BUILTIN_IS_CALL);
	problem_error(c, node->call.name_span, "unknown function %.*s()", STR_ARG(node->call.name));
	problem_hint_near(c, &near, "btrun(7) lists the functions of this version");
	return c->error;
}

static const struct type *wrong_form(struct compilation *c, const struct use *use)
{
	if (use->builtin->forms & BUILTIN_IS_CALL)
		problem_error(c, use->name, "%s is a function", use->builtin->name);
	else
		problem_error(c, use->name, "%s is no function", use->builtin->name);
	if (use->builtin->forms & BUILTIN_IS_CALL)
		problem_hint(c, "call it: %s%s", use->builtin->name,
		    use->builtin->signature + use->signature.result.n);
	else
		problem_hint(c, "write it without (): %s", use->builtin->name);
	return c->error;
}

const struct type *infer_builtin(struct compilation *c, struct node *node, struct node *target)
{
	bool is_call = node->kind == NODE_CALL;
	struct use use = { .node = node, .target = target };
	enum builtin_id id = BUILTIN_N_;

	use.name = is_call ? node->call.name_span : node->span;
	use.builtin = builtin_find(is_call ? node->call.name : node->ident.name, &id);
	if (!use.builtin || ((use.builtin->forms & BUILTIN_IS_INTERNAL) && !c->unit->watch))
		return unknown_function(c, node);
	signature_parse(use.builtin->signature, &use.signature);
	use.args = is_call ? node->call.args : NULL;
	for (const struct node *arg = use.args; arg; arg = arg->next)
		use.n_args++;
	if (!(use.builtin->forms & (is_call ? BUILTIN_IS_CALL : BUILTIN_IS_VAR)))
		return wrong_form(c, &use);
	if (!allowed_here(c, use.name, use.builtin->name, use.builtin->where))
		return c->error;
	if ((use.builtin->forms & BUILTIN_IS_UNSAFE) && !c->options->unsafe) {
		problem_error(
		    c, use.name, "%s() changes the system, so it needs --unsafe", use.builtin->name);
		problem_hint(c, "run btrun --unsafe ... when that is what you want");
		return c->error;
	}
	if (c->unit->pinned && (use.builtin->forms & BUILTIN_IS_ASYNC) &&
	    !(use.builtin->forms & BUILTIN_IS_PINNED)) {
		problem_error(c, use.name, "%s() is not available in a pinned iterator", use.builtin->name);
		problem_hint(
		    c, "it runs when its pin is read, with no btrun to carry that out; printf() works");
		return c->error;
	}
	if (!check_args(c, &use))
		return c->error;
	use.call = arena_one(c->arena, struct call);
	use.call->builtin = id;
	if (is_call)
		node->call.call = use.call;
	else
		node->ident.call = use.call;
	return use.builtin->rule(c, &use);
}
