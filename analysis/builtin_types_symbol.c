/*
 * Type rules of the builtins about stacks, symbols, registers and signals.
 */
#include "analysis/compilation.h"

#define BUILTIN(name, forms, signature, where, rule, ...) \
	const struct type *rule(struct compilation *c, struct use *use);
#include "language/builtins.def"
#undef BUILTIN

#define FRAMES_MAX 127

static bool stack_argument(struct compilation *c, struct use *use, const struct node *arg, struct type *stack)
{
	int64_t frames;

	for (unsigned i = 0; arg->kind == NODE_IDENT && i < STACK_MODES_; i++) {
		if (!str_is(arg->ident.name, type_stack_mode((enum stack_mode)i)))
			continue;
		stack->mode = (enum stack_mode)i;
		return true;
	}
	if (!fold_int(arg, &frames) || frames < 0 || frames > FRAMES_MAX) {
		problem_error(c, arg->span, "%s() takes a mode and a number of frames up to %d",
		    use->builtin->name, FRAMES_MAX);
		problem_hint(c, "modes are bpftrace, perf and raw, as in %s(perf, 5)", use->builtin->name);
		return false;
	}
	stack->frames = (uint32_t)frames;
	return true;
}

static const struct type *stack(struct compilation *c, struct use *use, enum type_form form)
{
	struct type wanted = { .frames = FRAMES_MAX };

	for (const struct node *arg = use->args; arg; arg = arg->next)
		if (!stack_argument(c, use, arg, &wanted))
			return c->error;
	c->program->uses_stacks = true;
	return type_stack(c->types, form, wanted.mode, wanted.frames);
}

const struct type *builtin_type_kstack(struct compilation *c, struct use *use)
{
	return stack(c, use, FORM_KSTACK);
}

const struct type *builtin_type_ustack(struct compilation *c, struct use *use)
{
	return stack(c, use, FORM_USTACK);
}

const struct type *builtin_type_reg(struct compilation *c, struct use *use)
{
	struct str_near near = { .wanted = use->args->string.text };
	const struct arch *arch = c->program->arch;

	c->unit->needs_kprobe = true;
	for (unsigned i = 0; i < arch->n_registers; i++) {
		if (str_is(use->args->string.text, arch->registers[i].name)) {
			use->call->literal = i;
			return signature_result(c->types, use->signature.result);
		}
		str_near_offer(&near, c->arena, str_of(arch->registers[i].name));
	}
	problem_error(c, use->args->span, "there is no register \"%.*s\"", STR_ARG(use->args->string.text));
	problem_hint_near(c, &near, arch->register_names);
	return c->error;
}

/* A name that the machine where it runs makes a number of. */
const struct type *builtin_type_symbol(struct compilation *c, struct use *use)
{
	use->call->text = use->args->string.text;
	return signature_result(c->types, use->signature.result);
}

/* Of its own, since it can be a probe's condition. */
const struct type *builtin_type_exists(struct compilation *c, struct use *use)
{
	return builtin_type_symbol(c, use);
}

const struct type *builtin_type_uaddr(struct compilation *c, struct use *use)
{
	const struct attach *attach = c->unit->attaches.v[0];
	const struct type *type;

	if (attach->is_open) {
		problem_error(c, use->name, "uaddr() needs a binary that is known when the image is made");
		problem_hint(c, "give its parameter behind the script: there it stays the same");
		return c->error;
	}
	use->call->text =
	    str_format(c->arena, "%.*s:%.*s", STR_ARG(attach->binary), STR_ARG(use->args->string.text));
	type = parameters_variable(c, use->call->text);
	return type_ptr(c->types, type ? type : type_int(c->types, 8, false), SPACE_USER);
}

static const struct type *in_space(struct compilation *c, struct use *use, enum address_space space)
{
	const struct type *type = use->args->type;

	if (type->form == FORM_PTR)
		return type_ptr(c->types, type->target, space);
	if (type_is_integer(type))
		return type_ptr(c->types, type_int(c->types, 8, false), space);
	problem_error(c, use->args->span, "%s() needs a pointer", use->builtin->name);
	problem_hint(c, "as in %s(arg0)", use->builtin->name);
	return c->error;
}

const struct type *builtin_type_kptr(struct compilation *c, struct use *use)
{
	return in_space(c, use, SPACE_KERNEL);
}

const struct type *builtin_type_uptr(struct compilation *c, struct use *use)
{
	return in_space(c, use, SPACE_USER);
}

const struct type *builtin_type_signal(struct compilation *c, struct use *use)
{
	const struct node *arg = use->args;
	int64_t number;

	if (arg->kind == NODE_STRING) { /* that of a signal has become its number in pass resolve */
		struct str name = arg->string.text;

		problem_error(c, arg->span, "there is no signal %s%.*s", str_starts(name, "SIG") ? "" : "SIG",
		    STR_ARG(name));
		problem_hint(c, "kill -l lists them");
		return c->error;
	}
	if (!type_is_integer(arg->type) || (fold_int(arg, &number) && (number < 1 || number > SIGNAL_MAX))) {
		problem_error(c, arg->span, "signal() needs a signal");
		problem_hint(c, "its number (1 to 64) or name, as in signal(\"TERM\")");
		return c->error;
	}
	return type_void(c->types);
}

const struct type *builtin_type_override(struct compilation *c, struct use *use)
{
	c->unit->needs_kprobe = true;
	if (c->unit->probe == PROBE_kprobe && !c->unit->attaches.v[0]->offset)
		return type_void(c->types);
	problem_error(c, use->name, "override() is for kprobes at a function's entry");
	problem_hint(c, "the kernel returns the value in place of calling the function");
	return c->error;
}
