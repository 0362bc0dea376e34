/*
 * The table of interned types, and how types print. What comes from BTF is made on demand: a
 * struct is one entry until somebody asks for a member.
 */
#include "analysis/type.h"

#include "base/hist.h"

#include <assert.h>
#include <string.h>

/* Anonymous structs lie in anonymous structs, but not for ever. */
#define NESTING_LIMIT 16

/* A type and what is known of its members so far; every struct type * points into one. */
struct entry {
	struct type type;
	VEC(const struct member *) members;
};

struct named {
	struct str name;
	const struct type *type;
	int64_t value;
};

struct defined {
	const struct type *type;
	uint32_t scope;
};

struct types {
	struct arena *arena;
	struct kernel_btf *btf;
	VEC(struct entry *) entries;
	VEC(struct defined) defined; /* records and enums of the script */
	uint32_t scope, scopes;      /* 0: the script's own */
	VEC(struct named) names;     /* its typedefs */
	VEC(struct named) constants; /* of its enums */
};

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

static struct entry *add(struct types *t, const struct type *type)
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
	return &add(t, wanted)->type;
}

const struct type *type_void(struct types *t)
{
	return intern(t, &(struct type){ .form = FORM_VOID });
}

const struct type *type_int(struct types *t, uint32_t size, bool is_signed)
{
	return intern(t, &(struct type){ .form = FORM_INT, .size = size, .is_signed = is_signed });
}

static const struct type *type_char(struct types *t)
{
	return intern(t, &(struct type){ .form = FORM_INT, .size = 1, .is_signed = true, .is_char = true });
}

const struct type *type_bool(struct types *t)
{
	return intern(t, &(struct type){ .form = FORM_BOOL, .size = 1 });
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
#include "analysis/forms.def"
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

static uint32_t round_up(uint32_t n, uint32_t to)
{
	return (n + to - 1) / to * to;
}

const struct type *type_tuple(struct types *t, const struct type *const *items, uint32_t n)
{
	const struct type **copy = arena_copy(t->arena, items, n * sizeof(*items));
	uint32_t *offsets = arena_many(t->arena, uint32_t, n);
	uint32_t end = 0;

	for (uint32_t i = 0; i < n; i++) {
		/* The verifier wants aligned accesses of the stack, where tuples are put together, and what
		 * is no number is written in words of 8 bytes. */
		offsets[i] = round_up(end, type_has(items[i], SCALAR) ? type_align(items[i]) : 8);
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

const struct type *type_args(
    struct types *t, enum address_space space, const struct member *members, size_t n)
{
	struct entry *entry = add(t, &(struct type){ .form = FORM_ARGS, .size = 8, .space = space });
	struct member *copy = arena_copy(t->arena, members, n * sizeof(*members));

	for (size_t i = 0; i < n; i++) {
		copy[i].record = &entry->type;
		vec_push(t->arena, &entry->members, &copy[i]);
	}
	return &entry->type;
}

static const struct type *find_defined(const struct types *t, enum type_form form, struct str name);

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
		named = find_defined(t, FORM_STRUCT, info.name);
		return named ? named : type_void(t);
	case BTF_SHAPE_VOID:
	case BTF_SHAPE_FLOAT:
	case BTF_SHAPE_FUNC_PROTO:
		break;
	}
	return type_void(t);
}

const struct type *type_of_btf(struct types *t, uint32_t id, enum address_space space)
{
	return t->btf ? of_btf(t, id, space, 0) : type_void(t);
}

static struct entry *entry_of(const struct type *type)
{
	return (struct entry *)((char *)type - offsetof(struct entry, type));
}

#define ANY_SCOPE UINT32_MAX

static const struct type *find_in_scope(
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

static const struct type *find_defined(const struct types *t, enum type_form form, struct str name)
{
	return find_in_scope(t, t->scope, form, name);
}

void types_begin_scope(struct types *t)
{
	t->scope = ++t->scopes;
}

void types_end_scope(struct types *t)
{
	t->scope = 0;
}

const struct type *type_define(struct types *t, enum type_form form, struct str name)
{
	const struct type *found = name.n ? find_defined(t, form, name) : NULL;

	if (!found) {
		found = &add(t, &(struct type){ .form = form, .name = name, .defined = true })->type;
		vec_push(t->arena, &t->defined, ((struct defined){ found, t->scope }));
	}
	return found;
}

void type_define_member(struct types *t, const struct type *record, const struct member *member)
{
	struct member *copy = arena_copy(t->arena, member, sizeof(*member));

	copy->record = record;
	vec_push(t->arena, &entry_of(record)->members, copy);
}

void type_define_end(const struct type *record, uint32_t size, uint32_t align)
{
	entry_of(record)->type.size = size;
	entry_of(record)->type.align = align;
}

void type_define_name(struct types *t, struct str name, const struct type *type)
{
	vec_push(t->arena, &t->names, ((struct named){ .name = name, .type = type }));
}

void type_define_constant(struct types *t, struct str name, int64_t value, const struct type *type)
{
	vec_push(t->arena, &t->constants, ((struct named){ name, type, value }));
}

bool type_find_constant(const struct types *t, struct str name, int64_t *value, const struct type **type)
{
	for (size_t i = 0; i < t->constants.n; i++) {
		if (!str_eq(t->constants.v[i].name, name))
			continue;
		*value = t->constants.v[i].value;
		*type = t->constants.v[i].type;
		return true;
	}
	return false;
}

static const struct type *defined_of_shape(
    const struct types *t, uint32_t scope, enum btf_shape tag, struct str name)
{
	if (tag == BTF_SHAPE_STRUCT)
		return find_in_scope(t, scope, FORM_STRUCT, name);
	if (tag == BTF_SHAPE_UNION)
		return find_in_scope(t, scope, FORM_UNION, name);
	return tag == BTF_SHAPE_ENUM ? find_in_scope(t, scope, FORM_ENUM, name) : NULL;
}

const struct type *type_named(struct types *t, enum btf_shape tag, struct str name)
{
	const struct type *defined = defined_of_shape(t, t->scope, tag, name);

	if (defined || t->scope)
		return defined;
	int id = t->btf ? btf_find(t->btf, tag, name) : -1;

	return id < 0 ? defined_of_shape(t, ANY_SCOPE, tag, name)
		      : type_of_btf(t, (uint32_t)id, SPACE_KERNEL);
}

/* The words of C and of the language for integers. */
static const struct word {
	const char *name;
	uint8_t size;
	bool is_signed, is_char;
} words[] = {
	{ "uint8", 1, false, false },
	{ "uint16", 2, false, false },
	{ "uint32", 4, false, false },
	{ "uint64", 8, false, false },
	{ "int8", 1, true, false },
	{ "int16", 2, true, false },
	{ "int32", 4, true, false },
	{ "int64", 8, true, false },
	{ "char", 1, true, true },
	{ "signed char", 1, true, false },
	{ "unsigned char", 1, false, false },
	{ "short", 2, true, false },
	{ "short int", 2, true, false },
	{ "unsigned short", 2, false, false },
	{ "short unsigned int", 2, false, false },
	{ "unsigned short int", 2, false, false },
	{ "int", 4, true, false },
	{ "signed int", 4, true, false },
	{ "signed", 4, true, false },
	{ "unsigned", 4, false, false },
	{ "unsigned int", 4, false, false },
	{ "long", 8, true, false },
	{ "long int", 8, true, false },
	{ "unsigned long", 8, false, false },
	{ "unsigned long int", 8, false, false },
	{ "long unsigned int", 8, false, false },
	{ "long long", 8, true, false },
	{ "long long int", 8, true, false },
	{ "unsigned long long", 8, false, false },
	{ "long long unsigned int", 8, false, false },
	{ "u8", 1, false, false },
	{ "u16", 2, false, false },
	{ "u32", 4, false, false },
	{ "u64", 8, false, false },
	{ "s8", 1, true, false },
	{ "s16", 2, true, false },
	{ "s32", 4, true, false },
	{ "s64", 8, true, false },
	{ "int8_t", 1, true, false },
	{ "int16_t", 2, true, false },
	{ "int32_t", 4, true, false },
	{ "int64_t", 8, true, false },
	{ "uint8_t", 1, false, false },
	{ "uint16_t", 2, false, false },
	{ "uint32_t", 4, false, false },
	{ "uint64_t", 8, false, false },
	{ "size_t", 8, false, false },
	{ "ssize_t", 8, true, false },
	{ "uintptr_t", 8, false, false },
	{ "pid_t", 4, true, false },
	{ "uid_t", 4, false, false },
	{ "gid_t", 4, false, false },
	{ "dev_t", 4, false, false },
};

const struct type *type_by_word(struct types *t, struct str word)
{
	int id;

	if (str_is(word, "void"))
		return type_void(t);
	if (str_is(word, "bool") || str_is(word, "_Bool"))
		return type_bool(t);
	for (size_t i = 0; i < t->names.n; i++)
		if (str_eq(word, t->names.v[i].name))
			return t->names.v[i].type;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_is(word, words[i].name))
			return words[i].is_char ? type_char(t)
						: type_int(t, words[i].size, words[i].is_signed);
	id = t->btf ? btf_find(t->btf, BTF_SHAPE_VOID, word) : -1;
	return id < 0 ? NULL : type_of_btf(t, (uint32_t)id, SPACE_KERNEL);
}

/* Looks through anonymous structs and unions; *bits is where record begins. */
static bool find_member(
    struct types *t, uint32_t record, struct str name, uint32_t *bits, struct btf_member_info *found)
{
	VEC(struct {
		uint32_t id;
		uint32_t bits;
		unsigned depth;
	})
	todo = { 0 };
	struct btf_info info;

	vec_push(t->arena, &todo, ((__typeof__(*todo.v)){ record, 0, 0 }));
	for (size_t next = 0; next < todo.n; next++) {
		__typeof__(*todo.v) at = todo.v[next];

		btf_info(t->btf, at.id, &info);
		if ((info.shape != BTF_SHAPE_STRUCT && info.shape != BTF_SHAPE_UNION) ||
		    at.depth > NESTING_LIMIT)
			continue;
		for (uint32_t i = 0; i < info.members; i++) {
			btf_member(t->btf, info.id, i, found);
			*bits = at.bits + found->bit_offset;
			if (found->name.n && str_eq(found->name, name))
				return true;
			if (!found->name.n)
				vec_push(t->arena, &todo,
				    ((__typeof__(*todo.v)){ found->type, *bits, at.depth + 1 }));
		}
	}
	return false;
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
	if ((record->form != FORM_STRUCT && record->form != FORM_UNION) || record->defined)
		return NULL;
	if (!t->btf || !find_member(t, record->btf_id, name, &bits, &info))
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

bool type_is_integer(const struct type *t)
{
	return type_has(t, INTEGER);
}

bool type_is_aggregation(const struct type *t)
{
	return type_has(t, AGGREGATE);
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
