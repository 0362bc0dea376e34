#include "image/codec.h"

#include <string.h>

/* The magic stands before anything else, so that another version's section is recognised. */
static const uint8_t magic[8] = { 'b', 't', 'r', 'u', 'n', '\r', '\n', 0 };

static const char *const probe_names[] = {
#define PROBE(name, ...) #name,
#include "language/probes.def"
#undef PROBE
};
static const char *const type_names[] = {
#define TYPE(name, ...) #name,
#include "language/types.def"
#undef TYPE
};
static const char *const program_kind_names[] = {
#define PROGRAM(name, ...) #name,
#include "language/program_kinds.def"
#undef PROGRAM
};
static const char *const map_kind_names[] = {
#define MAP_KIND(name, ...) #name,
#include "language/map_kinds.def"
#undef MAP_KIND
};
static const char *const counter_names[] = {
#define LOSS(name, ...) #name,
#include "language/loss_counters.def"
#undef LOSS
};
static const char *const extern_names[EXTERNS_] = {
#define EXTERN(name, ...) [EXTERN_##name] = #name,
#include "language/externs.def"
#undef EXTERN
};

static const char *const parameter_names[PARAMETER_KINDS_] = {
	[PARAMETER_NUMBER] = "number",
	[PARAMETER_TEXT] = "text",
	[PARAMETER_BOOL] = "bool",
	[PARAMETER_COUNT] = "count",
};

static void fail(struct codec *c, struct str error)
{
	if (!c->error.n)
		c->error = error;
	c->at = c->size;
}

static void put(struct codec *c, const void *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		vec_push(c->arena, &c->out, ((const uint8_t *)bytes)[i]);
}

/* Returns the next n bytes, or NULL when there are fewer. */
static const uint8_t *codec_bytes(struct codec *c, size_t n)
{
	const uint8_t *bytes = c->in + c->at;

	if (n > c->size - c->at) {
		fail(c, str_format(c->arena, "the list of %s is cut off", c->part));
		return NULL;
	}
	c->at += n;
	return bytes;
}

static uint64_t code_number(struct codec *c, uint64_t value, unsigned size)
{
	uint8_t bytes[8];
	const uint8_t *in;

	if (!c->reading) {
		for (unsigned i = 0; i < size; i++)
			bytes[i] = value >> (8 * i);
		put(c, bytes, size);
		return value;
	}
	in = codec_bytes(c, size);
	value = 0;
	for (unsigned i = 0; in && i < size; i++)
		value |= (uint64_t)in[i] << (8 * i);
	return value;
}

static void code_u32(struct codec *c, uint32_t *v)
{
	*v = code_number(c, *v, 4);
}

static void code_u64(struct codec *c, uint64_t *v)
{
	*v = code_number(c, *v, 8);
}

static void code_i64(struct codec *c, int64_t *v)
{
	*v = (int64_t)code_number(c, (uint64_t)*v, 8);
}

static void code_bool(struct codec *c, bool *v)
{
	uint64_t number = code_number(c, *v, 1);

	if (number > 1)
		fail(c, str_format(c->arena, "the list of %s has a yes or no that is neither", c->part));
	*v = number == 1;
}

static void code_str(struct codec *c, struct str *s)
{
	uint32_t n = s->n;
	const uint8_t *in;

	code_u32(c, &n);
	if (!c->reading) {
		put(c, s->p, n);
		return;
	}
	in = codec_bytes(c, n);
	if (!in)
		n = 0;
	if (in && memchr(in, 0, n))
		fail(c, str_format(c->arena, "the list of %s has a text with a NUL in it", c->part));
	*s = str_copy(c->arena, (const char *)in, n);
}

static void code_span(struct codec *c, struct span *s)
{
	code_u32(c, &s->begin);
	code_u32(c, &s->end);
}

/* Codes one of a set of words: .def files and enums may be reordered, names may not. */
static unsigned code_name(struct codec *c, unsigned id, const char *const *names, unsigned n)
{
	struct str name = { 0 };

	if (!c->reading)
		name = str_of(names[id]);
	code_str(c, &name);
	if (!c->reading || c->error.n)
		return id;
	for (unsigned i = 0; i < n; i++)
		if (str_is(name, names[i]))
			return i;
	fail(c, str_format(c->arena, "the list of %s has the unknown word \"%.*s\"", c->part,
		    (int)(name.n < 40 ? name.n : 40), name.p));
	return 0;
}

#define code_kind(c, field, names) \
	((field) = code_name((c), (field), (names), sizeof(names) / sizeof(*(names))))

/* Codes a count. No element has fewer than 4 bytes, which bounds what a lie can allocate. */
static size_t code_count(struct codec *c, size_t n)
{
	n = code_number(c, n, 4);
	if (c->reading && n > (c->size - c->at) / 4) {
		fail(c, str_format(c->arena, "the list of %s is longer than the section", c->part));
		return 0;
	}
	return n;
}

#define code_list(c, pointer, number, code_element)                                         \
	do {                                                                                \
		(number) = code_count((c), (number));                                       \
		if ((c)->reading)                                                           \
			(pointer) = arena_alloc((c)->arena, (number) * sizeof(*(pointer))); \
		for (size_t i_ = 0; i_ < (number) && !(c)->error.n; i_++)                   \
			code_element((c), &(pointer)[i_]);                                  \
	} while (0)
#define code_vec(c, vec, what, code_element)                      \
	do {                                                      \
		(c)->part = (what);                               \
		code_list((c), (vec)->v, (vec)->n, code_element); \
		if ((c)->reading)                                 \
			(vec)->cap = (vec)->n;                    \
	} while (0)

static void code_item(struct codec *c, struct image_item *item)
{
	code_u32(c, &item->type);
	code_u32(c, &item->offset);
	code_u32(c, &item->shift);
	code_u32(c, &item->bits);
	code_str(c, &item->name);
}

/* Codes the items of a tuple, which are const to everyone else. */
static void code_items(struct codec *c, const struct image_item **items, uint32_t *n)
{
	struct image_item *copy;

	*n = code_count(c, *n);
	copy = arena_many(c->arena, struct image_item, *n);
	for (uint32_t i = 0; i < *n; i++) {
		if (!c->reading)
			copy[i] = (*items)[i];
		code_item(c, &copy[i]);
	}
	if (c->reading)
		*items = copy;
}

static void code_type(struct codec *c, struct image_type *t)
{
	code_kind(c, t->kind, type_names);
	code_u32(c, &t->size);
	code_bool(c, &t->is_signed);
	code_bool(c, &t->is_char);
	code_u32(c, &t->element);
	code_u32(c, &t->count);
	code_str(c, &t->name);
	for (int i = 0; i < 3; i++)
		code_i64(c, &t->range[i]);
	code_items(c, &t->items, &t->n_items);
}

static void code_field(struct codec *c, struct image_field *f)
{
	code_u32(c, &f->type);
	code_u32(c, &f->offset);
	code_bool(c, &f->tail);
	code_bool(c, &f->is_time);
	code_bool(c, &f->is_register);
}

static void code_action(struct codec *c, struct image_action *a)
{
	code_str(c, &a->builtin);
	code_span(c, &a->span);
	code_str(c, &a->format);
	code_u32(c, &a->map);
	code_i64(c, &a->numbers[0]);
	code_i64(c, &a->numbers[1]);
	code_list(c, a->fields, a->n_fields, code_field);
}

static void code_record(struct codec *c, struct image_record *r)
{
	code_u32(c, &r->size);
	code_u32(c, &r->tail_size);
	code_list(c, r->actions, r->n_actions, code_action);
}

static void code_map(struct codec *c, struct image_map *m)
{
	code_str(c, &m->name);
	code_str(c, &m->elf_name);
	code_u32(c, &m->key_type);
	code_u32(c, &m->value_type);
	code_kind(c, m->kind, map_kind_names);
	code_u32(c, &m->generation);
	code_str(c, &m->halves);
	code_span(c, &m->span);
}

static void code_param(struct codec *c, struct image_param *p)
{
	code_u32(c, &p->number);
	code_u32(c, &p->size);
}

static void code_program(struct codec *c, struct image_program *p)
{
	code_str(c, &p->name);
	code_kind(c, p->kind, program_kind_names);
	code_u32(c, &p->attach);
	code_u32(c, &p->n_attach);
	code_bool(c, &p->needs_retval);
	code_u32(c, &p->btf_id);
	code_list(c, p->params, p->n_params, code_param);
}

static void code_attach(struct codec *c, struct image_attach *a)
{
	code_kind(c, a->probe, probe_names);
	code_str(c, &a->text);
	code_span(c, &a->span);
	code_u32(c, &a->action);
	code_bool(c, &a->glob);
	code_str(c, &a->module);
	code_str(c, &a->function);
	code_u64(c, &a->offset);
	code_str(c, &a->category);
	code_str(c, &a->event);
	code_str(c, &a->binary);
	code_u64(c, &a->period_ns);
	code_u64(c, &a->count);
	code_u64(c, &a->address);
	code_u32(c, &a->length);
	code_str(c, &a->mode);
	code_str(c, &a->condition);
	code_bool(c, &a->condition_negated);
	code_bool(c, &a->is_open);
	code_u32(c, &a->parameter);
	code_bool(c, &a->is_rate);
}

static void code_counter(struct codec *c, struct image_counter *k)
{
	code_kind(c, k->kind, counter_names);
	code_u32(c, &k->attach);
	code_u32(c, &k->map);
	code_u32(c, &k->statements);
	code_span(c, &k->span);
}

static void code_extern(struct codec *c, struct image_extern *s)
{
	code_kind(c, s->kind, extern_names);
	code_u32(c, &s->offset);
	code_u32(c, &s->size);
	code_str(c, &s->name);
	code_span(c, &s->span);
}

static void code_parameter(struct codec *c, struct image_parameter *p)
{
	code_kind(c, p->kind, parameter_names);
	code_u32(c, &p->number);
	code_str(c, &p->name);
	code_str(c, &p->description);
	code_str(c, &p->fallback);
	code_u32(c, &p->offset);
	code_u32(c, &p->size);
	code_u32(c, &p->skip);
	code_span(c, &p->span);
}

static void code_reloc(struct codec *c, struct image_reloc *r)
{
	code_str(c, &r->section);
	code_u32(c, &r->insn);
	code_str(c, &r->category);
	code_str(c, &r->event);
	code_str(c, &r->field);
	code_u32(c, &r->size);
	code_u32(c, &r->delta);
	code_u32(c, &r->width);
	code_u32(c, &r->loc);
	code_span(c, &r->span);
}

static void code_magic(struct codec *c)
{
	const uint8_t *in;
	uint32_t version = IMAGE_VERSION;

	c->part = "versions";
	if (!c->reading) {
		put(c, magic, sizeof(magic));
	} else {
		in = codec_bytes(c, sizeof(magic));
		if (!in || memcmp(in, magic, sizeof(magic)) != 0)
			fail(c, STR("its section " IMAGE_SECTION " begins with something else"));
	}
	code_u32(c, &version);
	if (version != IMAGE_VERSION && !c->error.n) {
		c->other_version = true;
		fail(c,
		    str_format(c->arena, "it has version %u of the format, and this btrun reads version %d",
			version, IMAGE_VERSION));
	}
}

void codec_image(struct codec *c, struct image *image)
{
	code_magic(c);
	c->part = "names";
	code_str(c, &image->script_name);
	code_str(c, &image->script_text);
	code_str(c, &image->compiler);
	code_str(c, &image->machine);
	code_str(c, &image->kernel);
	code_str(c, &image->kernel_id);
	code_u32(c, &image->enabled_offset);
	code_u32(c, &image->exit_offset);
	code_u32(c, &image->undone_offset);
	code_u32(c, &image->generations_offset);
	code_vec(c, &image->types, "types", code_type);
	code_vec(c, &image->records, "records", code_record);
	code_vec(c, &image->maps, "maps", code_map);
	code_vec(c, &image->attaches, "attach points", code_attach);
	code_vec(c, &image->programs, "programs", code_program);
	code_vec(c, &image->counters, "counters", code_counter);
	code_vec(c, &image->externs, "externs", code_extern);
	code_vec(c, &image->parameters, "parameters", code_parameter);
	code_u32(c, &image->n_fixed);
	code_vec(c, &image->relocs, "relocations", code_reloc);
	if (c->reading && c->at != c->size)
		fail(c, STR("something follows its last list"));
}
