/*
 * Records of ASYNC calls. The first call of a run makes room for the record, each
 * fills in its fields, the last sends it. A record that is small lies in the ring
 * buffer itself; one that is large, or whose strings have no fixed length, is put together in the
 * program's scratch region and copied with its true length.
 */
#include "codegen/lower/events.h"

#include <errno.h>

#include "analysis/field_path.h"
#include "codegen/bpf/bss.h"
#include "codegen/bpf/core_read.h"
#include "codegen/bpf/externs.h"
#include "codegen/bpf/helpers.h"
#include "codegen/bpf/loss_counters.h"
#include "codegen/bpf/maps.h"
#include "codegen/bpf/memory.h"
#include "codegen/llvm/blocks.h"
#include "codegen/lower/builtin.h"
#include "codegen/lower/expr.h"
#include "codegen/lower/member.h"
#include "codegen/lower/seq_printf.h"
#include "codegen/lower/text.h"

#define CURRENT_CPU 0xffffffffull /* BPF_F_CURRENT_CPU */

_Static_assert(sizeof(struct record_header) == 8, "analysis/record.c lays records out with this size");
_Static_assert(sizeof(struct record_tail) == 8, "analysis/record.c lays records out with this size");

static bool in_scratch(const struct record *r)
{
	return r->tail_size || r->size > RESERVE_LIMIT;
}

static LLVMValueRef scratch_lookup(struct function *f)
{
	LLVMValueRef key = gen_alloca(f, 4, "key"), args[2] = { f->g->scratch, key };

	LLVMBuildStore(f->b, gen_const32(f, f->g->programs), key);
	return gen_call(f, BPF_FUNC_map_lookup_elem, f->m->ptr, args, 2);
}

static LLVMValueRef uses_perf(struct function *f)
{
	return LLVMBuildICmp(f->b, LLVMIntNE, extern_load(f, EXTERN_perf, STR("")), gen_const(f, 0), "");
}

/* Which side is taken is a constant to the verifier: it sees only that one. */
static LLVMValueRef reserve(struct function *f, const struct record *r)
{
	LLVMValueRef slot = gen_alloca(f, 8, "record"),
		     args[3] = { f->g->events, gen_const(f, r->size), gen_const(f, 0) };
	LLVMBasicBlockRef perf = gen_block(f, "perf"), ring = gen_block(f, "ring"),
			  after = gen_block(f, "after");

	LLVMBuildCondBr(f->b, uses_perf(f), perf, ring);
	LLVMPositionBuilderAtEnd(f->b, perf);
	LLVMBuildStore(f->b, scratch_lookup(f), slot);
	LLVMBuildBr(f->b, after);
	LLVMPositionBuilderAtEnd(f->b, ring);
	LLVMBuildStore(f->b, gen_call(f, BPF_FUNC_ringbuf_reserve, f->m->ptr, args, 3), slot);
	LLVMBuildBr(f->b, after);
	LLVMPositionBuilderAtEnd(f->b, after);
	return LLVMBuildLoad2(f->b, f->m->ptr, slot, "");
}

static void store32(struct function *f, LLVMValueRef to, LLVMValueRef value)
{
	LLVMBuildStore(f->b, LLVMBuildTrunc(f->b, value, f->m->i32, ""), to);
}

static const unsigned forms[] = {
#define BUILTIN(name, forms, ...) [BUILTIN_##name] = (forms),
#include "language/builtins.def"
#undef BUILTIN
};

/* Tells whether what the action asks for is done even when its record could not be sent. */
static bool is_done_anyway(const struct action *a)
{
	return forms[a->builtin] & (BUILTIN_NOTES_EXIT | BUILTIN_NOTES_CLEAR | BUILTIN_NOTES_ZERO);
}

static uint32_t count_losable(const struct record *r)
{
	uint32_t n = 0;

	for (size_t i = 0; i < r->actions.n; i++)
		n += !is_done_anyway(r->actions.v[i]);
	return n;
}

static void note_unsent(struct function *f, const struct record *r, struct span span)
{
	if (f->bpf->record_statements)
		loss_count(f, LOSS_ring_full, IMAGE_NONE, span);
	for (size_t i = 0; i < r->actions.n; i++) {
		const struct action *a = r->actions.v[i];

		if (forms[a->builtin] & BUILTIN_NOTES_CLEAR)
			bss_undone(f, a->map->index, UNDONE_CLEAR);
		if (forms[a->builtin] & BUILTIN_NOTES_ZERO)
			bss_undone(f, a->map->index, UNDONE_ZERO);
	}
}

static void open_record(struct function *f, const struct record *r, struct span span)
{
	struct rare rare;

	f->lower->open = r;
	f->bpf->record_statements = count_losable(r);
	f->lower->after_record = gen_block(f, "sent");
	if (in_scratch(r)) {
		f->bpf->scratch_used = true;
		f->lower->record = LLVMBuildLoad2(f->b, f->m->ptr, f->bpf->scratch_slot, "");
		f->lower->tail_used = gen_alloca(f, 8, "tail");
		gen_store64(f, f->lower->tail_used, gen_const(f, r->size));
	} else {
		f->lower->record = reserve(f, r);
		gen_if_rare(f, LLVMBuildIsNull(f->b, f->lower->record, ""), &rare, "full");
		note_unsent(f, r, span);
		LLVMBuildBr(f->b, f->lower->after_record);
		gen_end_rare(f, &rare);
	}
	if (in_scratch(r))
		LLVMBuildStore(f->b, gen_const32(f, r->id), f->lower->record);
	else
		gen_store64(f, f->lower->record, gen_const(f, r->id | (uint64_t)r->size << 32));
}

static void output(
    struct function *f, enum bpf_func_id helper, LLVMValueRef *args, unsigned n, struct span span)
{
	LLVMValueRef result = gen_call(f, helper, f->m->i64, args, n);

	struct rare rare;

	gen_if_rare(f, LLVMBuildICmp(f->b, LLVMIntSLT, result, gen_const(f, 0), ""), &rare, "failed");
	note_unsent(f, f->lower->open, span);
	gen_end_rare(f, &rare);
	LLVMBuildBr(f->b, f->lower->after_record);
}

static void close_record(struct function *f, struct span span)
{
	const struct record *r = f->lower->open;
	LLVMValueRef size = in_scratch(r) ? gen_load64(f, f->lower->tail_used) : gen_const(f, r->size);
	LLVMValueRef to_perf[5] = { f->bpf->context_arg, f->g->events, gen_const(f, CURRENT_CPU),
		f->lower->record, size };
	LLVMValueRef to_ring[4] = { f->g->events, f->lower->record, size, gen_const(f, 0) };
	LLVMValueRef submit[2] = { f->lower->record, gen_const(f, 0) };
	LLVMBasicBlockRef perf = gen_block(f, "perf"), ring = gen_block(f, "ring");

	gen_place(f, span);
	if (in_scratch(r))
		store32(f, gen_offset(f, f->lower->record, 4), size);
	LLVMBuildCondBr(f->b, uses_perf(f), perf, ring);
	LLVMPositionBuilderAtEnd(f->b, perf);
	output(f, BPF_FUNC_perf_event_output, to_perf, 5, span);
	LLVMPositionBuilderAtEnd(f->b, ring);
	if (in_scratch(r)) {
		output(f, BPF_FUNC_ringbuf_output, to_ring, 4, span);
	} else {
		gen_call(f, BPF_FUNC_ringbuf_submit, f->m->void_, submit, 2);
		LLVMBuildBr(f->b, f->lower->after_record);
	}
	LLVMPositionBuilderAtEnd(f->b, f->lower->after_record);
	f->lower->open = NULL;
}

static LLVMValueRef at_most(struct function *f, LLVMValueRef v, uint32_t most)
{
	LLVMValueRef fits = LLVMBuildICmp(f->b, LLVMIntULE, v, gen_const(f, most), "");

	return LLVMBuildSelect(f->b, fits, v, gen_const(f, most), "");
}

/* A string into the tail: its bytes with the NUL, and where they are. */
static void tail_field(struct function *f, const struct field *field)
{
	uint32_t room = field->type->size;
	LLVMValueRef used = at_most(
	    f, gen_load64(f, f->lower->tail_used), f->lower->open->size + f->lower->open->tail_size - room);
	LLVMValueRef at = LLVMBuildInBoundsGEP2(f->b, f->m->i8, f->lower->record, &used, 1, ""), result,
		     bytes, failed;

	result = gen_string_result(f, field->value, at);
	if (!result) {
		/* A string that is in our own memory: copied through a helper that tells its length. */
		LLVMValueRef text = gen_temporary(f, room + 8), from;

		gen_bytes_to(f, field->value, text, field->type);
		from = LLVMBuildPtrToInt(f->b, text, f->m->i64, "");
		result = core_read_string(f, SPACE_KERNEL, at, gen_const(f, room), from);
	}
	failed = LLVMBuildICmp(f->b, LLVMIntSLE, result, gen_const(f, 0), "");
	bytes = at_most(f, LLVMBuildSelect(f->b, failed, gen_const(f, 0), result, ""), room);
	store32(f, gen_offset(f, f->lower->record, field->offset), used);
	/* No bytes: -1, could not be read. */
	store32(f, gen_offset(f, f->lower->record, field->offset + 4),
	    LLVMBuildSub(f->b, bytes, gen_const(f, 1), ""));
	gen_store64(f, f->lower->tail_used, LLVMBuildAdd(f->b, used, bytes, ""));
}

#define JOIN_STRINGS 16
#define JOIN_STRING 1024 /* bytes of one, its NUL included */

/* A string that filled its room, with more of it behind: no limit that the user sets is to blame, so it has a
 * counter of its own. */
static void count_join_cut(
    struct function *f, enum address_space space, LLVMValueRef from, LLVMValueRef result, struct span span)
{
	LLVMBasicBlockRef after, inner;
	LLVMValueRef last;

	gen_if(f, LLVMBuildICmp(f->b, LLVMIntEQ, result, gen_const(f, JOIN_STRING), ""), &after, "full");
	last = gen_temporary(f, 8);
	gen_store64(f, last, gen_const(f, 0));
	core_read(f, space, last, 1, LLVMBuildAdd(f->b, from, gen_const(f, JOIN_STRING - 1), ""), span);
	gen_if(f, LLVMBuildICmp(f->b, LLVMIntNE, gen_load64(f, last), gen_const(f, 0), ""), &inner, "cut");
	loss_count(f, LOSS_join_cut, IMAGE_NONE, span);
	gen_go(f, inner);
	gen_go(f, after);
}

/* Appends the string at from to the record, whose end is *so_far, and goes on at next. */
static void join_string(struct function *f, const struct field *field, enum address_space space,
    LLVMValueRef from, LLVMValueRef so_far, LLVMValueRef used, LLVMBasicBlockRef next)
{
	LLVMValueRef at = LLVMBuildInBoundsGEP2(f->b, f->m->i8, f->lower->record, &used, 1, ""), result;
	LLVMBasicBlockRef good = gen_block(f, "good");

	result = core_read_string(f, space, at, gen_const(f, JOIN_STRING), from);
	loss_count_failure(f, result, LOSS_read_fault, IMAGE_NONE, field->value->span);
	LLVMBuildCondBr(f->b, LLVMBuildICmp(f->b, LLVMIntSGT, result, gen_const(f, 0), ""), good, next);
	LLVMPositionBuilderAtEnd(f->b, good);
	store32(f, so_far, LLVMBuildAdd(f->b, used, at_most(f, result, JOIN_STRING), ""));
	count_join_cut(f, space, from, result, field->value->span);
	LLVMBuildBr(f->b, next);
}

/* Writes the strings that an array of pointers points to, one after the other with their NULs. */
static void join_field(struct function *f, const struct field *field)
{
	enum address_space space = field->value->type->form == FORM_PTR ? field->value->type->space
									: number_space(f->lower->unit, false);
	LLVMValueRef array = gen_value(f, field->value), i = gen_alloca(f, 8, "i"),
		     pointer = gen_temporary(f, 8), n, at, used, more, fits,
		     begin = gen_load64(f, f->lower->tail_used), so_far = gen_offset(f, f->lower->record, 4);
	struct type u32 = { .form = FORM_INT, .size = 4 };
	LLVMBasicBlockRef head = gen_block(f, "strings"), some = gen_block(f, "some"),
			  room = gen_block(f, "room"), lost = gen_block(f, "lost"),
			  after = gen_block(f, "joined"), body = gen_block(f, "string");

	/* In memory that the verifier does not follow: else it would walk through the rounds with every
	 * length that the strings before can have. */
	store32(f, so_far, begin);
	gen_store64(f, i, gen_const(f, 0));
	gen_go(f, head);
	n = gen_load64(f, i);
	LLVMBuildCondBr(
	    f->b, LLVMBuildICmp(f->b, LLVMIntULE, n, gen_const(f, JOIN_STRINGS), ""), body, after);
	LLVMPositionBuilderAtEnd(f->b, body);
	gen_store64(f, i, LLVMBuildAdd(f->b, n, gen_const(f, 1), ""));
	gen_store64(f, pointer, gen_const(f, 0));
	at = LLVMBuildAdd(f->b, array, LLVMBuildShl(f->b, n, gen_const(f, 3), ""), "");
	core_read(f, space, pointer, 8, at, field->value->span);
	more = gen_load64(f, pointer);
	LLVMBuildCondBr(f->b, LLVMBuildICmp(f->b, LLVMIntNE, more, gen_const(f, 0), ""), some, after);
	LLVMPositionBuilderAtEnd(f->b, some);
	used = gen_opaque(f, gen_load(f, &u32, so_far));
	fits = LLVMBuildICmp(f->b, LLVMIntULE, used,
	    gen_const(f, f->lower->open->size + f->lower->open->tail_size - JOIN_STRING), "");
	fits =
	    LLVMBuildAnd(f->b, fits, LLVMBuildICmp(f->b, LLVMIntULT, n, gen_const(f, JOIN_STRINGS), ""), "");
	LLVMBuildCondBr(f->b, fits, room, lost);
	LLVMPositionBuilderAtEnd(f->b, room);
	join_string(f, field, space, more, so_far, used, head);
	LLVMPositionBuilderAtEnd(f->b, lost);
	loss_count(f, LOSS_join_cut, IMAGE_NONE, field->value->span);
	gen_go(f, after);
	/* Never more, which only the verifier does not know. */
	gen_store64(f, f->lower->tail_used,
	    at_most(f, gen_opaque(f, gen_load(f, &u32, so_far)),
		f->lower->open->size + f->lower->open->tail_size));
	store32(f, gen_offset(f, f->lower->record, field->offset), begin);
	store32(f, gen_offset(f, f->lower->record, field->offset + 4),
	    LLVMBuildSub(f->b, gen_load64(f, f->lower->tail_used), begin, ""));
}

#define SIGNAL_STOP 19

/* The process stops, for a record that is sure to be sent. In a perf buffer it may be lost, and the process
 * would stay as it is: there nothing stops. */
static LLVMValueRef hold(struct function *f)
{
	LLVMValueRef slot = gen_alloca(f, 8, "hold"), signal = gen_const32(f, SIGNAL_STOP);
	LLVMBasicBlockRef after;

	gen_store64(f, slot, gen_const(f, 0));
	gen_if(f, LLVMBuildNot(f->b, uses_perf(f), ""), &after, "stop");
	gen_store64(f, slot, gen_call(f, BPF_FUNC_send_signal, f->m->i64, &signal, 1));
	gen_go(f, after);
	return gen_load64(f, slot);
}

static void fill(struct function *f, const struct field *field)
{
	LLVMValueRef to = gen_offset(f, f->lower->record, field->offset);

	if (field->kind == FIELD_JOIN)
		join_field(f, field);
	else if (field->kind == FIELD_TIME)
		gen_store64(f, to, gen_call(f, BPF_FUNC_ktime_get_ns, f->m->i64, NULL, 0));
	else if (field->kind == FIELD_HOLD)
		gen_store64(f, to, hold(f));
	else if (field->tail)
		tail_field(f, field);
	else if (gen_is_given_text(field->value))
		builtin_value(f, field->value, to);
	else
		gen_bytes_to(f, field->value, to, field->type);
}

/* The helper puts the packet's first bytes, as many as the flags say, behind ours. */
LLVMValueRef builtin_skboutput(struct function *f, const struct builtin_use *use)
{
	struct node *skb = use->args->next, *length = skb->next;
	LLVMValueRef room = gen_temporary(f, 16), bytes = gen_value(f, length), args[5];
	LLVMValueRef result = gen_alloca(f, 8, "sent");
	LLVMBasicBlockRef missing = gen_block(f, "no_packet");

	bytes = LLVMBuildAnd(f->b, bytes, gen_const(f, 0xfffff), ""); /* BPF_F_CTXLEN_MASK */
	LLVMBuildStore(f->b, gen_const32(f, use->call->record->id), room);
	store32(f, gen_offset(f, room, 4), bytes);
	gen_store64(f, gen_offset(f, room, 8), gen_call(f, BPF_FUNC_ktime_get_ns, f->m->i64, NULL, 0));
	gen_store64(f, result, gen_const(f, (uint64_t)-EFAULT));
	args[0] = gen_kernel_pointer(f, skb, missing);
	args[1] = f->g->packets;
	args[2] =
	    LLVMBuildOr(f->b, LLVMBuildShl(f->b, bytes, gen_const(f, 32), ""), gen_const(f, CURRENT_CPU), "");
	args[3] = room;
	args[4] = gen_const(f, 16);
	gen_store64(f, result, gen_call(f, BPF_FUNC_skb_output, f->m->i64, args, 5));
	gen_go(f, missing);
	loss_count_failure(f, gen_load64(f, result), LOSS_helper, IMAGE_NONE, use->node->span);
	return gen_load64(f, result);
}

void event_call(struct function *f, struct node *node)
{
	const struct call *call = node->call.call;

	if (f->lower->unit->pinned) {
		seq_printf(f, node);
		return;
	}
	if (call->first)
		open_record(f, call->record, node->span);
	for (size_t i = 0; i < call->action->fields.n; i++)
		fill(f, &call->action->fields.v[i]);
	if (call->last)
		close_record(f, node->span);
}

LLVMValueRef builtin_event(struct function *f, const struct builtin_use *use)
{
	event_call(f, use->node);
	return NULL;
}
