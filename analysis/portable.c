/*
 * What can't be portable and is no mistake either, told where a program is made for other kernels: it is what
 * it is on the kernel, or for the program, that it was looked up on.
 */
#include "analysis/compilation.h"

#define FIRST_PAGE 4096 /* smaller numbers are no addresses: errors, NULL, offsets */

void portable_address(struct compilation *c, const struct node *node)
{
	int64_t value;

	if (!c->options->portable || node->kind != NODE_INT || !fold_int(node, &value) ||
	    (value >= 0 && value < FIRST_PAGE) || node->integer.origin != ORIGIN_SCRIPT)
		return;
	problem_warning(c, node->span, "this address is that of one kernel, and of one start of it");
	problem_hint(c, "kaddr(\"SYMBOL\") is looked up where the image runs");
}

/* A header of the kernel's own, or a struct that was copied from one. */
void portable_member(struct compilation *c, const struct node *node, const struct type *record)
{
	const struct type *object = node->member.object->type;
	enum btf_shape shape = record->form == FORM_UNION ? BTF_SHAPE_UNION : BTF_SHAPE_STRUCT;
	struct str name, text;

	if (!c->options->portable || !record->defined || object->form != FORM_PTR ||
	    object->space != SPACE_KERNEL)
		return;
	if (!c->program->btf || btf_find(c->program->btf, shape, record->name) < 0)
		return;
	name = type_text(c->arena, record);
	text = str_format(
	    c->arena, "%.*s is read as the script or its header lays it out, on every kernel", STR_ARG(name));
	if (problem_is_recorded(c, text))
		return;
	problem_warning(c, node->span, "%.*s", STR_ARG(text));
	problem_hint(
	    c, "without that definition its members are found in the BTF of the kernel that it runs on");
}

void portable_attach(struct compilation *c, const struct attach_syntax *syntax, const struct attach *a)
{
	bool watched = a->probe == PROBE_watchpoint || a->probe == PROBE_asyncwatchpoint;

	if (!c->options->portable)
		return;
	if (a->offset && (probe_row(a->probe)->gives & WITH_REGS))
		problem_warning(c, syntax->rest_span,
		    "what lies %llu bytes into %.*s differs between kernels, and between programs",
		    (unsigned long long)a->offset, STR_ARG(a->function));
	else if (a->address)
		problem_warning(c, syntax->rest_span, "this address is that of one %s",
		    watched ? "kernel or process" : "program");
}

void portable_parameters(struct compilation *c, struct span at, const struct attach *a)
{
	if (!c->options->portable)
		return;
	problem_warning(c, at, "the parameters of %.*s are those of %.*s as it is here", STR_ARG(a->function),
	    STR_ARG(a->binary));
	problem_hint(c, "where the image runs it has to be the same program");
}
