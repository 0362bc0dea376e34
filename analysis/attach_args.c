/*
 * What args is in the probes whose arguments have types.
 */
#include "analysis/compilation.h"

const struct type *attach_iterator(struct compilation *c, const struct attach *a)
{
	return type_named(
	    c->types, BTF_SHAPE_STRUCT, str_format(c->arena, "bpf_iter__%.*s", STR_ARG(a->event)));
}

/* The members of what the kernel gives the iterator's program: each pointer is in a union of its own with 64
 * bits of padding (__bpf_md_ptr of include/uapi/linux/bpf.h). */
static const struct type *iter_args(struct compilation *c, const struct attach *a)
{
	const struct type *record = attach_iterator(c, a);
	VEC(struct member) all = { 0 };
	const struct member *members, *inner;
	uint32_t n, n_inner;

	if (!record)
		return NULL;
	n = type_members(c->types, record, &members);
	for (uint32_t i = 0; i < n; i++) {
		if (members[i].name.n) {
			vec_push(c->arena, &all, members[i]);
			continue;
		}
		n_inner = type_members(c->types, members[i].type, &inner);
		for (uint32_t k = 0; k < n_inner; k++) {
			struct member m = inner[k];

			m.bit_offset += members[i].bit_offset;
			if (m.name.n)
				vec_push(c->arena, &all, m);
		}
	}
	return type_args(c->types, SPACE_CONTEXT, all.v, all.n);
}

/* The kernel's BTF does not tell that a name like open()'s lies in the process: such text is looked for in
 * both. */
static const struct type *param_type(struct compilation *c, uint32_t btf_id)
{
	const struct type *type = type_of_btf(c->types, btf_id, SPACE_KERNEL);

	return type->form == FORM_PTR && type->target->is_char ? type_ptr(c->types, type->target, SPACE_ANY)
							       : type;
}

const struct type *attach_args(struct compilation *c, const struct attach *a)
{
	struct member *members = arena_many(c->arena, struct member, a->n_params + 1);

	if (a->probe == PROBE_iter)
		return iter_args(c, a);
	if (!attach_is_typed(a))
		return NULL;
	if (a->category.n)
		return tracepoint_args(c, a);
	if (!a->in_btf)
		return NULL;
	for (uint32_t i = 0; i < a->n_params; i++) {
		uint32_t type;

		btf_param(c->program->btf, a->proto, i, &members[i].name, &type);
		members[i].type = param_type(c, type);
		members[i].arg_index = btf_param_slot(c->program->btf, a->proto, i);
	}
	return type_args(c->types, SPACE_CONTEXT, members, a->n_params);
}

static void take_signs(struct compilation *c, const struct attach *a)
{
	struct str name = str_format(
	    c->arena, "%.*s:%.*s:%.*s", STR_ARG(a->binary), STR_ARG(a->category), STR_ARG(a->event));
	struct str letters;

	if (a->probe != PROBE_usdt || a->is_open ||
	    kernel_read(c->options->kernel, c->arena, KERNEL_USDT, name, &letters))
		return;
	for (uint32_t i = 0; i < letters.n && i < 32; i++)
		if (letters.p[i] == 's')
			c->unit->signed_mask |= 1u << i;
}

bool attach_signed_argument(struct compilation *c, int number)
{
	struct unit *unit = c->unit;

	for (size_t i = 0; !unit->knows_signs && i < unit->attaches.n; i++)
		take_signs(c, unit->attaches.v[i]);
	unit->knows_signs = true;
	return number >= 0 && unit->signed_mask & 1u << number;
}
