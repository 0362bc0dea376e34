/*
 * Maps: all uses of @x in the script agree on its keys and its value.
 */
#include "analysis/compilation.h"

static struct map_info *info_of(struct map *map)
{
	return (struct map_info *)map;
}

static struct map *map_named(struct compilation *c, struct str name)
{
	for (size_t i = 0; i < c->program->maps.n; i++)
		if (str_eq(c->program->maps.v[i]->name, name))
			return c->program->maps.v[i];
	return NULL;
}

void map_resolve(struct compilation *c, struct node *node)
{
	struct map *map = map_named(c, node->map.name);

	if (!map) {
		map = &arena_one(c->arena, struct map_info)->map;
		map->name = node->map.name;
		map->index = (uint32_t)c->program->maps.n;
		map->first = node->span;
		map->max_entries = c->options->max_map_keys;
		vec_push(c->arena, &c->program->maps, map);
	}
	node->map.map = map;
}

static uint32_t list_length(const struct node *list)
{
	uint32_t n = 0;

	for (; list; list = list->next)
		n++;
	return n;
}

static bool same_shape(struct compilation *c, struct map_info *info, const struct node *node, uint32_t n)
{
	struct str where = problem_place(c, info->key_span);

	if (info->n_keys == n)
		return true;
	if (!n || !info->n_keys) {
		problem_error(c, node->span, "%.*s is used %s a key here, but %s one at %.*s",
		    STR_ARG(node->map.name), n ? "with" : "without", n ? "without" : "with", STR_ARG(where));
		problem_hint(c, "a map has always a key or never; take another name for the other");
		return false;
	}
	problem_error(c, node->span, "%.*s has %u key%s here, but %u at %.*s", STR_ARG(node->map.name), n,
	    n == 1 ? "" : "s", info->n_keys, STR_ARG(where));
	problem_hint(c, "every use of a map has the same number of keys");
	return false;
}

static void take_key(struct compilation *c, struct map_info *info, uint32_t i, struct node *key)
{
	const struct type *type = infer_value(c, key), *stored;
	struct inferred_type *inferred = &info->keys[i];
	struct str text, before, where;

	if (is_unknown(c, type))
		return;
	text = type_text(c->arena, type);
	stored = inferred_stored_in_map(c, type);
	if (!stored) {
		problem_error(c, key->span, "%.*s can't be a map's key", STR_ARG(text));
		problem_hint(c, "keys are numbers, strings, pointers and addresses; take one of its members");
		return;
	}
	inferred->is_key = true;
	if (inferred_take(c, inferred, stored, inferred_is_literal(key), key->span))
		return;
	before = type_text(c->arena, inferred->type);
	where = problem_place(c, inferred->first);
	problem_error(c, key->span, "this key of %.*s is %.*s here, but %.*s at %.*s",
	    STR_ARG(info->map.name), STR_ARG(text), STR_ARG(before), STR_ARG(where));
	problem_hint(c, "the keys of a map keep their types; take another map or cast the key");
}

void map_use_keys(struct compilation *c, struct node *node)
{
	struct map_info *info = info_of(node->map.map);
	uint32_t n = list_length(node->map.keys), i = 0;

	if (!info->used) {
		info->used = true;
		info->key_span = node->span;
		info->n_keys = n;
		info->keys = n ? arena_many(c->arena, struct inferred_type, n) : NULL;
	}
	if (!same_shape(c, info, node, n))
		return;
	for (struct node *key = node->map.keys; key; key = key->next)
		take_key(c, info, i++, key);
}

static void never_assigned(struct compilation *c, const struct node *node)
{
	struct str_near near = { .wanted = node->map.name };

	for (size_t i = 0; i < c->program->maps.n; i++) {
		struct map_info *other = info_of(c->program->maps.v[i]);

		if (other->value.type)
			str_near_offer(&near, c->arena, other->map.name);
	}
	problem_error(c, node->span, "nothing is ever assigned to %.*s", STR_ARG(node->map.name));
	problem_hint_near(c, &near, "assign it somewhere in the script, as in @x = 1 or @x = count()");
}

const struct type *map_value_type(const struct map *map)
{
	return ((const struct map_info *)map)->value.type;
}

const struct type *map_read(struct compilation *c, struct node *node)
{
	struct map_info *info = info_of(node->map.map);

	if (info->value.type)
		return info->value.type;
	if (c->incomplete)
		return c->error;
	never_assigned(c, node);
	return c->error;
}

void map_assign(struct compilation *c, struct node *node, const struct type *type, struct node *value)
{
	struct map_info *info = info_of(node->map.map);
	const struct type *stored = inferred_stored_in_map(c, type);
	struct str text = type_text(c->arena, type), before, where;

	if (!stored) {
		problem_error(c, value->span, "%.*s can't be kept in a map", STR_ARG(text));
		problem_hint(c, "keep a pointer to it, or one of its members");
		return;
	}
	if (inferred_take(c, &info->value, stored, inferred_is_literal(value), value->span))
		return;
	before = type_text(c->arena, info->value.type);
	where = problem_place(c, info->value.first);
	problem_error(c, value->span, "%.*s is assigned %.*s here, but %.*s at %.*s", STR_ARG(info->map.name),
	    STR_ARG(text), STR_ARG(before), STR_ARG(where));
	problem_hint(c, "a map keeps the type of its values; take another map, or cast the value");
}

/* A single counter or histogram, of which zeros say as much as nothing, is always there, and found without
 * hashing. */
static enum map_kind_id kind_for(const struct map *map)
{
	enum type_form form = map->value->form;

	if (!type_is_aggregation(map->value))
		return MAP_hash;
	return !map->key && !map->no_array && (form == FORM_COUNT || form == FORM_HIST || form == FORM_LHIST)
		   ? MAP_percpu_array
		   : MAP_percpu_hash;
}

/* Slots into the program's types, once they are final. */
void map_finish(struct compilation *c)
{
	uint32_t generations = 0;

	for (size_t i = 0; i < c->program->maps.n; i++) {
		struct map_info *info = info_of(c->program->maps.v[i]);
		const struct type **items = arena_many(c->arena, const struct type *, info->n_keys + 1);

		for (uint32_t k = 0; k < info->n_keys; k++)
			items[k] = info->keys[k].type ? info->keys[k].type : type_int(c->types, 8, true);
		info->map.key = info->n_keys ? type_tuple(c->types, items, info->n_keys) : NULL;
		info->map.value = info->value.type ? info->value.type : type_int(c->types, 8, true);
		info->map.kind = kind_for(&info->map);
		info->map.is_reset = info->map.is_reset && generations < MAP_GENERATIONS;
		if (info->map.is_reset)
			info->map.generation = generations++;
	}
}
