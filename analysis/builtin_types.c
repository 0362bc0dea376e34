/*
 * The type rules that the rows of language/builtins.def name. The arguments already fit the
 * signature; a rule gives the result's type, or c->error after a message.
 */
#include "analysis/compilation.h"

#define BUILTIN(name, forms, signature, where, rule, ...) \
	const struct type *rule(struct compilation *c, struct use *use);
#include "language/builtins.def"
#undef BUILTIN

#define DEFAULT_TIME_FORMAT "%H:%M:%S\n"

const struct type *builtin_type_declared(struct compilation *c, struct use *use)
{
	return signature_result(c->types, use->signature.result);
}

const struct type *builtin_type_curtask(struct compilation *c, struct use *use)
{
	const struct type *task = type_named(c->types, BTF_SHAPE_STRUCT, STR("task_struct"));

	return task ? type_ptr(c->types, task, SPACE_KERNEL) : type_int(c->types, 8, false);
}

const struct type *builtin_type_args(struct compilation *c, struct use *use)
{
	if (probe_row(c->unit->probe)->gives & WITH_DWARF)
		return parameters_args(c, use->name);
	/* When it is missing, what the attach point lacks has been told already. */
	return c->unit->args ? c->unit->args : c->error;
}

/* An iterator's ctx has its members; elsewhere it is an address, to be cast to what lies there. */
const struct type *builtin_type_ctx(struct compilation *c, struct use *use)
{
	if (c->unit->args && c->unit->probe == PROBE_iter)
		return c->unit->args;
	c->unit->needs_kprobe = true;
	return type_int(c->types, 8, false);
}

/* Returns the type of the numbers that a function returns, or NULL: it is not known, or it is no number. */
static const struct type *returned_number(struct compilation *c, const struct attach *a)
{
	const struct type *type = NULL;

	if (probe_row(a->probe)->gives & WITH_BINARY)
		return parameters_returned(c, a);
	if (a->in_btf && !a->ambiguous && a->ret_type)
		type = type_of_btf(c->types, a->ret_type, SPACE_KERNEL);
	return type && type_is_integer(type) ? type : NULL;
}

/* Returns the type of a register that holds what one of the action's functions returns: theirs, when all of
 * them return the same. */
static const struct type *register_retval(struct compilation *c)
{
	const struct type *type = returned_number(c, c->unit->attaches.v[0]);

	for (size_t i = 1; type && i < c->unit->attaches.n; i++)
		if (returned_number(c, c->unit->attaches.v[i]) != type)
			type = NULL;
	return type ? type : type_int(c->types, 8, false);
}

const struct type *builtin_type_retval(struct compilation *c, struct use *use)
{
	const struct attach *attach = c->unit->attaches.v[0];

	c->unit->uses_retval = true;
	if (!(probe_row(c->unit->probe)->gives & WITH_ARGS)) {
		/* A trampoline gives a void function no return value; a kretprobe has the register. */
		if (attach->in_btf && !attach->ret_type)
			c->unit->needs_kprobe = true;
		/* A typed pass comes by more than once. */
		if (!c->unit->retval)
			c->unit->retval = register_retval(c);
		return c->unit->retval;
	}
	if (attach->ret_type)
		return type_of_btf(c->types, attach->ret_type, SPACE_KERNEL);
	if (!attach->in_btf)
		return c->error;
	problem_error(c, use->name, "%.*s() returns nothing", STR_ARG(attach->function));
	problem_hint(c, "leave retval out");
	return c->error;
}

static struct action *new_action(struct compilation *c, struct use *use)
{
	struct action *action = arena_one(c->arena, struct action);

	action->builtin = use->call->builtin;
	action->span = use->node->span;
	use->call->action = action;
	return action;
}

/* Where nothing is known of a function, a value that it got or gave is what the register holds. */
static bool is_register(struct compilation *c, const struct node *value)
{
	const struct call *call = value->kind == NODE_IDENT ? value->ident.call : NULL;

	return call && value->type->form == FORM_INT && value->type->size == 8 &&
	       (call->is_arg || builtin_row(call->builtin)->where & WITH_RETVAL);
}

static void add_value(struct compilation *c, struct action *action, struct node *value)
{
	struct field field = {
		.kind = FIELD_VALUE, .value = value, .type = value->type, .is_register = is_register(c, value)
	};

	vec_push(c->arena, &action->fields, field);
}

/* What %s prints. */
static bool has_text(const struct type *type)
{
	return type_is_text(type) || type_has(type, TRAIT_TEXTUAL);
}

static bool can_print(const struct type *type)
{
	return type_has(type, TRAIT_PRINTED) && type->size;
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
	case FORMAT_BUFFER:
		return type->form == FORM_BUFFER;
	case FORMAT_LITERAL:
		break;
	}
	return false;
}

static void wrong_conversion(struct compilation *c, const struct format_piece *piece, const struct node *arg)
{
	struct str text = type_text(c->arena, arg->type);

	problem_error(c, arg->span, "%.*s takes %s, and this is %.*s", STR_ARG(piece->text),
	    piece->wants == FORMAT_STRING   ? "a string"
	    : piece->wants == FORMAT_BUFFER ? "what buf() gives"
					    : "a number",
	    STR_ARG(text));
	if (has_text(arg->type))
		problem_hint(c, "%%s prints it");
	else if (arg->type->form == FORM_PTR && arg->type->target->is_char)
		problem_hint(c, "str(...) reads the string that it points to");
	else if (arg->type->form == FORM_PTR)
		problem_hint(
		    c, "%%p prints a pointer; one of the members of what it points to may be what you want");
	else if (type_is_integer(arg->type))
		problem_hint(c, "%%d prints a number; str(...) reads the string at an address");
	else
		problem_hint(c, "print one of its members or elements");
}

static bool check_format_args(struct compilation *c, struct use *use, const struct format *format)
{
	struct node *format_node = use->args, *arg = format_node->next;
	unsigned given = use->n_args - 1;
	bool good = true;

	if (given != format->n_conversions) {
		problem_error(c, given > format->n_conversions ? use->node->span : format_node->span,
		    "the format has %u conversion%s, and %u argument%s given", format->n_conversions,
		    format->n_conversions == 1 ? "" : "s", given, given == 1 ? " is" : "s are");
		problem_hint(c, "each %%d, %%s ... prints one argument; %%%% prints a %%");
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

/* MAX_BPRINTF_VARARGS of the kernel's include/linux/bpf.h */
#define KERNEL_CONVERSIONS 12

/* What bpf_bprintf_prepare() of kernel/bpf/helpers.c takes. */
static bool kernel_can_print(struct compilation *c, struct use *use, const struct format *format)
{
	struct node *arg = use->args->next;

	if (format->n_conversions > KERNEL_CONVERSIONS) {
		problem_error(c, use->args->span, "a pinned iterator prints up to %d values at once",
		    KERNEL_CONVERSIONS);
		problem_hint(c, "print the others with another printf()");
		return false;
	}
	for (unsigned i = 0; arg; arg = arg->next, i++) {
		const struct format_piece *p = format_conversion(format, i);

		if (p->precision < 0 && !(p->flags & FORMAT_HASH) && p->conversion != 'o' &&
		    p->wants != FORMAT_BUFFER && (p->wants != FORMAT_STRING || type_is_text(arg->type)))
			continue;
		problem_error(
		    c, arg->span, "%.*s is nothing that a pinned iterator can print", STR_ARG(p->text));
		problem_hint(
		    c, "the kernel prints it: numbers with d, i, u, x, X, c and p, and strings with s");
		return false;
	}
	return true;
}

const struct type *builtin_type_printf(struct compilation *c, struct use *use)
{
	struct str text = use->args->string.text;
	struct format_error wrong = { 0 };
	struct format format = { 0 };
	struct action *action;

	if (format_parse(c->arena, text, &format, &wrong)) {
		problem_error(c, use->args->span, "%.*s", STR_ARG(wrong.why));
		if (wrong.hint.n)
			problem_hint(c, "%.*s", STR_ARG(wrong.hint));
		return c->error;
	}
	if (!check_format_args(c, use, &format) || (c->unit->pinned && !kernel_can_print(c, use, &format)))
		return c->error;
	if (c->unit->pinned)
		return type_void(c->types);
	action = new_action(c, use);
	action->format = text;
	for (struct node *arg = use->args->next; arg; arg = arg->next)
		add_value(c, action, arg);
	return type_void(c->types);
}

static const struct type *print_map(struct compilation *c, struct use *use)
{
	struct action *action;

	if (is_unknown(c, map_read(c, use->args)))
		return c->error;
	action = new_action(c, use);
	action->map = use->args->map.map;
	for (struct node *arg = use->args->next; arg; arg = arg->next) {
		int64_t *number = &action->numbers[arg != use->args->next];

		fold_int(arg, number);
		if (*number >= 0)
			continue;
		problem_error(c, arg->span, "print() takes no negative numbers");
		problem_hint(c, "print(@x, top, divisor) shows the top largest values, each divided");
		return c->error;
	}
	return type_void(c->types);
}

const struct type *builtin_type_print(struct compilation *c, struct use *use)
{
	struct node *arg = use->args;
	struct str text;

	if (arg->kind == NODE_MAP && !arg->map.keys)
		return print_map(c, use);
	if (arg->kind == NODE_MAP && is_unknown(c, infer_value(c, arg)))
		return c->error;
	if (arg->next) {
		problem_error(c, arg->next->span, "only a whole map is printed with a limit");
		problem_hint(c, "as in print(@x, 5)");
		return c->error;
	}
	text = type_text(c->arena, arg->type);
	if (!can_print(arg->type)) {
		problem_error(c, arg->span, "%.*s can't be printed by this version of btrun", STR_ARG(text));
		problem_hint(c, "print one of its members or elements");
		return c->error;
	}
	add_value(c, new_action(c, use), arg);
	return type_void(c->types);
}

const struct type *builtin_type_zero(struct compilation *c, struct use *use)
{
	const struct type *type = builtin_type_map(c, use);

	if (!is_unknown(c, type))
		use->args->map.map->no_array = true;
	return type;
}

const struct type *builtin_type_map(struct compilation *c, struct use *use)
{
	if (is_unknown(c, map_read(c, use->args)))
		return c->error;
	new_action(c, use)->map = use->args->map.map;
	use->args->map.map->is_reset |= c->unit->probe != PROBE_begin && c->unit->probe != PROBE_end;
	return type_void(c->types);
}

const struct type *builtin_type_time(struct compilation *c, struct use *use)
{
	struct action *action = new_action(c, use);
	struct field field = { .kind = FIELD_TIME, .type = type_int(c->types, 8, false) };

	action->format = use->args ? use->args->string.text : STR(DEFAULT_TIME_FORMAT);
	vec_push(c->arena, &action->fields, field);
	return type_void(c->types);
}

/* The pointers of join()'s array are read one after the other, and no more than JOIN_BYTES bytes of text. */
#define JOIN_BYTES (16 * 1024)

const struct type *builtin_type_join(struct compilation *c, struct use *use)
{
	struct action *action = new_action(c, use);
	struct field field = {
		.kind = FIELD_JOIN, .value = use->args, .type = type_strings(c->types, JOIN_BYTES)
	};

	action->format = use->args->next ? use->args->next->string.text : STR(" ");
	vec_push(c->arena, &action->fields, field);
	return type_void(c->types);
}

/* What it sends comes with the packet behind it, through a buffer of its own: 16 bytes,
 * runtime/events/packets.c. */
const struct type *builtin_type_skboutput(struct compilation *c, struct use *use)
{
	struct node *path = use->args, *skb = path->next, *offset = skb->next->next;
	const struct type *target = skb->type->form == FORM_PTR ? skb->type->target : NULL;
	const struct str wanted = STR("sk_buff");
	struct action *action = arena_one(c->arena, struct action);
	struct record *record = arena_one(c->arena, struct record);

	if (!(probe_row(c->unit->probe)->gives & WITH_FUNC)) {
		problem_error(c, use->name, "skboutput() is not available in a %s probe",
		    probe_row(c->unit->probe)->name);
		problem_hint(
		    c, "the kernel allows it in fentry and fexit, where it knows what args.skb points to");
		return c->error;
	}
	if (!target || target->form != FORM_STRUCT || !str_eq(target->name, wanted)) {
		problem_error(c, skb->span, "skboutput() needs a struct sk_buff * here");
		problem_hint(c, "as in skboutput(\"packets.pcap\", args.skb, args.skb->len, 0)");
		return c->error;
	}
	action->builtin = use->call->builtin;
	action->span = use->node->span;
	action->format = path->string.text;
	fold_int(offset, &action->numbers[0]);
	record->unit = c->unit->index;
	record->size = 16;
	vec_push(c->arena, &record->actions, action);
	use->call->record = record;
	return type_int(c->types, 8, true);
}

/* The address goes out first, then the process is stopped, then the record is sent: so it never waits for a
 * record that there was no room for. */
const struct type *builtin_type_watch(struct compilation *c, struct use *use)
{
	struct field hold = { .kind = FIELD_HOLD, .type = type_int(c->types, 8, true) };
	struct action *action = new_action(c, use);

	action->numbers[0] = c->unit->watch->index;
	add_value(c, action, use->args);
	if (c->unit->watch->probe == PROBE_watchpoint)
		vec_push(c->arena, &action->fields, hold);
	return type_void(c->types);
}

const struct type *builtin_type_unwatch(struct compilation *c, struct use *use)
{
	add_value(c, new_action(c, use), use->args);
	return type_void(c->types);
}

/* The program notes the code itself: the record has none. */
const struct type *builtin_type_exit(struct compilation *c, struct use *use)
{
	new_action(c, use);
	return type_void(c->types);
}
