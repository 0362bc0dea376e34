/*
 * Output records: the async calls of a straight run of statements share one.
 */
#include "analysis/compilation.h"

/* struct record_header and struct record_tail of image/image.h, which this folder does not see; the code
 * generator asserts that they agree. */
#define HEADER_SIZE 8
#define TAIL_SIZE 8

/* Strings above this go to the tail, which is sent only as far as it is used. */
#define INLINE_STRING 64
/* A run that would grow beyond this is cut in two. */
#define RUN_LIMIT (8 << 10)
/* Far below what the ring buffer holds (runtime/load/load.c makes it 8 MiB for such records). */
#define RECORD_LIMIT (512 << 10)

static uint32_t take_bytes(struct record *record, uint32_t size, uint32_t align)
{
	uint32_t offset = round_up(record->size, align);

	record->size = offset + size;
	return offset;
}

static void place_field(struct types *types, struct record *record, struct field *field)
{
	bool is_text = type_is_text(field->type);

	if (field->type->form == FORM_STRINGS || (is_text && field->type->size > INLINE_STRING)) {
		field->tail = true;
		/* An array of char may be full: with its NUL it is longer. */
		field->type = is_text ? type_string_for(types, field->type) : field->type;
		field->offset = take_bytes(record, TAIL_SIZE, 4);
		record->tail_size += field->type->size;
	} else {
		field->offset = take_bytes(record, field->type->size, type_align(field->type));
	}
}

static uint32_t upper_size(const struct action *action)
{
	uint32_t size = 0;

	for (size_t i = 0; i < action->fields.n; i++)
		size += action->fields.v[i].type->size + 8;
	return size;
}

static void begin_run(struct compilation *c)
{
	c->run = arena_one(c->arena, struct record);
	c->run->id = (uint32_t)c->program->records.n;
	c->run->unit = c->unit->index;
	c->run->size = HEADER_SIZE;
	vec_push(c->arena, &c->program->records, c->run);
}

void record_close(struct compilation *c)
{
	if (c->run)
		c->run->size = round_up(c->run->size, 8);
	c->run = NULL;
}

void record_add(struct compilation *c, struct node *node)
{
	struct call *call = node->call.call;
	struct action *action = call->action;

	if (c->run && c->run->size + c->run->tail_size + upper_size(action) > RUN_LIMIT)
		record_close(c);
	call->first = !c->run;
	call->last = true;
	if (!c->run)
		begin_run(c);
	else
		c->run_last->last = false;
	c->run_last = call;
	call->record = c->run;
	vec_push(c->arena, &c->run->actions, action);
	for (size_t i = 0; i < action->fields.n; i++)
		place_field(c->types, c->run, &action->fields.v[i]);
	if (c->run->size + c->run->tail_size <= RECORD_LIMIT)
		return;
	problem_error(c, node->span, "this would send up to %u bytes at once; %u are possible",
	    c->run->size + c->run->tail_size, RECORD_LIMIT);
	problem_hint(c, "print fewer strings at once, or limit their length: str(address, 200)");
}

void record_alone(struct compilation *c, struct node *node)
{
	struct record *run = c->run;

	if (node->kind != NODE_CALL || !node->call.call || !node->call.call->action)
		return;
	c->run = NULL;
	record_add(c, node);
	record_close(c);
	c->run = run;
}

void record_packet(struct compilation *c, struct call *call)
{
	struct record *record = call->record;

	if (!record || call->action)
		return;
	record->id = (uint32_t)c->program->records.n;
	vec_push(c->arena, &c->program->records, record);
	c->program->has_packets = true;
}
