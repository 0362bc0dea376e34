/*
 * The image's tables, from the typed program: what the runtime has to know to attach the
 * programs and to print what they send.
 */
#include "codegen/gen.h"

#include "image/hist.h"

static enum type_kind_id kind_of(const struct type *t)
{
	switch (t->form) {
	case FORM_BOOL:
		return TYPE_bool;
	case FORM_ENUM:
		return TYPE_enum;
	case FORM_PTR:
		return TYPE_ptr;
	case FORM_STRING:
		return TYPE_string;
	case FORM_INET:
		return TYPE_inet;
	case FORM_PROBE:
		return TYPE_probe;
	case FORM_FUNC:
		return TYPE_func;
	case FORM_ARRAY:
		return TYPE_array;
	case FORM_TUPLE:
		return TYPE_tuple;
	case FORM_COUNT:
		return TYPE_count;
	case FORM_HIST:
		return TYPE_hist;
	case FORM_INT:
	case FORM_VOID:
	case FORM_STRUCT:
	case FORM_UNION:
	case FORM_ARGS:
		break;
	}
	return TYPE_int;
}

static bool same_type(const struct image_type *a, const struct image_type *b)
{
	if (a->kind != b->kind || a->size != b->size || a->is_signed != b->is_signed ||
	    a->is_char != b->is_char || a->element != b->element || a->count != b->count ||
	    a->n_items != b->n_items || !str_eq(a->name, b->name))
		return false;
	for (uint32_t i = 0; i < a->n_items; i++)
		if (a->items[i] != b->items[i] || a->offsets[i] != b->offsets[i])
			return false;
	return true;
}

static void tuple_items(struct gen *g, const struct type *t, struct image_type *row)
{
	uint32_t *items = arena_many(g->arena, uint32_t, t->elements);

	for (uint32_t i = 0; i < t->elements; i++)
		items[i] = meta_type(g, t->items[i]);
	row->n_items = t->elements;
	row->items = items;
	row->offsets = t->offsets;
}

uint32_t meta_type(struct gen *g, const struct type *t)
{
	struct image_type row = {
		.kind = kind_of(t),
		.size = t->size,
		.is_signed = t->is_signed,
		.element = IMAGE_NONE,
	};

	switch (row.kind) {
	case TYPE_array:
		row.element = meta_type(g, t->target);
		row.count = t->elements;
		row.is_char = t->target->is_char;
		break;
	case TYPE_tuple:
		tuple_items(g, t, &row);
		break;
	case TYPE_hist:
		row.count = t->hist_bits;
		row.size = 8 * hist_buckets(t->hist_bits);
		break;
	case TYPE_enum:
		row.name = t->name;
		break;
	case TYPE_int:
	case TYPE_bool:
	case TYPE_ptr:
	case TYPE_string:
	case TYPE_inet:
	case TYPE_probe:
	case TYPE_func:
	case TYPE_count:
	case TYPE_N_:
		break;
	}
	for (size_t i = 0; i < g->image->types.n; i++)
		if (same_type(&g->image->types.v[i], &row))
			return (uint32_t)i;
	vec_push(g->arena, &g->image->types, row);
	return (uint32_t)g->image->types.n - 1;
}

#define BUILTIN(name, ...) [BUILTIN_##name] = { #name, sizeof(#name) - 1 },
static const struct str builtin_names[] = {
#include "base/builtins.def"
};
#undef BUILTIN

static struct image_action action_row(struct gen *g, const struct action *a)
{
	struct image_action row = {
		.builtin = builtin_names[a->builtin],
		.span = a->span,
		.format = a->format,
		.map = a->map ? a->map->index : IMAGE_NONE,
		.numbers = { a->numbers[0], a->numbers[1] },
		.n_fields = (uint32_t)a->fields.n,
	};

	row.fields = arena_many(g->arena, struct image_field, a->fields.n + 1);
	for (size_t i = 0; i < a->fields.n; i++) {
		const struct field *f = &a->fields.v[i];

		row.fields[i] = (struct image_field){
			.type = meta_type(g, f->type),
			.offset = f->offset,
			.tail = f->tail,
			.is_time = f->kind == FIELD_TIME,
		};
	}
	return row;
}

void meta_records(struct gen *g)
{
	for (size_t i = 0; i < g->program->records.n; i++) {
		const struct record *r = g->program->records.v[i];
		struct image_record row = {
			.size = r->size,
			.tail_size = r->tail_size,
			.n_actions = (uint32_t)r->actions.n,
		};

		row.actions = arena_many(g->arena, struct image_action, r->actions.n + 1);
		for (size_t j = 0; j < r->actions.n; j++)
			row.actions[j] = action_row(g, r->actions.v[j]);
		vec_push(g->arena, &g->image->records, row);
	}
}

void meta_begin(struct gen *g)
{
	unsigned major, minor, patch;

	LLVMGetVersion(&major, &minor, &patch);
	g->image->script_name = g->program->source->name;
	g->image->script_text = g->program->source->text;
	g->image->compiler =
	    str_format(g->arena, "btrun " BTRUN_VERSION ", LLVM %u.%u.%u", major, minor, patch);
	for (size_t i = 0; i < g->program->attaches.n; i++) {
		const struct attach *a = g->program->attaches.v[i];
		struct image_attach row = {
			.probe = a->probe,
			.text = a->text,
			.span = a->span,
			.action = a->action,
			.glob = a->glob,
			.module = a->module,
			.function = a->function,
			.offset = a->offset,
			.category = a->category,
			.event = a->event,
			.period_ns = a->period_ns,
			.condition = a->condition,
			.condition_negated = a->condition_negated,
		};

		vec_push(g->arena, &g->image->attaches, row);
	}
}
