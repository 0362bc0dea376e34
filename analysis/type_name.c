/*
 * Types by their names: the words of C, what the script and the debugging information of programs define, and
 * what BTF has.
 */
#include "analysis/type_table.h"

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
	const struct type *found = name.n ? type_defined(t, form, name) : NULL;

	if (!found) {
		found = &type_add(t, &(struct type){ .form = form, .name = name, .defined = true })->type;
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

void type_define_signed(const struct type *enumeration)
{
	entry_of(enumeration)->type.is_signed = true;
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
		return type_defined_in(t, scope, FORM_STRUCT, name);
	if (tag == BTF_SHAPE_UNION)
		return type_defined_in(t, scope, FORM_UNION, name);
	return tag == BTF_SHAPE_ENUM ? type_defined_in(t, scope, FORM_ENUM, name) : NULL;
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

static const struct type *float_by_word(struct types *t, struct str word)
{
	if (str_is(word, "float"))
		return type_float(t, sizeof(float));
	if (str_is(word, "double"))
		return type_float(t, sizeof(double));
	return str_is(word, "long double") ? type_float(t, sizeof(long double)) : NULL;
}

const struct type *type_by_word(struct types *t, struct str word)
{
	const struct type *number = float_by_word(t, word);
	int id;

	if (number)
		return number;

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
