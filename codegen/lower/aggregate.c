/*
 * Aggregations: count(), sum() ... hist(), lhist(). Each CPU has a value of its own in a per-CPU map, which
 * no other CPU writes; whoever reads it adds them up.
 */
#include "base/hist.h"
#include "codegen/lower/builtin.h"

/* The number of the highest bit of *v, of which what is left is that bit, or 0: halves the range. */
static LLVMValueRef highest_bit(struct gen *g, LLVMValueRef *v)
{
	LLVMValueRef bit = gen_const(g, 0), shifted, more;
	LLVMBasicBlockRef before, up, after;

	for (unsigned step = 32; step; step /= 2) {
		LLVMValueRef high = LLVMBuildICmp(g->b, LLVMIntUGE, *v, gen_const(g, 1ull << step), "");

		before = LLVMGetInsertBlock(g->b);
		gen_if(g, high, &after, "up");
		up = LLVMGetInsertBlock(g->b);
		/* Opaque: LLVM would make two selects of it, and the BPF back end a branch of each. */
		shifted = LLVMBuildLShr(g->b, gen_opaque(g, *v), gen_const(g, step), "");
		more = LLVMBuildAdd(g->b, bit, gen_const(g, step), "");
		gen_go(g, after);
		bit = gen_either(g, bit, before, more, up);
		*v = gen_either(g, *v, before, shifted, up);
	}
	return bit;
}

/* base/hist.h's hist_bucket(), as code: what is below 2^bits is shifted by 0. */
static LLVMValueRef bucket(struct gen *g, LLVMValueRef v, uint32_t bits)
{
	LLVMValueRef rest = v, power = highest_bit(g, &rest), width = gen_const(g, bits), shift, part, number,
		     small;

	small = LLVMBuildICmp(g->b, LLVMIntULT, power, width, "");
	shift = LLVMBuildSelect(g->b, small, gen_const(g, 0), LLVMBuildSub(g->b, power, width, ""), "");
	part = bits ? LLVMBuildLShr(g->b, v, LLVMBuildAnd(g->b, shift, gen_const(g, 63), ""), "") : rest;
	number = LLVMBuildAdd(g->b, LLVMBuildShl(g->b, shift, width, ""), part, "");
	number = LLVMBuildAdd(g->b, number, gen_const(g, 1), "");
	return LLVMBuildSelect(
	    g->b, LLVMBuildICmp(g->b, LLVMIntSLT, v, gen_const(g, 0), ""), gen_const(g, 0), number, "");
}

/* Each CPU has its value of an aggregation: no other writes to it. */
static void add_at(struct gen *g, LLVMValueRef at, LLVMValueRef by)
{
	gen_store64(g, at, LLVMBuildAdd(g->b, gen_load64(g, at), by, ""));
}

LLVMValueRef builtin_count(struct gen *g, const struct builtin_use *use)
{
	map_upsert_sum(g, use->call->element, gen_const(g, 1));
	return NULL;
}

LLVMValueRef builtin_sum(struct gen *g, const struct builtin_use *use)
{
	map_upsert_sum(g, use->call->element, gen_value(g, use->args));
	return NULL;
}

/* avg() and stats(): the total, and how many there were. */
LLVMValueRef builtin_total(struct gen *g, const struct builtin_use *use)
{
	LLVMValueRef v = gen_value(g, use->args);
	struct element e;

	gen_element(g, use->call->element, &e);
	add_at(g, e.at, v);
	add_at(g, gen_offset(g, e.at, 8), gen_const(g, 1));
	gen_go(g, e.after);
	return NULL;
}

/* The number, and whether there is one yet. */
static LLVMValueRef extreme(struct gen *g, const struct builtin_use *use, bool least)
{
	bool is_signed = use->call->element->map.map->value->is_signed;
	LLVMIntPredicate better =
	    least ? (is_signed ? LLVMIntSLT : LLVMIntULT) : (is_signed ? LLVMIntSGT : LLVMIntUGT);
	LLVMValueRef v = gen_value(g, use->args), first, wins;
	LLVMBasicBlockRef after;
	struct element e;

	gen_element(g, use->call->element, &e);
	first = LLVMBuildICmp(g->b, LLVMIntEQ, gen_load64(g, gen_offset(g, e.at, 8)), gen_const(g, 0), "");
	wins = LLVMBuildICmp(g->b, better, v, gen_load64(g, e.at), "");
	gen_if(g, LLVMBuildOr(g->b, first, wins, ""), &after, "better");
	gen_store64(g, e.at, v);
	gen_store64(g, gen_offset(g, e.at, 8), gen_const(g, 1));
	gen_go(g, after);
	gen_go(g, e.after);
	return NULL;
}

LLVMValueRef builtin_min(struct gen *g, const struct builtin_use *use)
{
	return extreme(g, use, true);
}

LLVMValueRef builtin_max(struct gen *g, const struct builtin_use *use)
{
	return extreme(g, use, false);
}

/* Adds one to bucket number of buckets. */
static void add_to_bucket(struct gen *g, struct node *element, LLVMValueRef number, uint32_t buckets)
{
	LLVMValueRef offset = gen_alloca(g, 8, "offset"), bounded, fits;
	LLVMBasicBlockRef after;
	struct element e;

	gen_store64(g, offset, LLVMBuildShl(g->b, number, gen_const(g, 3), ""));
	gen_element(g, element, &e);
	/* Always true; it tells the verifier the bound, in the register that is added. */
	bounded = gen_opaque(g, gen_load64(g, offset));
	fits = LLVMBuildICmp(g->b, LLVMIntULE, bounded, gen_const(g, 8 * (buckets - 1)), "");
	gen_if(g, fits, &after, "bounded");
	add_at(g, LLVMBuildInBoundsGEP2(g->b, g->i8, e.at, &bounded, 1, ""), gen_const(g, 1));
	gen_go(g, after);
	gen_go(g, e.after);
}

LLVMValueRef builtin_hist(struct gen *g, const struct builtin_use *use)
{
	struct node *element = use->call->element;
	uint32_t bits = element->map.map->value->hist_bits;

	add_to_bucket(g, element, bucket(g, gen_value(g, use->args), bits), hist_buckets(bits));
	return NULL;
}

/* base/hist.h's lhist_bucket(), as code. */
LLVMValueRef builtin_lhist(struct gen *g, const struct builtin_use *use)
{
	struct node *element = use->call->element;
	const int64_t *range = element->map.map->value->range;
	LLVMValueRef v = gen_value(g, use->args), from = gen_const(g, (uint64_t)range[0]),
		     to = gen_const(g, (uint64_t)range[1]), below, above, number;

	below = LLVMBuildICmp(g->b, LLVMIntSLT, v, from, "");
	above = LLVMBuildICmp(g->b, LLVMIntSGT, v, to, "");
	number = LLVMBuildSub(g->b, LLVMBuildSelect(g->b, above, to, v, ""), from, "");
	number = LLVMBuildUDiv(g->b, number, gen_const(g, (uint64_t)range[2]), "");
	number = LLVMBuildAdd(g->b, number, gen_const(g, 1), "");
	number = LLVMBuildSelect(g->b, below, gen_const(g, 0), number, "");
	add_to_bucket(g, element, number, lhist_buckets(range[0], range[1], range[2]));
	return NULL;
}

/* One CPU's value into what the CPUs before it have given. */
static void merge(struct gen *g, const struct type *type, LLVMValueRef total, LLVMValueRef n, LLVMValueRef at)
{
	LLVMValueRef v = gen_load64(g, at), more, set;
	bool least = type->form == FORM_MIN;
	LLVMIntPredicate better =
	    least ? (type->is_signed ? LLVMIntSLT : LLVMIntULT) : (type->is_signed ? LLVMIntSGT : LLVMIntUGT);

	if (type->form == FORM_COUNT || type->form == FORM_SUM) {
		add_at(g, total, v);
		return;
	}
	more = gen_load64(g, gen_offset(g, at, 8));
	if (type->form == FORM_AVG) {
		add_at(g, total, v);
		add_at(g, n, more);
		return;
	}
	set = LLVMBuildICmp(g->b, LLVMIntNE, more, gen_const(g, 0), "");
	more = LLVMBuildOr(g->b, LLVMBuildICmp(g->b, LLVMIntEQ, gen_load64(g, n), gen_const(g, 0), ""),
	    LLVMBuildICmp(g->b, better, v, gen_load64(g, total), ""), "");
	set = LLVMBuildAnd(g->b, set, more, "");
	gen_store64(g, total, LLVMBuildSelect(g->b, set, v, gen_load64(g, total), ""));
	gen_store64(g, n, LLVMBuildSelect(g->b, set, gen_const(g, 1), gen_load64(g, n), ""));
}

/* The number that an aggregation has over all CPUs (bpf_map_lookup_percpu_elem(): Linux 5.19). */
LLVMValueRef gen_aggregate_value(struct gen *g, const struct type *type, LLVMValueRef map_and_key[2])
{
	LLVMBasicBlockRef head = gen_block(g, "cpus"), body = gen_block(g, "cpu"),
			  after = gen_block(g, "after"), absent;
	LLVMValueRef total = gen_alloca(g, 8, "total"), n = gen_alloca(g, 8, "n"),
		     cpu = gen_alloca(g, 8, "cpu");
	LLVMValueRef args[3] = { map_and_key[0], map_and_key[1] }, at, i,
		     cpus = extern_load(g, EXTERN_ncpus, STR(""));

	gen_store64(g, total, gen_const(g, 0));
	gen_store64(g, n, gen_const(g, 0));
	gen_store64(g, cpu, gen_const(g, 0));
	gen_go(g, head);
	i = gen_load64(g, cpu);
	LLVMBuildCondBr(g->b, LLVMBuildICmp(g->b, LLVMIntULT, i, cpus, ""), body, after);
	LLVMPositionBuilderAtEnd(g->b, body);
	args[2] = LLVMBuildTrunc(g->b, i, g->i32, "");
	at = gen_call(g, HELPER_LOOKUP_PERCPU, g->ptr, args, 3);
	gen_store64(g, cpu, LLVMBuildAdd(g->b, i, gen_const(g, 1), ""));
	gen_if(g, LLVMBuildIsNotNull(g->b, at, ""), &absent, "present");
	merge(g, type, total, n, at);
	gen_go(g, absent);
	LLVMBuildBr(g->b, head);
	LLVMPositionBuilderAtEnd(g->b, after);
	if (type->form != FORM_AVG)
		return gen_load64(g, total);
	return gen_operate(g, OP_DIV, gen_load64(g, total), gen_load64(g, n), type->is_signed);
}
