#include "image/codec.h"
#include "base/hist.h"
#include "language/loss_counters.h"
#include "language/map_kinds.h"

/*
 * Bounds far above what the compiler makes. They keep the sums below from
 * overflowing and what the runtime allocates for an image in proportion.
 */
#define SIZE_LIMIT (1u << 20)
#define PARAM_LIMIT 32
#define PARAMETER_NUMBER_LIMIT 9999

struct check {
	struct arena *arena;
	const struct image *image;
	struct str error;
};

#define refuse(k, ...) ((k)->error.n ? false : ((k)->error = str_format((k)->arena, __VA_ARGS__), false))

static bool is_int_size(uint32_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

static const struct image_type *type_at(const struct check *k, uint32_t index)
{
	return &k->image->types.v[index];
}

static bool check_array(struct check *k, uint32_t i, const struct image_type *t)
{
	if (t->element >= i)
		return refuse(k, "type %u is an array of a type that does not precede it", i);
	if (t->count == 0 || (uint64_t)t->count * type_at(k, t->element)->size != t->size)
		return refuse(k, "type %u is an array whose elements do not fill it", i);
	return true;
}

static const uint32_t kind_sizes[] = {
#define TYPE(name, size, class, needs, text, json) size,
#include "language/types.def"
#undef TYPE
};

/* Items lie one after the other, so what printing costs is bounded by the size. Those of a union lie on each
 * other, and bitfields beside each other: there the number of items is the bound. */
static bool check_items(struct check *k, uint32_t i, const struct image_type *t)
{
	bool is_tuple = t->kind == TYPE_tuple;
	uint64_t end = 0;

	if (is_tuple && t->n_items == 0)
		return refuse(k, "type %u is a tuple of nothing", i);
	for (uint32_t n = 0; n < t->n_items; n++) {
		const struct image_item *item = &t->items[n];

		if (item->type >= i)
			return refuse(k, "type %u has an item of a type that does not precede it", i);
		if (is_tuple && item->offset < end)
			return refuse(k, "type %u has overlapping items", i);
		if (item->bits > 64 || item->shift > 7 || (is_tuple && item->bits))
			return refuse(k, "type %u has an item of an impossible width", i);
		end = (uint64_t)item->offset +
		      (item->bits ? (item->shift + item->bits + 7) / 8 : type_at(k, item->type)->size);
		if (end > t->size)
			return refuse(k, "type %u has items beyond its size", i);
	}
	return true;
}

static bool size_fits(const struct image_type *t)
{
	uint32_t fixed = kind_sizes[t->kind];

	if (t->kind == TYPE_int || t->kind == TYPE_bool || t->kind == TYPE_enum)
		return is_int_size(t->size);
	if (t->kind == TYPE_float)
		return t->size == sizeof(float) || t->size == sizeof(double) ||
		       t->size == sizeof(long double);
	if (t->kind == TYPE_hist)
		return t->count <= HIST_BITS_MAX && t->size == hist_buckets(t->count) * 8;
	if (t->kind == TYPE_lhist)
		return t->range[2] > 0 && t->range[0] < t->range[1] &&
		       (uint64_t)lhist_buckets(t->range[0], t->range[1], t->range[2]) * 8 == t->size;
	if (t->kind == TYPE_buffer)
		return t->size >= sizeof(struct buffer_value);
	return !fixed || t->size == fixed;
}

static bool check_type(struct check *k, uint32_t i)
{
	const struct image_type *t = type_at(k, i);

	if (t->size == 0 || t->size > SIZE_LIMIT || !size_fits(t))
		return refuse(k, "type %u has a size that its kind cannot have: %u", i, t->size);
	if (t->kind == TYPE_array)
		return check_array(k, i, t);
	if (t->kind == TYPE_tuple || t->kind == TYPE_struct)
		return check_items(k, i, t);
	return true;
}

static bool check_span(struct check *k, struct span s)
{
	if (s.begin > s.end || s.end > k->image->script_text.n)
		return refuse(k, "a place lies outside the script's text");
	return true;
}

static bool is_text(const struct check *k, uint32_t type)
{
	const struct image_type *t = type_at(k, type);

	return t->kind == TYPE_string || t->kind == TYPE_strings || (t->kind == TYPE_array && t->is_char);
}

static bool check_field(
    struct check *k, uint32_t i, const struct image_record *r, const struct image_field *f)
{
	uint32_t size;

	if (f->type >= k->image->types.n)
		return refuse(k, "record %u has a field of no type", i);
	if (f->tail && !is_text(k, f->type))
		return refuse(k, "record %u has a tail that is no text", i);
	size = f->tail ? sizeof(struct record_tail) : type_at(k, f->type)->size;
	if (f->offset < sizeof(struct record_header) || (uint64_t)f->offset + size > r->size)
		return refuse(k, "record %u has a field beyond its size", i);
	if (f->is_time && (f->tail || size != 8))
		return refuse(k, "record %u has a time that is none", i);
	return true;
}

static bool check_action(
    struct check *k, uint32_t i, const struct image_record *r, const struct image_action *a)
{
	if (a->map != IMAGE_NONE && a->map >= k->image->maps.n)
		return refuse(k, "record %u is for a map that is none", i);
	for (uint32_t n = 0; n < a->n_fields; n++)
		if (!check_field(k, i, r, &a->fields[n]))
			return false;
	return check_span(k, a->span);
}

static bool check_record(struct check *k, uint32_t i)
{
	const struct image_record *r = &k->image->records.v[i];

	if (r->size < sizeof(struct record_header) || r->size > SIZE_LIMIT || r->tail_size > SIZE_LIMIT)
		return refuse(k, "record %u has an impossible size", i);
	for (uint32_t n = 0; n < r->n_actions; n++)
		if (!check_action(k, i, r, &r->actions[n]))
			return false;
	return true;
}

static bool check_map(struct check *k, uint32_t i)
{
	const struct image_map *m = &k->image->maps.v[i];
	const struct image *image = k->image;

	if (m->name.n == 0 || m->elf_name.n == 0)
		return refuse(k, "map %u has no name", i);
	if (m->key_type != IMAGE_NONE &&
	    (m->key_type >= image->types.n || type_at(k, m->key_type)->kind != TYPE_tuple))
		return refuse(k, "map %u has a key that is no tuple", i);
	if (m->value_type >= image->types.n)
		return refuse(k, "map %u has a value of no type", i);
	if (!(map_kinds[m->kind].traits & MAP_IS_SCRIPTS))
		return refuse(k, "map %u is of a kind that no script has: %s", i, map_kinds[m->kind].name);
	/* The kernel lays per-CPU values out in steps of 8 bytes. */
	if (map_kinds[m->kind].traits & MAP_IS_PER_CPU && type_at(k, m->value_type)->size % 8 != 0)
		return refuse(
		    k, "map %u is per CPU and has values of %u bytes", i, type_at(k, m->value_type)->size);
	if (m->generation != IMAGE_NONE && (m->generation >= 64 || image->generations_offset == IMAGE_NONE ||
					       !m->halves.n != (m->key_type == IMAGE_NONE)))
		return refuse(k, "map %u has halves that are none", i);
	return check_span(k, m->span);
}

static bool check_attach(struct check *k, uint32_t i)
{
	const struct image_attach *a = &k->image->attaches.v[i];

	if (a->text.n == 0)
		return refuse(k, "attach point %u has no name", i);
	if (a->parameter != IMAGE_NONE && (a->parameter >= k->image->parameters.n ||
					      k->image->parameters.v[a->parameter].kind != PARAMETER_NUMBER))
		return refuse(k, "attach point %u has a parameter that is no number", i);
	return check_span(k, a->span);
}

static bool check_program(struct check *k, uint32_t i)
{
	const struct image_program *p = &k->image->programs.v[i];

	if (p->name.n == 0)
		return refuse(k, "program %u has no name", i);
	if (p->n_attach == 0 || (uint64_t)p->attach + p->n_attach > k->image->attaches.n)
		return refuse(k, "program %u is for an attach point that is none", i);
	for (uint32_t n = 0; n < p->n_params; n++)
		if (p->params[n].number >= PARAM_LIMIT || p->params[n].size > SIZE_LIMIT)
			return refuse(k, "program %u needs an impossible parameter", i);
	return true;
}

static bool check_counter(struct check *k, uint32_t i)
{
	const struct image_counter *c = &k->image->counters.v[i];

	if (c->attach != IMAGE_NONE && c->attach >= k->image->attaches.n)
		return refuse(k, "counter %u is for an attach point that is none", i);
	if (c->map != IMAGE_NONE && c->map >= k->image->maps.n)
		return refuse(k, "counter %u is for a map that is none", i);
	if (loss_counters[c->kind].of == LOSS_OF_MAP && c->map == IMAGE_NONE)
		return refuse(k, "counter %u lacks its map", i);
	if (loss_counters[c->kind].counts != COUNTED_BY_PROGRAM)
		return refuse(k, "counter %u is of what no program counts", i);
	return check_span(k, c->span);
}

uint32_t image_extern_size(enum image_extern_kind kind)
{
	static const uint32_t sizes[EXTERNS_] = {
#define EXTERN(name, bytes, named, value) [EXTERN_##name] = bytes,
#include "language/externs.def"
#undef EXTERN
	};

	return sizes[kind];
}

bool image_extern_is_named(enum image_extern_kind kind)
{
	static const bool are_named[EXTERNS_] = {
#define EXTERN(name, bytes, named, value) [EXTERN_##name] = named,
#include "language/externs.def"
#undef EXTERN
	};

	return are_named[kind];
}

static bool check_extern(struct check *k, uint32_t i)
{
	const struct image_extern *s = &k->image->externs.v[i];
	uint32_t size = image_extern_size(s->kind);

	if (s->size != size || s->offset % size != 0 || s->offset > SIZE_LIMIT)
		return refuse(k, "extern %u has an impossible place", i);
	if (image_extern_is_named(s->kind) && s->name.n == 0)
		return refuse(k, "extern %u lacks its name", i);
	return check_span(k, s->span);
}

static bool check_parameter(struct check *k, uint32_t i)
{
	const struct image_parameter *p = &k->image->parameters.v[i];
	bool is_text = p->kind == PARAMETER_TEXT;
	uint64_t unused;

	if ((p->number || p->kind == PARAMETER_COUNT) == (p->name.n != 0) ||
	    p->number > PARAMETER_NUMBER_LIMIT)
		return refuse(k, "parameter %u is neither by name nor by position", i);
	if (is_text ? p->size == 0 || p->fallback.n >= p->size : p->size != 8)
		return refuse(k, "parameter %u has an impossible size", i);
	if ((p->offset != IMAGE_NONE && (p->offset % 8 || p->offset > SIZE_LIMIT)) || p->size > SIZE_LIMIT ||
	    p->skip > SIZE_LIMIT)
		return refuse(k, "parameter %u has an impossible place", i);
	if (!is_text && p->name.n && !commandline_value(p->kind, p->fallback, &unused))
		return refuse(k, "parameter %u has a default of another kind", i);
	return check_span(k, p->span);
}

static bool check_reloc(struct check *k, uint32_t i)
{
	const struct image_reloc *r = &k->image->relocs.v[i];

	if (!r->section.n || !r->event.n || !r->field.n)
		return refuse(k, "relocation %u lacks a name", i);
	if (r->insn % 8 != 0 || r->size > SIZE_LIMIT || r->delta > SIZE_LIMIT)
		return refuse(k, "relocation %u has an impossible place", i);
	return check_span(k, r->span);
}

struct str image_check(struct arena *a, const struct image *image)
{
	struct check k = { .arena = a, .image = image };

#define EACH(list, check_one)                      \
	for (size_t i = 0; i < image->list.n; i++) \
		if (!check_one(&k, i))             \
			return k.error;
	EACH(types, check_type)
	EACH(records, check_record)
	EACH(maps, check_map)
	EACH(attaches, check_attach)
	EACH(programs, check_program)
	EACH(counters, check_counter)
	EACH(externs, check_extern)
	EACH(parameters, check_parameter)
	EACH(relocs, check_reloc)
#undef EACH
	if (image->n_fixed > PARAMETER_NUMBER_LIMIT)
		return STR("it was compiled with more parameters than there can be");
	return (struct str){ 0 };
}

void image_commandline(struct arena *a, const struct image *image, struct commandline *line)
{
	for (size_t i = 0; i < image->parameters.n; i++) {
		const struct image_parameter *p = &image->parameters.v[i];
		struct named_parameter named = { .name = p->name, .is_switch = p->kind == PARAMETER_BOOL };

		if (p->name.n)
			vec_push(a, &line->named, named);
	}
}
