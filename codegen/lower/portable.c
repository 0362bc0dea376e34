/*
 * What is copied whole into the image's own memory. Its layout there is that of the kernel that is compiled
 * for; on the kernel where it runs each member is found by its name, so a struct is copied member by member.
 */
#include "codegen/lower/portable.h"

#include "analysis/field_path.h"
#include "codegen/bpf/core.h"
#include "codegen/bpf/core_read.h"
#include "codegen/bpf/memory.h"
#include "codegen/lower/expr.h"
#include "codegen/lower/member.h"

#define MEMBERS_MAX 64 /* each is read on its own */

struct copy {
	struct function *f;
	struct span span;
	unsigned n;      /* members so far */
	const char *why; /* it can't be done; NULL: nothing stands against it */
	struct str what; /* of which why speaks */
};

bool portable_copies(const struct function *f, const struct node *node)
{
	const struct type *t = node->type;

	if (!f->g->program->portable)
		return false;
	return ((t->form == FORM_STRUCT || t->form == FORM_UNION) && !t->defined) ||
	       (t->form == FORM_ARRAY && node->path && field_path_is_kernels(node->path));
}

/* Tells whether a value's bytes are the same on every kernel: those of numbers, addresses, arrays of them,
 * and unions that are other views of them. */
static bool is_plain(struct function *f, const struct type *t)
{
	const struct member *members;
	uint32_t n;

	if (gen_is_scalar(t))
		return true;
	if (t->form == FORM_ARRAY)
		return is_plain(f, t->target);
	if (t->form != FORM_UNION)
		return false;
	n = type_members(f->g->program->types, t, &members);
	for (uint32_t i = 0; i < n; i++)
		if (members[i].bit_size || !is_plain(f, members[i].type))
			return false;
	return true;
}

static void object(struct copy *c, struct node *from, const struct type *t, LLVMValueRef to);

/* Copies as many bytes as both have room for; to holds zeros. */
static void bytes(struct copy *c, struct node *from, LLVMValueRef to)
{
	struct function *f = c->f;
	LLVMValueRef room = gen_const(f, from->type->size),
		     size = core_field_info(f, from->path, FIELD_BYTE_SIZE);
	LLVMValueRef less = LLVMBuildICmp(f->b, LLVMIntULT, size, room, "");

	core_read_bytes(f, gen_space(from), to, LLVMBuildSelect(f->b, less, size, room, ""),
	    gen_address(f, from), c->span);
}

static void bits(struct function *f, struct node *from, const struct member *m, LLVMValueRef to)
{
	LLVMValueRef v = gen_value(f, from);

	v = LLVMBuildAnd(
	    f->b, v, gen_const(f, m->bit_size < 64 ? (1ull << m->bit_size) - 1 : UINT64_MAX), "");
	v = LLVMBuildShl(f->b, v, gen_const(f, m->bit_offset % 8), "");
	for (uint32_t at = 0; 8 * at < m->bit_offset % 8 + m->bit_size; at++) {
		LLVMValueRef place = gen_offset(f, to, at), byte = LLVMBuildLoad2(f->b, f->m->i8, place, "");
		LLVMValueRef part = LLVMBuildLShr(f->b, v, gen_const(f, 8 * at), "");

		LLVMBuildStore(
		    f->b, LLVMBuildOr(f->b, byte, LLVMBuildTrunc(f->b, part, f->m->i8, ""), ""), place);
	}
}

/* Copies a member of whole, as whole has it: it may lie in a part of it without a name. */
static void member(struct copy *c, struct node *whole, const struct member *m, LLVMValueRef to)
{
	struct node from = {
		.kind = NODE_MEMBER, .span = c->span, .type = m->type, .member = { whole, m->name }
	};

	from.member.member = m;
	from.path = field_path_part(
	    c->f->g->arena, whole, (struct field_step){ .member = m, .from = whole->type, .type = m->type });
	c->n++;
	to = to ? gen_offset(c->f, to, m->bit_offset / 8) : NULL;
	if (!is_plain(c->f, m->type)) {
		object(c, &from, m->type, to);
		return;
	}
	if (!to)
		return;
	if (m->bit_size)
		bits(c->f, &from, m, to);
	else if (gen_is_scalar(m->type))
		gen_store(c->f, m->type, to, gen_value(c->f, &from));
	else
		bytes(c, &from, to);
}

/* Copies the members of part, which are found in whole's type. */
static void members(struct copy *c, struct node *whole, const struct type *part, LLVMValueRef to)
{
	const struct member *list;
	uint32_t n = type_members(c->f->g->program->types, part, &list);

	for (uint32_t i = 0; i < n && !c->why; i++) {
		const struct member *m = &list[i];

		if (!m->type->size)
			continue; /* as long as the memory behind the struct */
		if (!m->name.n && m->type->form == FORM_STRUCT)
			members(c, whole, m->type, to);
		else if (m->name.n)
			member(c, whole, type_member(c->f->g->program->types, whole->type, m->name), to);
		else
			c->why = "it has a union, of which only the script knows what it holds";
	}
}

/* Copies an object; where to is NULL it only looks whether that can be done. */
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

/* Fills memory with zeros, but not in words of 8: what ntop() makes has an address at 4, and the stack
 * takes only what is aligned. */
static void zero(struct function *f, LLVMValueRef to, uint32_t size)
{
	for (uint32_t at = 0, step; at < size; at += step) {
		step = size - at >= 4 ? 4 : 1;
		LLVMBuildStore(f->b, LLVMConstNull(gen_int_type(f, step)), gen_offset(f, to, at));
	}
}

static void refuse(struct copy *c, const struct type *t)
{
	struct function *f = c->f;
	struct diag diag = { .map = f->g->program->map, .out = stderr };

	if (!f->m->refused) {
		diag_error(&diag, c->span, "%.*s can't be copied whole in an image for other kernels: %s",
		    STR_ARG(type_text(f->g->arena, t)), c->why);
		diag_hint(&diag,
		    "name the members that are wanted, or run the script on the kernel that it is "
		    "compiled on");
	}
	f->m->refused = true;
}

void portable_copy(struct function *f, struct node *node, LLVMValueRef to)
{
	struct copy c = { .f = f, .span = node->span };
	const struct type *t = node->type;
	bool plain = is_plain(f, t) && node->path && field_path_is_kernels(node->path);

	if (!plain)
		object(&c, node, t, NULL);
	if (c.why) {
		refuse(&c, t);
		return;
	}
	zero(f, to, t->size);
	/* The object's address is computed once. */
	f->lower->copied_address = gen_address(f, node);
	f->lower->copied = node;
	if (plain)
		bytes(&c, node, to);
	else
		object(&c, node, t, to);
	f->lower->copied = NULL;
}
