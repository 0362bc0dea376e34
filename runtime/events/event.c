#include "runtime/events/event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/message.h"
#include "runtime/print/generations.h"
#include "runtime/print/output.h"
#include "runtime/print/value.h"
#include "runtime/process/shell.h"
#include "runtime/process/signals.h"

/*
 * What carries out an ASYNC builtin; the event column of language/builtins.def
 * names one. prepare() refuses an action that run() could not carry out, so
 * that run() checks nothing but the values.
 */
struct prepared;
struct event_kind {
	bool (*prepare)(struct runtime *r, struct prepared *p);
	void (*run)(struct runtime *r, struct prepared *p, const struct value *values);
};

struct prepared {
	const struct image_action *action;
	const struct event_kind *kind;
	struct printf_job *printf;
	struct clock_text *clock; /* time() */
	char *text;               /* cat(), system(): while they run */
	size_t text_size;
	bool exits; /* exit() is in the same record */
	/* Bits of generations.h: maps that this action or one behind it in the record clears or sets to zero,
	 * and those of which it is zero(). */
	uint64_t reset, zeroed;
	struct str why; /* why prepare() refused it */
};

/* The text of one second: time() with the same format needs it many times. */
struct clock_text {
	int64_t second;
	size_t length;
	size_t size;
	char *text;
};

struct events {
	struct prepared **records; /* the actions of each record */
	struct value *values;      /* of the record under way; room for the longest */
};

static bool refuse_action(struct prepared *p, struct str why)
{
	p->why = why;
	return false;
}

static const struct image_type *field_type(const struct runtime *r, const struct image_field *f)
{
	return &r->image->types.v[f->type];
}

static bool prepare_printf(struct runtime *r, struct prepared *p)
{
	const struct image_action *a = p->action;
	const struct image_type **types = arena_many(r->arena, const struct image_type *, a->n_fields);

	for (uint32_t i = 0; i < a->n_fields; i++)
		types[i] = field_type(r, &a->fields[i]);
	p->printf = printf_prepare(r->arena, a->format, types, a->n_fields, &p->why);
	return p->printf != NULL;
}

static void run_printf(struct runtime *r, struct prepared *p, const struct value *values)
{
	printf_run(r, output_begin(r->out), p->printf, values);
	output_end(r->out, "printf");
}

/* print() has a map or a value. */
static bool prepare_print(struct runtime *r, struct prepared *p)
{
	if (p->action->n_fields != (p->action->map == IMAGE_NONE ? 1 : 0))
		return refuse_action(p, STR("neither a map nor a value"));
	return true;
}

static void print_value(struct runtime *r, const struct image_action *a, const struct value *v)
{
	FILE *out = output_stream(r->out);

	if (output_is_json(r->out)) {
		fputs("{\"type\": \"value\", \"data\": ", out);
		json_value(r, out, a->fields[0].type, v->bytes, v->size);
		fputs("}\n", out);
	} else {
		format_value(r, out, a->fields[0].type, v->bytes, v->size);
		putc('\n', out);
	}
	output_line_done(r->out);
}

/* What is printed is what is reset behind it in the same record, all maps of it at one moment. */
static void hold_for_reset(struct runtime *r, const struct prepared *p)
{
	if (generations_bit(r, p->action->map) & p->reset & ~r->held)
		generations_hold(r, p->reset, p->zeroed);
}

static void run_print(struct runtime *r, struct prepared *p, const struct value *values)
{
	const struct image_action *a = p->action;

	if (a->map == IMAGE_NONE) {
		print_value(r, a, values);
		return;
	}
	hold_for_reset(r, p);
	maps_print(r, a->map, a->numbers[0], a->numbers[1]);
}

static bool prepare_map(struct runtime *r, struct prepared *p)
{
	return p->action->map != IMAGE_NONE || refuse_action(p, STR("no map"));
}

static void run_clear(struct runtime *r, struct prepared *p, const struct value *values)
{
	hold_for_reset(r, p);
	maps_clear(r, p->action->map);
}

static void run_zero(struct runtime *r, struct prepared *p, const struct value *values)
{
	hold_for_reset(r, p);
	maps_zero(r, p->action->map);
}

/* More than any conversion of strftime() takes, in any locale. */
#define TIME_ROOM 64

static bool prepare_time(struct runtime *r, struct prepared *p)
{
	const struct image_action *a = p->action;

	if (a->n_fields != 1 || !a->fields[0].is_time)
		return refuse_action(p, STR("no time of the event"));
	tzset(); /* localtime_r() then needs no file */
	p->clock = arena_one(r->arena, struct clock_text);
	p->clock->second = INT64_MIN;
	p->clock->size = TIME_ROOM * (1 + a->format.n);
	p->clock->text = arena_alloc(r->arena, p->clock->size);
	return true;
}

static void run_clock(struct runtime *r, struct prepared *p, const struct value *values)
{
	const char *format = p->action->format.n ? p->action->format.p : "%H:%M:%S\n";
	uint64_t ns = value_number(values->type, values->bytes) + (uint64_t)r->wall_offset_ns;
	struct clock_text *clock = p->clock;
	time_t second = ns / 1000000000;
	struct tm tm;

	if (second != clock->second) {
		clock->second = second;
		clock->length = 0;
		if (localtime_r(&second, &tm))
			clock->length = strftime(clock->text, clock->size, format, &tm);
	}
	fwrite(clock->text, 1, clock->length, output_begin(r->out));
	output_end(r->out, "time");
}

/* time() with %f has another text for each event. */
static void run_fine_time(struct runtime *r, struct prepared *p, const struct value *values)
{
	uint64_t ns = value_number(values->type, values->bytes) + (uint64_t)r->wall_offset_ns;
	time_t second = ns / 1000000000;
	struct tm tm;

	if (localtime_r(&second, &tm))
		time_print(output_begin(r->out), p->action->format, &tm, ns);
	output_end(r->out, "time");
}

static void run_time(struct runtime *r, struct prepared *p, const struct value *values)
{
	if (p->action->format.n && strstr(p->action->format.p, "%f"))
		run_fine_time(r, p, values);
	else
		run_clock(r, p, values);
}

static bool prepare_join(struct runtime *r, struct prepared *p)
{
	const struct image_action *a = p->action;

	return (a->n_fields == 1 && a->fields[0].tail &&
		   field_type(r, &a->fields[0])->kind == TYPE_strings) ||
	       refuse_action(p, STR("no strings"));
}

static void run_join(struct runtime *r, struct prepared *p, const struct value *values)
{
	FILE *out = output_begin(r->out);
	const char *bytes = values->bytes;

	for (size_t at = 0; at < values->size;) {
		struct str one = value_text(bytes + at, values->size - at);

		if (at)
			fwrite(p->action->format.p, 1, p->action->format.n, out);
		fwrite(one.p, 1, one.n, out);
		at += one.n + 1;
	}
	putc('\n', out);
	output_end(r->out, "join");
}

/* That commands which were queued before exit() may still take, all together. */
#define QUEUED_NS 1000000000

/* Tells whether a call of system() or cat() is still to be run: what was queued must not hold up the end.
 * What stands beside exit() belongs to it, BEGIN's queue is short, and END's is the end. */
static bool is_still_run(struct runtime *r, const struct prepared *p)
{
	bool late = !r->finishing && (signals_ending() || (r->tracing && event_exiting(r) && !p->exits &&
							      clock_ns() - r->exiting_ns > QUEUED_NS));

	r->not_run += late;
	return !late;
}

/* Returns the text that a format and its values make; it lasts until the next one is made. */
static const char *make_text(struct runtime *r, struct prepared *p, const struct value *values)
{
	FILE *scratch = open_memstream(&p->text, &p->text_size);

	if (!scratch)
		return NULL;
	printf_run(r, scratch, p->printf, values);
	fclose(scratch);
	return p->text;
}

static void run_cat(struct runtime *r, struct prepared *p, const struct value *values)
{
	const char *path = is_still_run(r, p) ? make_text(r, p, values) : NULL;

	if (path)
		shell_cat(r, path);
	free(p->text);
	p->text = NULL;
}

static void run_system(struct runtime *r, struct prepared *p, const struct value *values)
{
	const char *command = is_still_run(r, p) ? make_text(r, p, values) : NULL;

	if (command)
		shell_system(r, command);
	free(p->text);
	p->text = NULL;
}

static bool prepare_watch(struct runtime *r, struct prepared *p)
{
	const struct image_action *a = p->action;

	if (!a->n_fields || !value_is_number(field_type(r, &a->fields[0])))
		return refuse_action(p, STR("no address"));
	return (a->numbers[0] >= 0 && (uint64_t)a->numbers[0] < r->image->attaches.n) ||
	       refuse_action(p, STR("no watchpoint"));
}

static void run_watch(struct runtime *r, struct prepared *p, const struct value *values)
{
	if (r->watch)
		r->watch(r, p->action->numbers[0], value_number(values->type, values->bytes));
}

static bool prepare_unwatch(struct runtime *r, struct prepared *p)
{
	const struct image_action *a = p->action;

	return (a->n_fields == 1 && value_is_number(field_type(r, &a->fields[0]))) ||
	       refuse_action(p, STR("no address"));
}

static void run_unwatch(struct runtime *r, struct prepared *p, const struct value *values)
{
	if (r->unwatch)
		r->unwatch(r, value_number(values->type, values->bytes));
}

static bool prepare_exit(struct runtime *r, struct prepared *p)
{
	return r->exit || refuse_action(p, STR("nowhere to note it"));
}

bool event_exiting(struct runtime *r)
{
	if (r->exiting || !r->exit || !*r->exit)
		return r->exiting;
	r->exiting = true;
	r->exiting_ns = clock_ns();
	r->exit_code = (int)(*r->exit & 0xff); /* all that a process can say */
	return true;
}

static void run_exit(struct runtime *r, struct prepared *p, const struct value *values)
{
	event_exiting(r); /* its program has noted it where it fired: the record only wakes us */
}

/* packets.c takes what it sends. */
static bool prepare_skboutput(struct runtime *r, struct prepared *p)
{
	return p->action->format.n || refuse_action(p, STR("no file"));
}

static void run_nothing(struct runtime *r, struct prepared *p, const struct value *values)
{
	r->bad_records++;
}

static const struct event_kind event_none = { 0 };
static const struct event_kind event_skboutput = { prepare_skboutput, run_nothing };
static const struct event_kind event_printf = { prepare_printf, run_printf };
static const struct event_kind event_print = { prepare_print, run_print };
static const struct event_kind event_clear = { prepare_map, run_clear };
static const struct event_kind event_zero = { prepare_map, run_zero };
static const struct event_kind event_time = { prepare_time, run_time };
static const struct event_kind event_join = { prepare_join, run_join };
static const struct event_kind event_cat = { prepare_printf, run_cat };
static const struct event_kind event_system = { prepare_printf, run_system };
static const struct event_kind event_watch = { prepare_watch, run_watch };
static const struct event_kind event_unwatch = { prepare_unwatch, run_unwatch };
static const struct event_kind event_exit = { prepare_exit, run_exit };

static const struct {
	const char *name;
	const struct event_kind *kind;
} builtins[] = {
#define BUILTIN(name, forms, signature, where, rule, generator, event) { #name, &event },
#include "language/builtins.def"
#undef BUILTIN
};

static const struct event_kind *kind_of(struct str builtin)
{
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
		if (str_is(builtin, builtins[i].name) && builtins[i].kind->run)
			return builtins[i].kind;
	return NULL;
}

bool event_is_packet(const struct image_record *record)
{
	return record->n_actions == 1 && kind_of(record->actions[0].builtin) == &event_skboutput;
}

static int prepare_action(struct runtime *r, struct prepared *p, const struct image_action *a)
{
	p->action = a;
	p->kind = kind_of(a->builtin);
	if (!p->kind) {
		message_error(
		    "the program calls %.*s(), which this btrun (" BTRUN_VERSION
		    ") does not know; it was made by %.*s: compile the script again with this btrun",
		    STR_ARG(a->builtin), STR_ARG(r->image->compiler));
		return -EPROTONOSUPPORT;
	}
	if (!p->kind->prepare(r, p)) {
		message_error("%.*s() of the program has %.*s; the file is damaged: compile the script "
			      "again",
		    STR_ARG(a->builtin), STR_ARG(p->why));
		return -EINVAL;
	}
	return 0;
}

/* From the last action to the first. */
static void prepare_resets(struct runtime *r, struct prepared *prepared, uint32_t n)
{
	uint64_t reset = 0, zeroed = 0;

	while (n-- > 0) {
		struct prepared *p = &prepared[n];
		bool clears = p->kind == &event_clear, zeroes = p->kind == &event_zero;
		uint64_t bit = clears || zeroes ? generations_bit(r, p->action->map) : 0;

		reset |= bit;
		zeroed = zeroes ? zeroed | bit : zeroed & ~bit;
		p->reset = reset;
		p->zeroed = zeroed;
	}
}

static int prepare_record(struct runtime *r, const struct image_record *record, struct prepared **prepared)
{
	bool exits = false;

	*prepared = arena_many(r->arena, struct prepared, record->n_actions);
	for (uint32_t i = 0; i < record->n_actions; i++) {
		int err = prepare_action(r, &(*prepared)[i], &record->actions[i]);

		if (err)
			return err;
		exits |= (*prepared)[i].kind == &event_exit;
	}
	for (uint32_t i = 0; i < record->n_actions; i++)
		(*prepared)[i].exits = exits;
	prepare_resets(r, *prepared, record->n_actions);
	return 0;
}

static size_t count_values(const struct image_record *record)
{
	size_t n = 0;

	for (uint32_t i = 0; i < record->n_actions; i++)
		n += record->actions[i].n_fields;
	return n;
}

int events_prepare(struct runtime *r)
{
	const struct image *image = r->image;
	size_t most = 0;

	r->events = arena_one(r->arena, struct events);
	r->events->records = arena_many(r->arena, struct prepared *, image->records.n);
	for (size_t i = 0; i < image->records.n; i++) {
		size_t n = count_values(&image->records.v[i]);
		int err = prepare_record(r, &image->records.v[i], &r->events->records[i]);

		if (err)
			return err;
		if (n > most)
			most = n;
	}
	r->events->values = arena_many(r->arena, struct value, most);
	return 0;
}

/* Finds a field in the record's tail; false when the tail is not where the record says. */
static bool find_tail(
    const char *bytes, const struct record_header *header, uint32_t fixed, uint32_t offset, struct value *v)
{
	struct record_tail tail;

	memcpy(&tail, bytes + offset, sizeof(tail));
	if (tail.length == UINT32_MAX) { /* could not be read: counted where it happened */
		v->bytes = bytes;
		v->size = 0;
		return true;
	}
	if (tail.offset < fixed || tail.offset > header->size || tail.length > header->size - tail.offset)
		return false;
	v->bytes = bytes + tail.offset;
	v->size = tail.length;
	return true;
}

static bool find_values(struct runtime *r, const char *bytes, const struct record_header *header)
{
	const struct image_record *record = &r->image->records.v[header->id];
	struct value *v = r->events->values;

	for (uint32_t i = 0; i < record->n_actions; i++) {
		const struct image_action *a = &record->actions[i];

		for (uint32_t n = 0; n < a->n_fields; n++, v++) {
			const struct image_field *f = &a->fields[n];

			v->type = field_type(r, f);
			v->is_register = f->is_register;
			v->bytes = bytes + f->offset;
			v->size = v->type->size;
			if (f->tail && !find_tail(bytes, header, record->size, f->offset, v))
				return false;
		}
	}
	return true;
}

void event_carry_out_undone(struct runtime *r)
{
	for (uint32_t map = 0; r->undone && map < r->image->maps.n; map++) {
		volatile uint8_t *undone = r->undone + map * IMAGE_UNDONE_;

		if (undone[UNDONE_CLEAR]) {
			undone[UNDONE_CLEAR] = 0;
			maps_clear(r, map);
		}
		if (undone[UNDONE_ZERO]) {
			undone[UNDONE_ZERO] = 0;
			maps_zero(r, map);
		}
	}
}

void event_handle(struct runtime *r, const void *bytes, size_t size)
{
	const struct value *values = r->events->values;
	const struct image_record *record;
	struct record_header header;

	if (size < sizeof(header)) {
		r->bad_records++;
		return;
	}
	memcpy(&header, bytes, sizeof(header));
	if (header.id >= r->image->records.n || header.size > size ||
	    header.size < r->image->records.v[header.id].size || !find_values(r, bytes, &header)) {
		r->bad_records++;
		return;
	}
	record = &r->image->records.v[header.id];
	for (uint32_t i = 0; i < record->n_actions; i++) {
		struct prepared *p = &r->events->records[header.id][i];

		p->kind->run(r, p, values);
		values += p->action->n_fields;
	}
}
