/*
 * The table of interned types, and how types print. What comes from BTF is made on demand: a
 * struct is one entry until somebody asks for a member.
 */
#include "analysis/type.h"

#include <assert.h>

/* Anonymous structs lie in anonymous structs, but not for ever. */
#define NESTING_LIMIT 16

/* A type and what is known of its members so far; every struct type * points into one. */
struct entry {
	struct type type;
	VEC(const struct member *) members;
};

struct types {
	struct arena *arena;
	struct kernel_btf *btf;
	VEC(struct entry *) entries;
};

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
	       str_eq(a->name, b->name) && same_items(a, b);
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

uint32_t type_align(const struct type *t)
{
	switch (t->form) {
	case FORM_INT:
	case FORM_BOOL:
	case FORM_ENUM:
		return t->size ? t->size : 1;
	case FORM_ARRAY:
		return type_align(t->target);
	case FORM_INET:
		return 4;
	case FORM_STRING:
	case FORM_VOID:
		return 1;
	case FORM_PTR:
	case FORM_STRUCT:
	case FORM_UNION:
	case FORM_TUPLE:
	case FORM_PROBE:
	case FORM_FUNC:
	case FORM_ARGS:
	case FORM_COUNT:
	case FORM_HIST:
		break;
	}
	return 8;
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
		offsets[i] = round_up(end, type_align(items[i]));
		end = offsets[i] + items[i]->size;
	}
	return intern(t, &(struct type){ .form = FORM_TUPLE,
			     .size = round_up(end, 8),
			     .elements = n,
			     .items = copy,
			     .offsets = offsets });
}

static uint32_t simple_size(enum type_form form)
{
	/* struct inet_value: a family and 16 bytes. The others are a u64. */
	return form == FORM_INET ? 20 : form == FORM_VOID ? 0 : 8;
}

const struct type *type_simple(struct types *t, enum type_form form)
{
	return intern(t, &(struct type){ .form = form, .size = simple_size(form) });
}

const struct type *type_hist(struct types *t, uint32_t bits)
{
	return intern(t, &(struct type){ .form = FORM_HIST, .size = 8, .hist_bits = bits });
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
	case BTF_SHAPE_VOID:
	case BTF_SHAPE_FLOAT:
	case BTF_SHAPE_FUNC_PROTO:
	case BTF_SHAPE_FWD:
		break;
	}
	return type_void(t);
}

const struct type *type_of_btf(struct types *t, uint32_t id, enum address_space space)
{
	return t->btf ? of_btf(t, id, space, 0) : type_void(t);
}

const struct type *type_named(struct types *t, enum btf_shape tag, struct str name)
{
	int id = t->btf ? btf_find(t->btf, tag, name) : -1;

	return id < 0 ? NULL : type_of_btf(t, (uint32_t)id, SPACE_KERNEL);
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

static struct entry *entry_of(const struct type *type)
{
	return (struct entry *)((char *)type - offsetof(struct entry, type));
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
	if (record->form != FORM_STRUCT && record->form != FORM_UNION)
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

	if (record->form == FORM_STRUCT || record->form == FORM_UNION) {
		if (t->btf)
			near_in_btf(t, record->btf_id, 0, near);
		return;
	}
	for (size_t i = 0; i < entry->members.n; i++)
		str_near_offer(near, t->arena, entry->members.v[i]->name);
}

bool type_is_integer(const struct type *t)
{
	return t->form == FORM_INT || t->form == FORM_BOOL || t->form == FORM_ENUM;
}

bool type_is_aggregation(const struct type *t)
{
	return t->form == FORM_COUNT || t->form == FORM_HIST;
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
