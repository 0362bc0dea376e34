/*
 * The program as text, after any pass: what is not known yet is left out.
 */
#include "analysis/program.h"

#include <inttypes.h>

#include "analysis/compilation.h"

static void dump_attach(FILE *out, const struct attach *a)
{
	fprintf(out, "  attach %u %.*s", a->index, STR_ARG(a->text));
	if (a->glob)
		fputs(" glob", out);
	if (a->offset)
		fprintf(out, " offset %" PRIu64, a->offset);
	if (a->period_ns)
		fprintf(out, " every %" PRIu64 " ns", a->period_ns);
	if (a->condition.n)
		fprintf(out, " if %s%.*s exists", a->condition_negated ? "not " : "", STR_ARG(a->condition));
	if (a->in_btf)
		fprintf(out, " parameters %u%s%s%s", a->n_params, a->variadic ? " variadic" : "",
		    a->ambiguous ? " ambiguous" : "", a->ret_type ? "" : " void");
	fputc('\n', out);
}

static void dump_type(FILE *out, const struct type *type, const struct type *inferred)
{
	if (type || inferred)
		type_print(out, type ? type : inferred);
	else
		fputs("not known yet", out);
}

static void dump_unit(FILE *out, const struct unit *unit)
{
	fprintf(out, "unit %u %s\n", unit->index, probe_row(unit->probe)->name);
	for (size_t i = 0; i < unit->attaches.n; i++)
		dump_attach(out, unit->attaches.v[i]);
	if (unit->arg_mask)
		fprintf(out, "  uses arg mask %#x\n", unit->arg_mask);
	if (unit->uses_retval)
		fputs("  uses retval\n", out);
	if (unit->needs_kprobe)
		fputs("  needs kprobe\n", out);
	for (size_t i = 0; i < unit->variables.n; i++) {
		const struct variable *v = unit->variables.v[i];

		fprintf(out, "  variable %.*s: ", STR_ARG(v->name));
		dump_type(out, v->type, ((const struct variable_info *)v)->inferred.type);
		fputc('\n', out);
	}
	if (unit->predicate) {
		fputs("  predicate\n", out);
		ast_dump_node(out, unit->predicate, 2, type_print);
	}
	ast_dump_node(out, unit->body, 1, type_print);
}

static void dump_map(FILE *out, const struct map *map)
{
	fprintf(out, "map %.*s", STR_ARG(map->name));
	if (map->key) {
		fputc('[', out);
		type_print(out, map->key);
		fputc(']', out);
	}
	fputs(": ", out);
	dump_type(out, map->value, map_value_type(map));
	fprintf(out, "%s, %u entries\n", map_kinds[map->kind].traits & MAP_IS_PER_CPU ? ", per CPU" : "",
	    map->max_entries);
}

static void dump_field(FILE *out, const struct field *field)
{
	fprintf(out, "    +%u ", field->offset);
	type_print(out, field->type);
	fprintf(out, "%s%s\n", field->kind == FIELD_TIME ? " time" : "", field->tail ? " tail" : "");
}

static void dump_record(FILE *out, const struct record *record)
{
	fprintf(out, "record %u: %u bytes, tail %u\n", record->id, record->size, record->tail_size);
	for (size_t i = 0; i < record->actions.n; i++) {
		const struct action *action = record->actions.v[i];

		fprintf(out, "  %s", builtin_row(action->builtin)->name);
		if (action->map)
			fprintf(out, " %.*s", STR_ARG(action->map->name));
		if (action->numbers[0] || action->numbers[1])
			fprintf(out, " %" PRId64 " %" PRId64, action->numbers[0], action->numbers[1]);
		fputc('\n', out);
		for (size_t f = 0; f < action->fields.n; f++)
			dump_field(out, &action->fields.v[f]);
	}
}

void program_dump(FILE *out, const struct program *program)
{
	for (size_t i = 0; i < program->units.n; i++)
		dump_unit(out, program->units.v[i]);
	for (size_t i = 0; i < program->maps.n; i++)
		dump_map(out, program->maps.v[i]);
	for (size_t i = 0; i < program->records.n; i++)
		dump_record(out, program->records.v[i]);
}
