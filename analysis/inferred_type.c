/*
 * What a variable, a map's value or a key can hold: each assignment widens it.
 */
#include "analysis/compilation.h"

static const struct type *stored_tuple(struct compilation *c, const struct type *type)
{
	const struct type **items = arena_many(c->arena, const struct type *, type->elements);

	for (uint32_t i = 0; i < type->elements; i++) {
		items[i] = inferred_stored_in_map(c, type->items[i]);
		if (!items[i])
			return NULL;
	}
	return type_tuple(c->types, items, type->elements);
}

const struct type *inferred_stored(struct compilation *c, const struct type *type)
{
	if (type_is_aggregation(type))
		return type;
	if (!type_has(type, TRAIT_STORED) || !type->size)
		return NULL;
	if (type_is_text(type))
		return type_string_for(c->types, type);
	return type->form == FORM_TUPLE ? stored_tuple(c, type) : type;
}

const struct type *inferred_stored_in_map(struct compilation *c, const struct type *type)
{
	if (type_is_integer(type))
		return type_int(c->types, 8, !(type->size == 8 && !type->is_signed));
	return inferred_stored(c, type);
}

bool inferred_is_literal(const struct node *node)
{
	int64_t value;

	return node && fold_int(node, &value) && value >= 0;
}

/* The narrowest integer that keeps the values of both. uint64 with a signed one has none: it stays
 * unsigned when the other side is a literal >= 0, and is signed when negative values can come. */
static const struct type *merge_integers(
    struct compilation *c, const struct inferred_type *inferred, const struct type *b, bool literal)
{
	const struct type *a = inferred->type;
	const struct type *with_sign = a->is_signed ? a : b;
	const struct type *without = a->is_signed ? b : a;
	uint32_t size = a->size > b->size ? a->size : b->size;

	if (a->is_signed == b->is_signed)
		return type_int(c->types, size, a->is_signed);
	if (without->size == 8)
		return type_int(c->types, 8, !(with_sign == a ? inferred->literal : literal));
	while (size <= without->size)
		size *= 2;
	return type_int(c->types, size, true);
}

static const struct type *merge_pointers(struct compilation *c, const struct type *a, const struct type *b)
{
	if (a->target == b->target)
		return type_ptr(c->types, a->target, SPACE_ANY);
	if (a->target->form == FORM_VOID)
		return b;
	return b->target->form == FORM_VOID ? a : NULL;
}

static const struct type *merge(
    struct compilation *c, const struct inferred_type *inferred, const struct type *b, bool literal);

/* Element by element: the same number of them, each fitting the other. */
static const struct type *merge_tuples(
    struct compilation *c, const struct inferred_type *inferred, const struct type *b)
{
	const struct type *a = inferred->type;
	const struct type **items = arena_many(c->arena, const struct type *, a->elements);

	if (a->elements != b->elements)
		return NULL;
	for (uint32_t i = 0; i < a->elements; i++) {
		struct inferred_type item = { .type = a->items[i], .is_key = inferred->is_key };

		items[i] = merge(c, &item, b->items[i], false);
		if (!items[i])
			return NULL;
	}
	return type_tuple(c->types, items, a->elements);
}

static const struct type *merge(
    struct compilation *c, const struct inferred_type *inferred, const struct type *b, bool literal)
{
	const struct type *a = inferred->type, *merged = NULL;
	bool numbers =
	    (type_is_integer(a) || a->form == FORM_PTR) && (type_is_integer(b) || b->form == FORM_PTR);

	if (a == b)
		return b;
	if (type_is_integer(a) && type_is_integer(b))
		return merge_integers(c, inferred, b, literal);
	if (a->form == b->form && type_is_aggregation(a) && a->form != FORM_HIST && a->form != FORM_LHIST)
		return a->is_signed ? a : b;
	if (a->form == FORM_STRING && b->form == FORM_STRING)
		return a->size >= b->size ? a : b;
	if (a->form == FORM_BUFFER && b->form == FORM_BUFFER)
		return a->size >= b->size ? a : b;
	if (a->form == FORM_TUPLE && b->form == FORM_TUPLE)
		return merge_tuples(c, inferred, b);
	if (a->form == FORM_PTR && b->form == FORM_PTR)
		merged = merge_pointers(c, a, b);
	else if (a->form == FORM_PTR && literal)
		merged = a;
	else if (b->form == FORM_PTR && inferred->literal)
		merged = b;
	if (!merged && inferred->is_key && numbers)
		merged = type_int(c->types, 8, false);
	return merged;
}

bool inferred_take(struct compilation *c, struct inferred_type *inferred, const struct type *type,
    bool literal, struct span at)
{
	const struct type *merged = inferred->type ? merge(c, inferred, type, literal) : type;

	if (!merged)
		return false;
	if (!inferred->type) {
		inferred->first = at;
		inferred->literal = literal;
	}
	inferred->literal = inferred->literal && literal;
	if (merged != inferred->type) {
		inferred->type = merged;
		c->changed = true;
	}
	return true;
}
