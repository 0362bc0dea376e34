/*
 * The image's tables, from the typed program: what the runtime has to know to attach the
 * programs and to print what they send.
 */
#include "codegen/bpf/image_tables.h"

#include <string.h>

static bool same_item(const struct image_item *a, const struct image_item *b)
{
	return a->type == b->type && a->offset == b->offset && a->shift == b->shift && a->bits == b->bits &&
	       str_eq(a->name, b->name);
}

static bool same_type(const struct image_type *a, const struct image_type *b)
{
	if (a->kind != b->kind || a->size != b->size || a->is_signed != b->is_signed ||
	    a->is_char != b->is_char || a->element != b->element || a->count != b->count ||
	    a->n_items != b->n_items || !str_eq(a->name, b->name) ||
	    memcmp(a->range, b->range, sizeof(a->range)) != 0)
		return false;
	for (uint32_t i = 0; i < a->n_items; i++)
		if (!same_item(&a->items[i], &b->items[i]))
			return false;
	return true;
}

static void tuple_items(struct gen *g, const struct type *t, struct image_type *row)
{
	struct image_item *items = arena_many(g->arena, struct image_item, t->elements);

	for (uint32_t i = 0; i < t->elements; i++)
		items[i] =
		    (struct image_item){ .type = image_tables_type(g, t->items[i]), .offset = t->offsets[i] };
	row->n_items = t->elements;
	row->items = items;
}

#define DEPTH_MAX 8 /* structs in structs, as far as they are printed */

/* The members that can be printed; where they lie is the layout that the script was compiled for. */
static void struct_items(struct gen *g, const struct type *t, struct image_type *row)
{
	const struct member *members;
	uint32_t n = type_members(g->program->types, t, &members), kept = 0;
	struct image_item *items = arena_many(g->arena, struct image_item, n);

	row->name = t->name;
	for (uint32_t i = 0; i < n && g->depth < DEPTH_MAX; i++) {
		const struct member *m = &members[i];

		if (!m->type->size || !type_has(m->type, TRAIT_PRINTED))
			continue;
		g->depth++;
		items[kept++] = (struct image_item){
			.type = image_tables_type(g, m->type),
			.offset = m->bit_offset / 8,
			.shift = m->bit_size ? m->bit_offset % 8 : 0,
			.bits = m->bit_size,
			.name = m->name,
		};
		g->depth--;
	}
	row->n_items = kept;
	row->items = items;
}

uint32_t image_tables_type(struct gen *g, const struct type *t)
{
	struct image_type row = {
		.kind = type_kind(t),
		.size = t->size,
		.is_signed = t->is_signed,
		.element = IMAGE_NONE,
	};

	switch (row.kind) {
	case TYPE_array:
		row.element = image_tables_type(g, t->target);
		row.count = t->elements;
		row.is_char = t->target->is_char;
		break;
	case TYPE_tuple:
		tuple_items(g, t, &row);
		break;
	case TYPE_struct:
		struct_items(g, t, &row);
		break;
	case TYPE_hist:
		row.count = t->hist_bits;
		break;
	case TYPE_lhist:
		memcpy(row.range, t->range, sizeof(row.range));
		break;
	case TYPE_kstack:
	case TYPE_ustack:
		row.count = t->mode;
		break;
	case TYPE_enum:
	case TYPE_timestamp:
	case TYPE_cgroup_path:
		row.name = t->name;
		break;
	case TYPE_int:
	case TYPE_bool:
	case TYPE_float:
	case TYPE_ptr:
	case TYPE_string:
	case TYPE_inet:
	case TYPE_probe:
	case TYPE_func:
	case TYPE_ksym:
	case TYPE_usym:
	case TYPE_buffer:
	case TYPE_mac:
	case TYPE_username:
	case TYPE_strerror:
	case TYPE_strings:
	case TYPE_count:
	case TYPE_sum:
	case TYPE_avg:
	case TYPE_min:
	case TYPE_max:
	case TYPE_stats:
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
#include "language/builtins.def"
};
#undef BUILTIN

static struct image_action action_row(struct gen *g, const struct action *a)
{
	struct image_action row = {
		.builtin = builtin_names[a->builtin],
		.span = source_in_script(g->program->map, a->span),
		.format = a->format,
		.map = a->map ? a->map->index : IMAGE_NONE,
		.numbers = { a->numbers[0], a->numbers[1] },
		.n_fields = (uint32_t)a->fields.n,
	};

	row.fields = arena_many(g->arena, struct image_field, a->fields.n + 1);
	for (size_t i = 0; i < a->fields.n; i++) {
		const struct field *f = &a->fields.v[i];

		row.fields[i] = (struct image_field){
			.type = image_tables_type(g, f->type),
			.offset = f->offset,
			.tail = f->tail,
			.is_time = f->kind == FIELD_TIME,
			.is_register = f->is_register,
		};
	}
	return row;
}

void image_tables_records(struct gen *g)
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

void image_tables_begin(struct gen *g)
{
	unsigned major, minor, patch;

	LLVMGetVersion(&major, &minor, &patch);
	g->image->script_name = g->program->source->name;
	g->image->script_text = g->program->source->text;
	g->image->compiler =
	    str_format(g->arena, "btrun " BTRUN_VERSION ", LLVM %u.%u.%u", major, minor, patch);
	g->image->machine = str_of(g->program->arch->name);
	for (size_t i = 0; i < g->program->attaches.n; i++) {
		const struct attach *a = g->program->attaches.v[i];
		struct image_attach row = {
			.probe = a->probe,
			.text = a->text,
			.span = source_in_script(g->program->map, a->span),
			.action = a->action,
			.glob = a->glob,
			.module = a->module,
			.function = a->function,
			.offset = a->offset,
			.category = a->category,
			.event = a->event,
			.binary = a->binary,
			.period_ns = a->period_ns,
			.count = a->count,
			.address = a->address,
			.length = a->watch.length,
			.mode = a->watch.mode,
			.condition = a->condition,
			.condition_negated = a->condition_negated,
			.is_open = a->is_open,
			.parameter = a->parameter,
			.is_rate = a->is_rate,
		};

		vec_push(g->arena, &g->image->attaches, row);
	}
}

void image_tables_program(struct function *f, const struct unit *u, struct str name)
{
	struct image_program row = {
		.name = name,
		.kind = f->bpf->program_kind,
		.attach = f->bpf->attach->index,
		.n_attach = (uint32_t)u->attaches.n,
		.needs_retval = u->uses_retval,
		.btf_id = f->bpf->attach->btf_id,
	};
	VEC(struct image_param) params = { 0 };

	for (uint32_t i = 0; f->bpf->program_kind == PROGRAM_fentry && i < f->bpf->attach->n_params; i++) {
		struct image_param param = { .number = i };
		struct btf_info info;
		struct str ignored;
		uint32_t type;

		if (!(u->arg_mask & 1u << i))
			continue;
		btf_param(f->g->program->btf, f->bpf->attach->proto, i, &ignored, &type);
		btf_info(f->g->program->btf, type, &info);
		param.size = info.size;
		vec_push(f->g->arena, &params, param);
	}
	row.n_params = (uint32_t)params.n;
	row.params = params.v;
	vec_push(f->g->arena, &f->g->image->programs, row);
}
