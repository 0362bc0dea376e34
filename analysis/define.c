/*
 * The types that a script defines, laid out as gcc does for x86-64 and arm64 (System V ABI).
 */
#include <inttypes.h>

#include "analysis/compilation.h"

static const struct type *record_type(struct compilation *c, const struct record_syntax *syntax);

/* Offsets count bits in 32 of them. */
#define RECORD_MAX (UINT32_MAX / 8)

/* As C aligns a member of the type. */
static uint32_t c_align(struct compilation *c, const struct type *t)
{
	const struct member *members;
	uint32_t n, align = 1, one;

	if (t->form == FORM_ARRAY)
		return c_align(c, t->target);
	if (t->align)
		return t->align;
	if (t->form != FORM_STRUCT && t->form != FORM_UNION)
		return t->size ? t->size : 1;
	n = type_members(c->types, t, &members);
	for (uint32_t i = 0; i < n; i++) {
		one = c_align(c, members[i].type);
		align = one > align ? one : align;
	}
	/* A packed one has members where they would not be otherwise. */
	while (t->size % align)
		align /= 2;
	return align;
}

static const struct type *base_type(struct compilation *c, const struct member_syntax *m)
{
	const struct type *type;

	if (m->record)
		return record_type(c, m->record);
	type = type_by_word(c->types, m->words);
	if (type)
		return type;
	problem_error(c, m->span, "unknown type %.*s", STR_ARG(m->words));
	problem_hint(c, "types are int, uint64_t, struct name ..., and what the script defines before this");
	return c->error;
}

static const struct type *too_large(struct compilation *c, struct span span, uint64_t size)
{
	problem_error(c, span, "a type of %" PRIu64 " bytes is too large", size);
	problem_hint(c, "it has at most %u bytes", RECORD_MAX);
	return type_int(c->types, 4, true);
}

static const struct type *member_type(struct compilation *c, const struct member_syntax *m)
{
	const struct type *type = base_type(c, m);

	if (is_unknown(c, type))
		return type_int(c->types, 4, true);
	if (!m->pointers && type_is_incomplete(type)) {
		problem_error(c, m->span, "the size of %.*s is not known, so it can't be a member",
		    STR_ARG(type_text(c->arena, type)));
		problem_hint(c, "define it before this, or include the header that does; a pointer to it can "
				"be a member");
		return type_int(c->types, 4, true);
	}
	for (unsigned i = 0; i < m->pointers; i++)
		type = type_ptr(c->types, type, SPACE_KERNEL);
	for (unsigned i = m->n_dimensions; i-- > 0;) {
		if ((uint64_t)type->size * m->dimensions[i] > RECORD_MAX)
			return too_large(c, m->span, (uint64_t)type->size * m->dimensions[i]);
		type = type_array(c->types, type, m->dimensions[i]);
	}
	return type;
}

struct layout {
	const struct type *record;
	bool is_union, packed;
	uint64_t bits;  /* the first free one */
	uint64_t size;  /* bytes; union: of the largest */
	uint32_t align; /* bytes */
};

/* 1 of what is packed, but for what says otherwise itself. */
static uint32_t member_align(
    struct compilation *c, const struct layout *l, const struct member_syntax *m, const struct type *type)
{
	uint32_t align = l->packed || m->attributes.packed ? 1 : c_align(c, type);

	return m->attributes.align > align ? m->attributes.align : align;
}

static void place_bitfield(
    struct layout *l, const struct member_syntax *m, const struct type *type, uint32_t align)
{
	uint64_t unit = 8 * (uint64_t)type->size;

	if (!m->bits)
		l->bits = round_up(l->bits, unit);
	else if (m->attributes.align)
		l->bits = round_up(l->bits, 8 * (uint64_t)align);
	else if (align != 1 && l->bits / unit != (l->bits + m->bits - 1) / unit)
		l->bits = round_up(l->bits, unit);
}

static uint64_t place_member(
    struct compilation *c, struct layout *l, const struct member_syntax *m, const struct type *type)
{
	uint32_t align = member_align(c, l, m, type);
	uint64_t at;

	if (l->is_union)
		l->bits = 0;
	if (m->attributes.is_placed)
		l->bits = m->attributes.offset;
	else if (m->is_bitfield)
		place_bitfield(l, m, type, align);
	else
		l->bits = round_up(l->bits, 8 * (uint64_t)align);
	/* Bits without a name align nothing. */
	if (align > l->align && (!m->is_bitfield || m->name.n))
		l->align = align;
	at = l->bits;
	l->bits += m->is_bitfield ? m->bits : 8 * (uint64_t)type->size;
	if ((l->bits + 7) / 8 > l->size)
		l->size = (l->bits + 7) / 8;
	return at;
}

/* The members of an anonymous record are reached as if they were the outer one's own. */
static void add_members_of(
    struct compilation *c, const struct type *outer, const struct type *inner, uint32_t at)
{
	const struct member *members;
	uint32_t n = type_members(c->types, inner, &members);

	for (uint32_t i = 0; i < n; i++) {
		struct member copy = members[i];

		copy.bit_offset += at;
		type_define_member(c->types, outer, &copy);
	}
}

static bool good_bits(struct compilation *c, const struct member_syntax *m, const struct type *type)
{
	if (!m->is_bitfield || (type_is_integer(type) && m->bits <= 8 * type->size))
		return true;
	problem_error(c, m->span, "a bitfield of %u bits does not fit its type", m->bits);
	problem_hint(c, "it has at most as many bits as its integer type");
	return false;
}

static void add_member(struct compilation *c, struct layout *l, const struct member_syntax *m)
{
	const struct type *type = member_type(c, m);
	struct member member = { .name = m->name, .type = type, .bit_size = m->bits };

	if (!good_bits(c, m, type))
		return;
	/* What has no room in 32 bits is refused with the whole record. */
	member.bit_offset = (uint32_t)place_member(c, l, m, type);
	if (m->name.n)
		type_define_member(c->types, l->record, &member);
	else if (!m->is_bitfield && (type->form == FORM_STRUCT || type->form == FORM_UNION))
		add_members_of(c, l->record, type, member.bit_offset);
}

static void lay_out(struct compilation *c, const struct type *record, const struct record_syntax *syntax)
{
	const struct attributes_syntax *a = &syntax->attributes;
	struct layout l = {
		.record = record,
		.is_union = syntax->tag == TAG_UNION,
		.packed = a->packed,
		.align = 1,
	};

	for (size_t i = 0; i < syntax->members.n; i++)
		add_member(c, &l, &syntax->members.v[i]);
	if (a->align > l.align || (a->align && a->size))
		l.align = a->align;
	l.size = a->size ? a->size : round_up(l.size, l.align);
	if (l.size > RECORD_MAX)
		too_large(c, syntax->span, l.size);
	type_define_end(record, l.size > RECORD_MAX ? 0 : (uint32_t)l.size, l.align);
}

static uint32_t enum_size(const struct record_syntax *syntax)
{
	static const uint32_t sizes[] = { 1, 2, 4 };
	int64_t low = 0, high = 0;

	for (size_t i = 0; i < syntax->enumerators.n; i++) {
		int64_t value = syntax->enumerators.v[i].value;

		low = value < low ? value : low;
		high = value > high ? value : high;
	}
	for (size_t i = syntax->attributes.packed ? 0 : 2; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned bits = 8 * sizes[i];

		if (low < 0 ? low >= -(1LL << (bits - 1)) && high < 1LL << (bits - 1) : high < 1LL << bits)
			return sizes[i];
	}
	return 8;
}

static const struct type *define_enum(struct compilation *c, const struct record_syntax *syntax)
{
	const struct type *type = type_define(c->types, FORM_ENUM, syntax->name);
	uint32_t size = syntax->attributes.size ? syntax->attributes.size : enum_size(syntax);

	type_define_end(type, size, size);
	for (size_t i = 0; i < syntax->enumerators.n; i++) {
		if (syntax->enumerators.v[i].value < 0)
			type_define_signed(type);
		type_define_constant(
		    c->types, syntax->enumerators.v[i].name, syntax->enumerators.v[i].value, type);
	}
	return type;
}

static const struct record_syntax *find_in(const struct record_syntax *in, const struct record_syntax *like)
{
	const struct record_syntax *found = NULL;

	if (in->has_body && in->tag == like->tag && str_eq(in->name, like->name))
		return in;
	for (size_t i = 0; i < in->members.n && !found; i++)
		if (in->members.v[i].record)
			found = find_in(in->members.v[i].record, like);
	return found;
}

/* Returns where a record of the same name was defined first. */
static struct span first_definition(const struct compilation *c, const struct record_syntax *like)
{
	const struct record_syntax *found = NULL;

	for (size_t i = 0; i < c->defined_by->definitions.n && !found; i++)
		if (c->defined_by->definitions.v[i].declared.record)
			found = find_in(c->defined_by->definitions.v[i].declared.record, like);
	return found ? found->span : like->span;
}

/* One definition comes several times when several headers include the one that it stands in. */
static void refuse_second(struct compilation *c, const struct record_syntax *syntax)
{
	struct span first = first_definition(c, syntax);
	struct source_pos a = source_pos(c->diag->map, first.begin);
	struct source_pos b = source_pos(c->diag->map, syntax->span.begin);

	if (first.begin != syntax->span.begin && str_eq(a.name, b.name) && a.line == b.line &&
	    a.column == b.column)
		return;
	problem_error(c, syntax->span, "%s %.*s is defined twice",
	    syntax->tag == TAG_UNION ? "union" : "struct", STR_ARG(syntax->name));
	problem_hint(c, "it was defined at %.*s:%u; leave out one of them, or take another name",
	    STR_ARG(a.name), a.line);
}

static const struct type *record_type(struct compilation *c, const struct record_syntax *syntax)
{
	static const enum btf_shape shapes[] = { BTF_SHAPE_VOID, BTF_SHAPE_STRUCT, BTF_SHAPE_UNION,
		BTF_SHAPE_ENUM };
	enum type_form form = syntax->tag == TAG_UNION ? FORM_UNION : FORM_STRUCT;
	const struct type *type;

	if (syntax->has_body && syntax->tag == TAG_ENUM)
		return define_enum(c, syntax);
	if (!syntax->has_body) {
		type = type_named(c->types, shapes[syntax->tag], syntax->name);
		/* Not known yet: good for pointers, and its definition may follow. */
		return type ? type : type_define(c->types, form, syntax->name);
	}
	type = type_define(c->types, form, syntax->name);
	if (type->size) {
		refuse_second(c, syntax);
		return type;
	}
	lay_out(c, type, syntax);
	return type;
}

void define_types(struct compilation *c, const struct script *script)
{
	c->defined_by = script;
	for (size_t i = 0; i < script->definitions.n; i++) {
		const struct definition_syntax *d = &script->definitions.v[i];

		if (d->is_typedef)
			type_define_name(c->types, d->declared.name, member_type(c, &d->declared));
		else
			record_type(c, d->declared.record);
	}
}
