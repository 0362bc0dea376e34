/*
 * Records of ASYNC calls. The first call of a run makes room for the record, each
 * fills in its fields, the last sends it. A record that is small lies in the ring
 * buffer itself; one that is large, or whose strings have no fixed length, is put together in the
 * program's scratch region and copied with its true length.
 */
#include <errno.h>

#include "codegen/lower/builtin.h"
#include "codegen/gen.h"

#define CURRENT_CPU 0xffffffffull /* BPF_F_CURRENT_CPU */

_Static_assert(sizeof(struct record_header) == 8, "analysis/record.c lays records out with this size");
_Static_assert(sizeof(struct record_tail) == 8, "analysis/record.c lays records out with this size");

static bool in_scratch(const struct record *r)
{
	return r->tail_size || r->size > RESERVE_LIMIT;
}

static LLVMValueRef scratch_lookup(struct gen *g)
{
	LLVMValueRef key = gen_alloca(g, 4, "key"), args[2] = { g->scratch, key };

	LLVMBuildStore(g->b, gen_const32(g, g->programs), key);
	return gen_call(g, HELPER_MAP_LOOKUP, g->ptr, args, 2);
}

static LLVMValueRef uses_perf(struct gen *g)
{
	return LLVMBuildICmp(g->b, LLVMIntNE, extern_load(g, EXTERN_perf, STR("")), gen_const(g, 0), "");
}

/* Which side is taken is a constant to the verifier: it sees only that one. */
static LLVMValueRef reserve(struct gen *g, const struct record *r)
{
	LLVMValueRef slot = gen_alloca(g, 8, "record"),
		     args[3] = { g->events, gen_const(g, r->size), gen_const(g, 0) };
	LLVMBasicBlockRef perf = gen_block(g, "perf"), ring = gen_block(g, "ring"),
			  after = gen_block(g, "after");

	LLVMBuildCondBr(g->b, uses_perf(g), perf, ring);
	LLVMPositionBuilderAtEnd(g->b, perf);
	LLVMBuildStore(g->b, scratch_lookup(g), slot);
	LLVMBuildBr(g->b, after);
	LLVMPositionBuilderAtEnd(g->b, ring);
	LLVMBuildStore(g->b, gen_call(g, HELPER_RING_RESERVE, g->ptr, args, 3), slot);
	LLVMBuildBr(g->b, after);
	LLVMPositionBuilderAtEnd(g->b, after);
	return LLVMBuildLoad2(g->b, g->ptr, slot, "");
}

static void store32(struct gen *g, LLVMValueRef to, LLVMValueRef value)
{
	LLVMBuildStore(g->b, LLVMBuildTrunc(g->b, value, g->i32, ""), to);
}

static void open_record(struct gen *g, const struct record *r, struct span span)
{
	struct rare rare;

	g->open = r;
	g->after_record = gen_block(g, "sent");
	if (in_scratch(r)) {
		g->scratch_used = true;
		g->record = LLVMBuildLoad2(g->b, g->ptr, g->scratch_slot, "");
		g->tail_used = gen_alloca(g, 8, "tail");
		gen_store64(g, g->tail_used, gen_const(g, r->size));
	} else {
		g->record = reserve(g, r);
		gen_if_rare(g, LLVMBuildIsNull(g->b, g->record, ""), &rare, "full");
		loss_count(g, LOSS_ring_full, IMAGE_NONE, span);
		LLVMBuildBr(g->b, g->after_record);
		gen_end_rare(g, &rare);
	}
	if (in_scratch(r))
		LLVMBuildStore(g->b, gen_const32(g, r->id), g->record);
	else
		gen_store64(g, g->record, gen_const(g, r->id | (uint64_t)r->size << 32));
}

static void output(struct gen *g, enum helper helper, LLVMValueRef *args, unsigned n, struct span span)
{
	LLVMValueRef result = gen_call(g, helper, g->i64, args, n);

	loss_count_failure(g, result, LOSS_ring_full, IMAGE_NONE, span);
	LLVMBuildBr(g->b, g->after_record);
}

static void close_record(struct gen *g, struct span span)
{
	const struct record *r = g->open;
	LLVMValueRef size = in_scratch(r) ? gen_load64(g, g->tail_used) : gen_const(g, r->size);
	LLVMValueRef to_perf[5] = { g->context_arg, g->events, gen_const(g, CURRENT_CPU), g->record, size };
	LLVMValueRef to_ring[4] = { g->events, g->record, size, gen_const(g, 0) };
	LLVMValueRef submit[2] = { g->record, gen_const(g, 0) };
	LLVMBasicBlockRef perf = gen_block(g, "perf"), ring = gen_block(g, "ring");

	gen_place(g, span);
	if (in_scratch(r))
		store32(g, gen_offset(g, g->record, 4), size);
	LLVMBuildCondBr(g->b, uses_perf(g), perf, ring);
	LLVMPositionBuilderAtEnd(g->b, perf);
	output(g, HELPER_PERF_OUTPUT, to_perf, 5, span);
	LLVMPositionBuilderAtEnd(g->b, ring);
	if (in_scratch(r)) {
		output(g, HELPER_RING_OUTPUT, to_ring, 4, span);
	} else {
		gen_call(g, HELPER_RING_SUBMIT, g->void_, submit, 2);
		LLVMBuildBr(g->b, g->after_record);
	}
	LLVMPositionBuilderAtEnd(g->b, g->after_record);
	g->open = NULL;
}

static LLVMValueRef at_most(struct gen *g, LLVMValueRef v, uint32_t most)
{
	LLVMValueRef fits = LLVMBuildICmp(g->b, LLVMIntULE, v, gen_const(g, most), "");

	return LLVMBuildSelect(g->b, fits, v, gen_const(g, most), "");
}

/* A string into the tail: its bytes with the NUL, and where they are. */
static void tail_field(struct gen *g, const struct field *f)
{
	uint32_t room = f->type->size;
	LLVMValueRef used =
	    at_most(g, gen_load64(g, g->tail_used), g->open->size + g->open->tail_size - room);
	LLVMValueRef at = LLVMBuildInBoundsGEP2(g->b, g->i8, g->record, &used, 1, ""), result, bytes, failed;

	result = gen_string_result(g, f->value, at);
	if (!result) {
		/* A string that is in our own memory: copied through a helper that tells its length. */
		LLVMValueRef text = gen_temporary(g, room + 8), from;

		gen_value_to(g, f->value, text, f->type);
		from = LLVMBuildPtrToInt(g->b, text, g->i64, "");
		result = core_read_string(g, SPACE_KERNEL, at, gen_const(g, room), from);
	}
	failed = LLVMBuildICmp(g->b, LLVMIntSLE, result, gen_const(g, 0), "");
	bytes = at_most(g, LLVMBuildSelect(g->b, failed, gen_const(g, 0), result, ""), room);
	store32(g, gen_offset(g, g->record, f->offset), used);
	/* No bytes: -1, could not be read. */
	store32(g, gen_offset(g, g->record, f->offset + 4), LLVMBuildSub(g->b, bytes, gen_const(g, 1), ""));
	gen_store64(g, g->tail_used, LLVMBuildAdd(g->b, used, bytes, ""));
}

#define JOIN_STRINGS 16
#define JOIN_STRING 1024 /* bytes of one, its NUL included */

/* The strings that an array of pointers points to, one after the other with their NULs. */
/* A string that filled its room, with more of it behind: no limit that the user sets is to blame, so it has a
 * counter of its own. */
static void count_join_cut(
    struct gen *g, enum address_space space, LLVMValueRef from, LLVMValueRef result, struct span span)
{
	LLVMBasicBlockRef after, inner;
	LLVMValueRef last;

	gen_if(g, LLVMBuildICmp(g->b, LLVMIntEQ, result, gen_const(g, JOIN_STRING), ""), &after, "full");
	last = gen_temporary(g, 8);
	gen_store64(g, last, gen_const(g, 0));
	core_read(g, space, last, 1, LLVMBuildAdd(g->b, from, gen_const(g, JOIN_STRING - 1), ""), span);
	gen_if(g, LLVMBuildICmp(g->b, LLVMIntNE, gen_load64(g, last), gen_const(g, 0), ""), &inner, "cut");
	loss_count(g, LOSS_join_cut, IMAGE_NONE, span);
	gen_go(g, inner);
	gen_go(g, after);
}

/* Appends the string at from to the record, whose end is *so_far, and goes on at next. */
static void join_string(struct gen *g, const struct field *f, enum address_space space, LLVMValueRef from,
    LLVMValueRef so_far, LLVMValueRef used, LLVMBasicBlockRef next)
{
	LLVMValueRef at = LLVMBuildInBoundsGEP2(g->b, g->i8, g->record, &used, 1, ""), result;
	LLVMBasicBlockRef good = gen_block(g, "good");

	result = core_read_string(g, space, at, gen_const(g, JOIN_STRING), from);
	loss_count_failure(g, result, LOSS_read_fault, IMAGE_NONE, f->value->span);
	LLVMBuildCondBr(g->b, LLVMBuildICmp(g->b, LLVMIntSGT, result, gen_const(g, 0), ""), good, next);
	LLVMPositionBuilderAtEnd(g->b, good);
	store32(g, so_far, LLVMBuildAdd(g->b, used, at_most(g, result, JOIN_STRING), ""));
	count_join_cut(g, space, from, result, f->value->span);
	LLVMBuildBr(g->b, next);
}

static void join_field(struct gen *g, const struct field *f)
{
	enum address_space space = f->value->type->form == FORM_PTR ? f->value->type->space
				   : g->unit->user_memory           ? SPACE_USER
								    : SPACE_KERNEL;
	LLVMValueRef array = gen_value(g, f->value), i = gen_alloca(g, 8, "i"), pointer = gen_temporary(g, 8),
		     n, at, used, more, fits, begin = gen_load64(g, g->tail_used),
		     so_far = gen_offset(g, g->record, 4);
	struct type u32 = { .form = FORM_INT, .size = 4 };
	LLVMBasicBlockRef head = gen_block(g, "strings"), some = gen_block(g, "some"),
			  room = gen_block(g, "room"), lost = gen_block(g, "lost"),
			  after = gen_block(g, "joined"), body = gen_block(g, "string");

	/* In memory that the verifier does not follow: else it would walk through the rounds with every
	 * length that the strings before can have. */
	store32(g, so_far, begin);
	gen_store64(g, i, gen_const(g, 0));
	gen_go(g, head);
	n = gen_load64(g, i);
	LLVMBuildCondBr(
	    g->b, LLVMBuildICmp(g->b, LLVMIntULE, n, gen_const(g, JOIN_STRINGS), ""), body, after);
	LLVMPositionBuilderAtEnd(g->b, body);
	gen_store64(g, i, LLVMBuildAdd(g->b, n, gen_const(g, 1), ""));
	gen_store64(g, pointer, gen_const(g, 0));
	at = LLVMBuildAdd(g->b, array, LLVMBuildShl(g->b, n, gen_const(g, 3), ""), "");
	core_read(g, space, pointer, 8, at, f->value->span);
	more = gen_load64(g, pointer);
	LLVMBuildCondBr(g->b, LLVMBuildICmp(g->b, LLVMIntNE, more, gen_const(g, 0), ""), some, after);
	LLVMPositionBuilderAtEnd(g->b, some);
	used = gen_opaque(g, gen_load(g, &u32, so_far));
	fits = LLVMBuildICmp(
	    g->b, LLVMIntULE, used, gen_const(g, g->open->size + g->open->tail_size - JOIN_STRING), "");
	fits =
	    LLVMBuildAnd(g->b, fits, LLVMBuildICmp(g->b, LLVMIntULT, n, gen_const(g, JOIN_STRINGS), ""), "");
	LLVMBuildCondBr(g->b, fits, room, lost);
	LLVMPositionBuilderAtEnd(g->b, room);
	join_string(g, f, space, more, so_far, used, head);
	LLVMPositionBuilderAtEnd(g->b, lost);
	loss_count(g, LOSS_join_cut, IMAGE_NONE, f->value->span);
	gen_go(g, after);
	/* Never more, which only the verifier does not know. */
	gen_store64(g, g->tail_used,
	    at_most(g, gen_opaque(g, gen_load(g, &u32, so_far)), g->open->size + g->open->tail_size));
	store32(g, gen_offset(g, g->record, f->offset), begin);
	store32(g, gen_offset(g, g->record, f->offset + 4),
	    LLVMBuildSub(g->b, gen_load64(g, g->tail_used), begin, ""));
}

#define SIGNAL_STOP 19

/* The process stops, for a record that is sure to be sent. In a perf buffer it may be lost, and the process
 * would stay as it is: there nothing stops. */
static LLVMValueRef hold(struct gen *g)
{
	LLVMValueRef slot = gen_alloca(g, 8, "hold"), signal = gen_const32(g, SIGNAL_STOP);
	LLVMBasicBlockRef after;

	gen_store64(g, slot, gen_const(g, 0));
	gen_if(g, LLVMBuildNot(g->b, uses_perf(g), ""), &after, "stop");
	gen_store64(g, slot, gen_call(g, HELPER_SEND_SIGNAL, g->i64, &signal, 1));
	gen_go(g, after);
	return gen_load64(g, slot);
}

static void fill(struct gen *g, const struct field *f)
{
	LLVMValueRef to = gen_offset(g, g->record, f->offset);

	if (f->kind == FIELD_JOIN)
		join_field(g, f);
	else if (f->kind == FIELD_TIME)
		gen_store64(g, to, gen_call(g, HELPER_KTIME, g->i64, NULL, 0));
	else if (f->kind == FIELD_HOLD)
		gen_store64(g, to, hold(g));
	else if (f->tail)
		tail_field(g, f);
	else if (gen_is_given_text(f->value))
		builtin_value(g, f->value, to);
	else
		gen_value_to(g, f->value, to, f->type);
}

/* The helper puts the packet's first bytes, as many as the flags say, behind ours. */
LLVMValueRef builtin_skboutput(struct gen *g, const struct builtin_use *use)
{
	struct node *skb = use->args->next, *length = skb->next;
	LLVMValueRef room = gen_temporary(g, 16), bytes = gen_value(g, length), args[5];
	LLVMValueRef result = gen_alloca(g, 8, "sent");
	LLVMBasicBlockRef missing = gen_block(g, "no_packet");

	bytes = LLVMBuildAnd(g->b, bytes, gen_const(g, 0xfffff), ""); /* BPF_F_CTXLEN_MASK */
	LLVMBuildStore(g->b, gen_const32(g, use->call->record->id), room);
	store32(g, gen_offset(g, room, 4), bytes);
	gen_store64(g, gen_offset(g, room, 8), gen_call(g, HELPER_KTIME, g->i64, NULL, 0));
	gen_store64(g, result, gen_const(g, (uint64_t)-EFAULT));
	args[0] = btf_load_pointer(g, skb, missing);
	args[1] = g->packets;
	args[2] =
	    LLVMBuildOr(g->b, LLVMBuildShl(g->b, bytes, gen_const(g, 32), ""), gen_const(g, CURRENT_CPU), "");
	args[3] = room;
	args[4] = gen_const(g, 16);
	gen_store64(g, result, gen_call(g, HELPER_SKB_OUTPUT, g->i64, args, 5));
	gen_go(g, missing);
	loss_count_failure(g, gen_load64(g, result), LOSS_helper, IMAGE_NONE, use->node->span);
	return gen_load64(g, result);
}

void event_call(struct gen *g, struct node *node)
{
	const struct call *call = node->call.call;

	if (g->unit->pinned) {
		seq_printf(g, node);
		return;
	}
	if (call->first)
		open_record(g, call->record, node->span);
	for (size_t i = 0; i < call->action->fields.n; i++)
		fill(g, &call->action->fields.v[i]);
	if (call->last)
		close_record(g, node->span);
}
