/*
 * The table of interned types, and how types print. What comes from BTF is made on demand: a
 * struct is one entry until somebody asks for a member.
 */
#include "analysis/type_table.h"

#include "base/hist.h"

#include <assert.h>
#include <string.h>

/* Anonymous structs lie in anonymous structs, but not for ever. */
#define NESTING_LIMIT 16

void types_use_btf(struct types *t, struct kernel_btf *btf)
{
	t->btf = btf;
}

struct types *types_new(struct arena *a, struct kernel_btf *btf)
{
	struct types *t = arena_one(a, struct types);

	t->arena = a;
	t->btf = btf;
	return t;
}

static bool same_items(const struct type *a, const struct type *b)
{
	for (uint32_t i = 0; a->items && i < a->elements; i++)
		if (a->items[i] != b->items[i])
			return false;
	return !a->items == !b->items;
}

static bool same(const struct type *a, const struct type *b)
{
	return a->form == b->form && a->size == b->size && a->is_signed == b->is_signed &&
	       a->is_char == b->is_char && a->space == b->space && a->target == b->target &&
	       a->elements == b->elements && a->btf_id == b->btf_id && a->hist_bits == b->hist_bits &&
	       a->mode == b->mode && a->frames == b->frames && a->defined == b->defined &&
	       memcmp(a->range, b->range, sizeof(a->range)) == 0 && str_eq(a->name, b->name) &&
	       same_items(a, b);
}

struct entry *type_add(struct types *t, const struct type *type)
{
	struct entry *entry = arena_one(t->arena, struct entry);

	entry->type = *type;
	vec_push(t->arena, &t->entries, entry);
	return entry;
}

static const struct type *intern(struct types *t, const struct type *wanted)
{
	for (size_t i = 0; i < t->entries.n; i++)
		if (same(&t->entries.v[i]->type, wanted))
			return &t->entries.v[i]->type;
	return &type_add(t, wanted)->type;
}

const struct type *type_defined_in(
    const struct types *t, uint32_t scope, enum type_form form, struct str name)
{
	for (size_t i = 0; i < t->defined.n; i++) {
		const struct defined *d = &t->defined.v[i];

		if ((scope == ANY_SCOPE || d->scope == scope) && d->type->form == form &&
		    str_eq(d->type->name, name))
			return d->type;
	}
	return NULL;
}

const struct type *type_defined(const struct types *t, enum type_form form, struct str name)
{
	return type_defined_in(t, t->scope, form, name);
}

const struct type *type_void(struct types *t)
{
	return intern(t, &(struct type){ .form = FORM_VOID });
}

const struct type *type_int(struct types *t, uint32_t size, bool is_signed)
{
	return intern(t, &(struct type){ .form = FORM_INT, .size = size, .is_signed = is_signed });
}

const struct type *type_char(struct types *t)
{
	return intern(t, &(struct type){ .form = FORM_INT, .size = 1, .is_signed = true, .is_char = true });
}

const struct type *type_bool(struct types *t)
{
	return intern(t, &(struct type){ .form = FORM_BOOL, .size = 1 });
}

const struct type *type_float(struct types *t, uint32_t size)
{
	return intern(t, &(struct type){ .form = FORM_FLOAT, .size = size });
}

const struct type *type_ptr(struct types *t, const struct type *target, enum address_space space)
{
	return intern(t, &(struct type){ .form = FORM_PTR, .size = 8, .target = target, .space = space });
}

const struct type *type_array(struct types *t, const struct type *target, uint32_t elements)
{
	return intern(t, &(struct type){ .form = FORM_ARRAY,
			     .size = target->size * elements,
			     .is_char = target->is_char,
			     .target = target,
			     .elements = elements });
}

const struct type *type_string(struct types *t, uint32_t size)
{
	return intern(t, &(struct type){ .form = FORM_STRING, .size = size });
}

static const struct form {
	uint32_t size, align;
	enum type_kind_id kind;
	const char *text;
	unsigned traits;
} forms[] = {
#define FORM(name, size, align, kind, text, traits) { size, align, TYPE_##kind, text, traits },
#include "language/forms.def"
#undef FORM
};

bool type_has(const struct type *t, enum type_trait trait)
{
	return forms[t->form].traits & trait;
}

enum type_kind_id type_kind(const struct type *t)
{
	return forms[t->form].kind;
}

const char *type_form_text(enum type_form form)
{
	return forms[form].text;
}

uint32_t type_align(const struct type *t)
{
	if (forms[t->form].align)
		return forms[t->form].align;
	if (t->form == FORM_ARRAY)
		return type_align(t->target);
	return t->size ? t->size : 1;
}

const struct type *type_tuple(struct types *t, const struct type *const *items, uint32_t n)
{
	const struct type **copy = arena_copy(t->arena, items, n * sizeof(*items));
	uint32_t *offsets = arena_many(t->arena, uint32_t, n);
	uint32_t end = 0;

	for (uint32_t i = 0; i < n; i++) {
		/* The verifier wants aligned accesses of the stack, where tuples are put together, and what
		 * is no number is written in words of 8 bytes. */
		offsets[i] = round_up(end, type_has(items[i], TRAIT_SCALAR) ? type_align(items[i]) : 8);
		end = offsets[i] + items[i]->size;
	}
	return intern(t, &(struct type){ .form = FORM_TUPLE,
			     .size = round_up(end, 8),
			     .elements = n,
			     .items = copy,
			     .offsets = offsets });
}

const struct type *type_simple(struct types *t, enum type_form form)
{
	return intern(t, &(struct type){ .form = form, .size = forms[form].size });
}

const struct type *type_aggregate(struct types *t, enum type_form form, bool is_signed)
{
	return intern(t, &(struct type){ .form = form, .size = forms[form].size, .is_signed = is_signed });
}

const struct type *type_hist(struct types *t, uint32_t bits)
{
	return intern(
	    t, &(struct type){ .form = FORM_HIST, .size = 8 * hist_buckets(bits), .hist_bits = bits });
}

const struct type *type_lhist(struct types *t, int64_t from, int64_t to, int64_t step)
{
	return intern(t,
	    &(struct type){
		.form = FORM_LHIST, .size = 8 * lhist_buckets(from, to, step), .range = { from, to, step } });
}

const struct type *type_stack(struct types *t, enum type_form form, enum stack_mode mode, uint32_t frames)
{
	return intern(
	    t, &(struct type){ .form = form, .size = forms[form].size, .mode = mode, .frames = frames });
}

const struct type *type_buffer(struct types *t, uint32_t n)
{
	return intern(t, &(struct type){ .form = FORM_BUFFER, .size = round_up(4 + n, 4), .elements = n });
}

const struct type *type_with_text(struct types *t, enum type_form form, struct str text)
{
	return intern(t, &(struct type){ .form = form, .size = forms[form].size, .name = text });
}

const struct type *type_strings(struct types *t, uint32_t n)
{
	return intern(t, &(struct type){ .form = FORM_STRINGS, .size = n });
}

static const struct type *make_args(
    struct types *t, enum address_space space, const struct member *members, size_t n, bool open)
{
	struct entry *entry =
	    type_add(t, &(struct type){ .form = FORM_ARGS, .size = 8, .space = space, .open = open });
	struct member *copy = arena_copy(t->arena, members, n * sizeof(*members));

	for (size_t i = 0; i < n; i++) {
		copy[i].record = &entry->type;
		vec_push(t->arena, &entry->members, &copy[i]);
	}
	return &entry->type;
}

const struct type *type_args(
    struct types *t, enum address_space space, const struct member *members, size_t n)
{
	return make_args(t, space, members, n, false);
}

const struct type *type_open_args(
    struct types *t, enum address_space space, const struct member *members, size_t n)
{
	return make_args(t, space, members, n, true);
}

static const struct type *named_of_btf(struct types *t, enum type_form form, const struct btf_info *info)
{
	return intern(t, &(struct type){ .form = form,
			     .size = info->size,
			     .is_signed = form == FORM_ENUM && info->is_signed,
			     .name = info->name,
			     .btf_id = info->id });
}

static const struct type *of_btf(struct types *t, uint32_t id, enum address_space space, unsigned depth)
{
	const struct type *named;
	struct btf_info info;

	if (depth > NESTING_LIMIT)
		return type_void(t);
	btf_info(t->btf, id, &info);
	switch (info.shape) {
	case BTF_SHAPE_INT:
		if (info.is_char && info.size == 1)
			return type_char(t);
		return info.size <= 8 ? type_int(t, info.size, info.is_signed)
				      : type_array(t, type_int(t, 8, false), info.size / 8);
	case BTF_SHAPE_BOOL:
		return type_bool(t);
	case BTF_SHAPE_ENUM:
		return named_of_btf(t, FORM_ENUM, &info);
	case BTF_SHAPE_PTR:
		space = info.user ? SPACE_USER : space;
		return type_ptr(t, of_btf(t, info.target, space, depth + 1), space);
	case BTF_SHAPE_ARRAY:
		return type_array(t, of_btf(t, info.target, space, depth + 1), info.elements);
	case BTF_SHAPE_STRUCT:
		return named_of_btf(t, FORM_STRUCT, &info);
	case BTF_SHAPE_UNION:
		return named_of_btf(t, FORM_UNION, &info);
	case BTF_SHAPE_FWD:
		named = type_defined(t, FORM_STRUCT, info.name);
		return named ? named : type_void(t);
	case BTF_SHAPE_FLOAT:
		if (info.size == 4 || info.size == 8 || info.size == 16)
			return type_float(t, info.size);
		break;
	case BTF_SHAPE_VOID:
	case BTF_SHAPE_FUNC_PROTO:
		break;
	}
	return type_void(t);
}

const struct type *type_of_btf(struct types *t, uint32_t id, enum address_space space)
{
	return t->btf ? of_btf(t, id, space, 0) : type_void(t);
}

/* Nobody but the kernel where it runs knows it. */
static const struct member *open_member(struct types *t, struct entry *entry, struct str name)
{
	struct member *member = arena_one(t->arena, struct member);

	member->record = &entry->type;
	member->name = name;
	member->type = type_int(t, 8, false);
	member->field_size = 8;
	vec_push(t->arena, &entry->members, member);
	return member;
}

const struct member *type_member(struct types *t, const struct type *record, struct str name)
{
	struct entry *entry = entry_of(record);
	struct btf_member_info info;
	struct member *member;
	uint32_t bits;

	for (size_t i = 0; i < entry->members.n; i++)
		if (str_eq(entry->members.v[i]->name, name))
			return entry->members.v[i];
	if (record->open)
		return open_member(t, entry, name);
	if ((record->form != FORM_STRUCT && record->form != FORM_UNION) || record->defined)
		return NULL;
	if (!t->btf || !btf_find_member(t->btf, record->btf_id, name, &bits, &info))
		return NULL;
	member = arena_one(t->arena, struct member);
	member->record = record;
	member->name = info.name;
	member->type = type_of_btf(t, info.type, SPACE_KERNEL);
	member->bit_offset = bits;
	member->bit_size = info.bit_size;
	vec_push(t->arena, &entry->members, member);
	return member;
}

uint32_t type_members(struct types *t, const struct type *record, const struct member **members)
{
	struct entry *entry = entry_of(record);
	struct btf_info info;
	struct member *copy;

	if (record->defined || record->form == FORM_ARGS) {
		copy = arena_many(t->arena, struct member, entry->members.n);
		for (size_t i = 0; i < entry->members.n; i++)
			copy[i] = *entry->members.v[i];
		*members = copy;
		return (uint32_t)entry->members.n;
	}
	btf_info(t->btf, record->btf_id, &info);
	copy = arena_many(t->arena, struct member, info.members);
	for (uint32_t i = 0; i < info.members; i++) {
		struct btf_member_info member;

		btf_member(t->btf, info.id, i, &member);
		copy[i] = (struct member){
			.record = record,
			.name = member.name,
			.type = type_of_btf(t, member.type, SPACE_KERNEL),
			.bit_offset = member.bit_offset,
			.bit_size = member.bit_size,
		};
	}
	*members = copy;
	return info.members;
}

static void near_in_btf(struct types *t, uint32_t id, unsigned depth, struct str_near *near)
{
	struct btf_member_info member;
	struct btf_info info;

	btf_info(t->btf, id, &info);
	if ((info.shape != BTF_SHAPE_STRUCT && info.shape != BTF_SHAPE_UNION) || depth > NESTING_LIMIT)
		return;
	for (uint32_t i = 0; i < info.members; i++) {
		btf_member(t->btf, info.id, i, &member);
		if (member.name.n)
			str_near_offer(near, t->arena, member.name);
		else
			near_in_btf(t, member.type, depth + 1, near);
	}
}

void type_near_member(struct types *t, const struct type *record, struct str_near *near)
{
	const struct entry *entry = entry_of(record);

	if ((record->form == FORM_STRUCT || record->form == FORM_UNION) && !record->defined) {
		if (t->btf)
			near_in_btf(t, record->btf_id, 0, near);
		return;
	}
	for (size_t i = 0; i < entry->members.n; i++)
		str_near_offer(near, t->arena, entry->members.v[i]->name);
}

bool type_is_kernels(const struct type *t)
{
	return (t->form == FORM_STRUCT || t->form == FORM_UNION) && !t->defined && t->name.n;
}

struct str type_kernel_name(struct arena *a, const struct type *t)
{
	return str_format(a, "%s %.*s", t->form == FORM_UNION ? "union" : "struct", STR_ARG(t->name));
}

bool type_is_integer(const struct type *t)
{
	return type_has(t, TRAIT_INTEGER);
}

bool type_is_incomplete(const struct type *t)
{
	return t->form == FORM_ARRAY
		   ? type_is_incomplete(t->target)
		   : (t->form == FORM_STRUCT || t->form == FORM_UNION) && t->defined && !t->align;
}

bool type_is_aggregation(const struct type *t)
{
	return type_has(t, TRAIT_AGGREGATE);
}

bool type_is_text(const struct type *t)
{
	return t->form == FORM_STRING || (t->form == FORM_ARRAY && t->is_char && t->elements);
}

const struct type *type_string_for(struct types *t, const struct type *text)
{
	assert(type_is_text(text));
	return text->form == FORM_STRING ? text : type_string(t, text->elements + 1);
}

static bool is_uint64(const struct type *t)
{
	return t->form == FORM_PTR || (t->size == 8 && !t->is_signed);
}

const struct type *type_common(struct types *t, const struct type *a, const struct type *b)
{
	return type_int(t, 8, !is_uint64(a) && !is_uint64(b));
}
