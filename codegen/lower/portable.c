/*
 * What is copied whole into the image's own memory. Its layout there is that of the kernel that is compiled
 * for; on the kernel where it runs each member is found by its name, so a struct is copied member by member.
 */
#include "codegen/gen.h"

#define MEMBERS_MAX 64 /* each is read on its own */

struct copy {
	struct gen *g;
	struct span span;
	unsigned n;      /* members so far */
	const char *why; /* it can't be done; NULL: nothing stands against it */
	struct str what; /* of which why speaks */
};

bool portable_copies(const struct gen *g, const struct node *node)
{
	const struct type *t = node->type;

	if (!g->program->portable)
		return false;
	return ((t->form == FORM_STRUCT || t->form == FORM_UNION) && !t->defined) ||
	       (t->form == FORM_ARRAY && core_is_field(node));
}

/* Are its bytes the same on every kernel? Numbers, addresses, arrays of them, and unions that are other views
 * of them. */
static bool is_plain(struct gen *g, const struct type *t)
{
	const struct member *members;
	uint32_t n;

	if (gen_is_scalar(t))
		return true;
	if (t->form == FORM_ARRAY)
		return is_plain(g, t->target);
	if (t->form != FORM_UNION)
		return false;
	n = type_members(g->program->types, t, &members);
	for (uint32_t i = 0; i < n; i++)
		if (members[i].bit_size || !is_plain(g, members[i].type))
			return false;
	return true;
}

static void object(struct copy *c, struct node *from, const struct type *t, LLVMValueRef to);

/* As many bytes as both have room for; to holds zeros. */
static void bytes(struct copy *c, struct node *from, LLVMValueRef to)
{
	struct gen *g = c->g;
	LLVMValueRef room = gen_const(g, from->type->size), size = core_field_info(g, from, FIELD_BYTE_SIZE);
	LLVMValueRef less = LLVMBuildICmp(g->b, LLVMIntULT, size, room, "");

	core_read_bytes(g, core_space(g, from), to, LLVMBuildSelect(g->b, less, size, room, ""),
	    core_address(g, from), c->span);
}

static void bits(struct gen *g, struct node *from, const struct member *m, LLVMValueRef to)
{
	LLVMValueRef v = gen_value(g, from);

	v = LLVMBuildAnd(
	    g->b, v, gen_const(g, m->bit_size < 64 ? (1ull << m->bit_size) - 1 : UINT64_MAX), "");
	v = LLVMBuildShl(g->b, v, gen_const(g, m->bit_offset % 8), "");
	for (uint32_t at = 0; 8 * at < m->bit_offset % 8 + m->bit_size; at++) {
		LLVMValueRef place = gen_offset(g, to, at), byte = LLVMBuildLoad2(g->b, g->i8, place, "");
		LLVMValueRef part = LLVMBuildLShr(g->b, v, gen_const(g, 8 * at), "");

		LLVMBuildStore(
		    g->b, LLVMBuildOr(g->b, byte, LLVMBuildTrunc(g->b, part, g->i8, ""), ""), place);
	}
}

/* m is the member as record has it, which may lie in a part of it without a name. */
static void member(struct copy *c, struct node *whole, const struct member *m, LLVMValueRef to)
{
	struct node from = {
		.kind = NODE_MEMBER, .span = c->span, .type = m->type, .member = { whole, m->name }
	};

	from.member.member = m;
	c->n++;
	to = to ? gen_offset(c->g, to, m->bit_offset / 8) : NULL;
	if (!is_plain(c->g, m->type)) {
		object(c, &from, m->type, to);
		return;
	}
	if (!to)
		return;
	if (m->bit_size)
		bits(c->g, &from, m, to);
	else if (gen_is_scalar(m->type))
		gen_store(c->g, m->type, to, gen_value(c->g, &from));
	else
		bytes(c, &from, to);
}

/* Its members are found in whole's type. */
static void members(struct copy *c, struct node *whole, const struct type *part, LLVMValueRef to)
{
	const struct member *list;
	uint32_t n = type_members(c->g->program->types, part, &list);

	for (uint32_t i = 0; i < n && !c->why; i++) {
		const struct member *m = &list[i];

		if (!m->type->size)
			continue; /* as long as the memory behind the struct */
		if (!m->name.n && m->type->form == FORM_STRUCT)
			members(c, whole, m->type, to);
		else if (m->name.n)
			member(c, whole, type_member(c->g->program->types, whole->type, m->name), to);
		else
			c->why = "it has a union, of which only the script knows what it holds";
	}
}

/* to: NULL: only looked at. */
static void object(struct copy *c, struct node *from, const struct type *t, LLVMValueRef to)
{
	if (t->form == FORM_STRUCT && !t->defined)
		members(c, from, t, to);
	else if (t->form == FORM_UNION)
		c->why = "it has a union, of which only the script knows what it holds";
	else
		c->why = "it has an array of structs";
	if (c->n > MEMBERS_MAX)
		c->why = "it has too many members";
}

/* Not in words of 8: what ntop() makes has an address at 4, and the stack takes only what is aligned. */
static void zero(struct gen *g, LLVMValueRef to, uint32_t size)
{
	for (uint32_t at = 0, step; at < size; at += step) {
		step = size - at >= 4 ? 4 : 1;
		LLVMBuildStore(g->b, LLVMConstNull(gen_int_type(g, step)), gen_offset(g, to, at));
	}
}

static void refuse(struct copy *c, const struct type *t)
{
	struct gen *g = c->g;
	struct diag diag = { .map = g->program->map, .out = stderr };

	if (!g->refused) {
		diag_error(&diag, c->span, "%.*s can't be copied whole in an image for other kernels: %s",
		    STR_ARG(type_text(g->arena, t)), c->why);
		diag_hint(&diag,
		    "name the members that are wanted, or run the script on the kernel that it is "
		    "compiled on");
	}
	g->refused = true;
}

void portable_copy(struct gen *g, struct node *node, LLVMValueRef to)
{
	struct copy c = { .g = g, .span = node->span };
	const struct type *t = node->type;
	bool plain = is_plain(g, t) && core_is_field(node);

	if (!plain)
		object(&c, node, t, NULL);
	if (c.why) {
		refuse(&c, t);
		return;
	}
	zero(g, to, t->size);
	/* The object's address is computed once. */
	g->copied_address = core_address(g, node);
	g->copied = node;
	if (plain)
		bytes(&c, node, to);
	else
		object(&c, node, t, to);
	g->copied = NULL;
}
