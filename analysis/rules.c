/*
 * The type rules that the rows of base/builtins.def name. The arguments already fit the
 * signature; a rule gives the result's type, or c->error after a message.
 */
#include "analysis/check.h"

#define BUILTIN(name, forms, signature, where, rule, ...) \
	const struct type *rule(struct check *c, struct use *use);
#include "base/builtins.def"
#undef BUILTIN

#define HIST_BITS_MAX 5
#define DEFAULT_TIME_FORMAT "%H:%M:%S\n"

const struct type *rule_declared(struct check *c, struct use *use)
{
	return signature_result(c->types, use->signature.result);
}

const struct type *rule_curtask(struct check *c, struct use *use)
{
	const struct type *task = type_named(c->types, BTF_SHAPE_STRUCT, STR("task_struct"));

	return task ? type_ptr(c->types, task, SPACE_KERNEL) : type_int(c->types, 8, false);
}

const struct type *rule_args(struct check *c, struct use *use)
{
	/* When it is missing, what the attach point lacks has been told already. */
	return c->unit->args ? c->unit->args : c->error;
}

const struct type *rule_retval(struct check *c, struct use *use)
{
	const struct attach *attach = c->unit->attaches.v[0];

	c->unit->uses_retval = true;
	if (!(probe_row(c->unit->probe)->gives & WITH_ARGS)) {
		/* A trampoline gives a void function no return value; a kretprobe has the register. */
		if (attach->in_btf && !attach->ret_type)
			c->unit->needs_kprobe = true;
		return type_int(c->types, 8, false);
	}
	if (attach->ret_type)
		return type_of_btf(c->types, attach->ret_type, SPACE_KERNEL);
	if (!attach->in_btf)
		return c->error;
	check_error(c, use->name, "%.*s() returns nothing", STR_ARG(attach->function));
	check_hint(c, "leave retval out");
	return c->error;
}

static uint32_t at_most(uint32_t size, uint32_t limit)
{
	return size < limit ? size : limit;
}

const struct type *rule_str(struct check *c, struct use *use)
{
	struct node *address = use->args, *length = address->next;
	uint32_t size = c->options->max_strlen;
	int64_t literal;

	if (address->kind == NODE_STRING)
		return address->type;
	if (type_is_text(address->type))
		size = at_most(type_string_for(c->types, address->type)->size, size);
	if (length && fold_int(length, &literal)) {
		if (literal <= 0) {
			check_error(c, length->span, "a length is at least 1");
			check_hint(c, "str() without a length reads up to %u bytes", size - 1);
			return c->error;
		}
		/* The length does not count the NUL. */
		use->call->literal = literal < size ? literal : size - 1;
		size = (uint32_t)use->call->literal + 1;
	}
	return type_string(c->types, size);
}

static bool is_address(const struct type *type)
{
	return type_is_integer(type) || (type->form == FORM_ARRAY && type_is_integer(type->target) &&
					    (type->size == 4 || type->size == 16));
}

const struct type *rule_ntop(struct check *c, struct use *use)
{
	struct node *address = use->n_args == 2 ? use->args->next : use->args;
	struct str text = check_type_text(c, address->type);

	if (use->n_args == 2 && !type_is_integer(use->args->type)) {
		check_error(c, use->args->span, "ntop() takes an address family first");
		check_hint(c, "as in ntop(AF_INET, address)");
		return c->error;
	}
	if (is_address(address->type))
		return type_simple(c->types, FORM_INET);
	check_error(c, address->span, "%.*s is no IP address", STR_ARG(text));
	check_hint(c, "ntop() takes an integer (IPv4), or an array of 4 (IPv4) or 16 bytes (IPv6), as in "
		      "skc_v6_daddr.in6_u.u6_addr8");
	return c->error;
}

const struct type *rule_bswap(struct check *c, struct use *use)
{
	return type_int(c->types, use->args->type->size, false);
}

const struct type *rule_exists(struct check *c, struct use *use)
{
	use->call->text = use->args->string.text;
	return signature_result(c->types, use->signature.result);
}

const struct type *rule_aggregate(struct check *c, struct use *use)
{
	const struct type *result = signature_result(c->types, use->signature.result);
	const char *name = use->builtin->name;

	if (!use->target) {
		check_error(c, use->node->span, "the result of %s() has to be assigned to a map", name);
		check_hint(c, "as in @ = %s%s or @x[comm] = %s%s", name, use->n_args ? "(...)" : "()", name,
		    use->n_args ? "(...)" : "()");
		return c->error;
	}
	use->call->element = use->target;
	if (use->n_args > 1 && fold_int(use->args->next, &use->call->literal) &&
	    (use->call->literal < 0 || use->call->literal > HIST_BITS_MAX)) {
		check_error(
		    c, use->args->next->span, "%s() takes 0 to %d bits of detail", name, HIST_BITS_MAX);
		check_hint(c, "each power of two is shown in 2^bits parts");
		return c->error;
	}
	return result ? result : type_hist(c->types, (uint32_t)use->call->literal);
}

const struct type *rule_delete(struct check *c, struct use *use)
{
	struct node *element = use->args, *key = element->next;

	/* delete(@m, k) is delete(@m[k]) */
	if (key && element->map.keys) {
		check_error(c, key->span, "delete() takes one key, and %.*s has one already",
		    STR_ARG(element->map.name));
		check_hint(c, "write delete(%.*s, key), or delete(%.*s[key])", STR_ARG(element->map.name),
		    STR_ARG(element->map.name));
		return c->error;
	}
	if (key) {
		element->map.keys = key;
		element->next = NULL;
	}
	map_use_keys(c, element);
	use->call->element = element;
	if (check_is_error(c, map_read(c, element)))
		return c->error;
	return type_void(c->types);
}

static struct action *new_action(struct check *c, struct use *use)
{
	struct action *action = arena_one(c->arena, struct action);

	action->builtin = use->call->builtin;
	action->span = use->node->span;
	use->call->action = action;
	return action;
}

static void add_value(struct check *c, struct action *action, struct node *value)
{
	struct field field = { .kind = FIELD_VALUE, .value = value, .type = value->type };

	vec_push(c->arena, &action->fields, field);
}

static bool can_print(const struct type *type)
{
	switch (type->form) {
	case FORM_INT:
	case FORM_BOOL:
	case FORM_ENUM:
	case FORM_PTR:
	case FORM_STRING:
	case FORM_INET:
	case FORM_PROBE:
	case FORM_FUNC:
		return true;
	case FORM_ARRAY:
		return type_is_text(type) || (type_is_integer(type->target) && type->elements);
	case FORM_VOID:
	case FORM_STRUCT:
	case FORM_UNION:
	case FORM_TUPLE:
	case FORM_ARGS:
	case FORM_COUNT:
	case FORM_HIST:
		break;
	}
	return false;
}

/* What %s prints. */
static bool has_text(const struct type *type)
{
	return type_is_text(type) || type->form == FORM_INET || type->form == FORM_PROBE ||
	       type->form == FORM_FUNC || type->form == FORM_ENUM || type->form == FORM_BOOL;
}

static bool conversion_takes(enum format_wants wants, const struct type *type)
{
	switch (wants) {
	case FORMAT_SIGNED:
	case FORMAT_UNSIGNED:
	case FORMAT_CHAR:
	case FORMAT_POINTER:
		return type_is_integer(type) || type->form == FORM_PTR;
	case FORMAT_STRING:
		return has_text(type);
	case FORMAT_LITERAL:
		break;
	}
	return false;
}

static void wrong_conversion(struct check *c, const struct format_piece *piece, const struct node *arg)
{
	struct str text = check_type_text(c, arg->type);

	check_error(c, arg->span, "%.*s takes %s, and this is %.*s", STR_ARG(piece->text),
	    piece->wants == FORMAT_STRING ? "a string" : "a number", STR_ARG(text));
	if (has_text(arg->type))
		check_hint(c, "%%s prints it");
	else if (arg->type->form == FORM_PTR && arg->type->target->is_char)
		check_hint(c, "str(...) reads the string that it points to");
	else if (arg->type->form == FORM_PTR)
		check_hint(
		    c, "%%p prints a pointer; one of the members of what it points to may be what you want");
	else if (type_is_integer(arg->type))
		check_hint(c, "%%d prints a number; str(...) reads the string at an address");
	else
		check_hint(c, "print one of its members or elements");
}

static bool check_format_args(struct check *c, struct use *use, const struct format *format)
{
	struct node *format_node = use->args, *arg = format_node->next;
	unsigned given = use->n_args - 1;
	bool good = true;

	if (given != format->n_conversions) {
		check_error(c, given > format->n_conversions ? use->node->span : format_node->span,
		    "the format has %u conversion%s, and %u argument%s given", format->n_conversions,
		    format->n_conversions == 1 ? "" : "s", given, given == 1 ? " is" : "s are");
		check_hint(c, "each %%d, %%s ... prints one argument; %%%% prints a %%");
		return false;
	}
	for (unsigned i = 0; arg; arg = arg->next, i++) {
		const struct format_piece *piece = format_conversion(format, i);

		if (conversion_takes(piece->wants, arg->type))
			continue;
		wrong_conversion(c, piece, arg);
		good = false;
	}
	return good;
}

const struct type *rule_printf(struct check *c, struct use *use)
{
	struct str text = use->args->string.text;
	struct format_error wrong = { 0 };
	struct format format = { 0 };
	struct action *action;

	if (format_parse(c->arena, text, &format, &wrong)) {
		check_error(c, use->args->span, "%.*s", STR_ARG(wrong.why));
		if (wrong.hint.n)
			check_hint(c, "%.*s", STR_ARG(wrong.hint));
		return c->error;
	}
	if (!check_format_args(c, use, &format))
		return c->error;
	action = new_action(c, use);
	action->format = text;
	for (struct node *arg = use->args->next; arg; arg = arg->next)
		add_value(c, action, arg);
	return type_void(c->types);
}

static const struct type *print_map(struct check *c, struct use *use)
{
	struct action *action;

	map_of(c, use->args);
	if (check_is_error(c, map_read(c, use->args)))
		return c->error;
	action = new_action(c, use);
	action->map = use->args->map.map;
	for (struct node *arg = use->args->next; arg; arg = arg->next) {
		int64_t *number = &action->numbers[arg != use->args->next];

		fold_int(arg, number);
		if (*number >= 0)
			continue;
		check_error(c, arg->span, "print() takes no negative numbers");
		check_hint(c, "print(@x, top, divisor) shows the top largest values, each divided");
		return c->error;
	}
	return type_void(c->types);
}

const struct type *rule_print(struct check *c, struct use *use)
{
	struct node *arg = use->args;
	struct str text;

	if (arg->kind == NODE_MAP && !arg->map.keys)
		return print_map(c, use);
	if (arg->kind == NODE_MAP && check_is_error(c, check_value(c, arg)))
		return c->error;
	if (arg->next) {
		check_error(c, arg->next->span, "only a whole map is printed with a limit");
		check_hint(c, "as in print(@x, 5)");
		return c->error;
	}
	text = check_type_text(c, arg->type);
	if (!can_print(arg->type)) {
		check_error(c, arg->span, "%.*s can't be printed by this version of btrun", STR_ARG(text));
		check_hint(c, "print one of its members or elements");
		return c->error;
	}
	add_value(c, new_action(c, use), arg);
	return type_void(c->types);
}

const struct type *rule_map(struct check *c, struct use *use)
{
	map_of(c, use->args);
	if (check_is_error(c, map_read(c, use->args)))
		return c->error;
	new_action(c, use)->map = use->args->map.map;
	return type_void(c->types);
}

const struct type *rule_time(struct check *c, struct use *use)
{
	struct action *action = new_action(c, use);
	struct field field = { .kind = FIELD_TIME, .type = type_int(c->types, 8, false) };

	action->format = use->args ? use->args->string.text : STR(DEFAULT_TIME_FORMAT);
	vec_push(c->arena, &action->fields, field);
	return type_void(c->types);
}

const struct type *rule_exit(struct check *c, struct use *use)
{
	struct action *action = new_action(c, use);

	if (use->args)
		add_value(c, action, use->args);
	return type_void(c->types);
}
