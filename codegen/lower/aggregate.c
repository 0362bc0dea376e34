/*
 * Aggregations: count(), sum() ... hist(), lhist(). Each CPU has a value of its own in a per-CPU map, which
 * no other CPU writes; whoever reads it adds them up.
 */
#include "base/hist.h"
#include "codegen/bpf/memory.h"
#include "codegen/llvm/blocks.h"
#include "codegen/lower/assign.h"
#include "codegen/lower/builtin.h"
#include "codegen/lower/expr.h"

/* The number of the highest bit of *v, of which what is left is that bit, or 0: halves the range. */
static LLVMValueRef highest_bit(struct function *f, LLVMValueRef *v)
{
	LLVMValueRef bit = gen_const(f, 0), shifted, more;
	LLVMBasicBlockRef before, up, after;

	for (unsigned step = 32; step; step /= 2) {
		LLVMValueRef high = LLVMBuildICmp(f->b, LLVMIntUGE, *v, gen_const(f, 1ull << step), "");

		before = LLVMGetInsertBlock(f->b);
		gen_if(f, high, &after, "up");
		up = LLVMGetInsertBlock(f->b);
		/* Opaque: LLVM would make two selects of it, and the BPF back end a branch of each. */
		shifted = LLVMBuildLShr(f->b, gen_opaque(f, *v), gen_const(f, step), "");
		more = LLVMBuildAdd(f->b, bit, gen_const(f, step), "");
		gen_go(f, after);
		bit = gen_either(f, bit, before, more, up);
		*v = gen_either(f, *v, before, shifted, up);
	}
	return bit;
}

/* base/hist.h's hist_bucket(), as code: what is below 2^bits is shifted by 0. */
static LLVMValueRef bucket(struct function *f, LLVMValueRef v, uint32_t bits)
{
	LLVMValueRef rest = v, power = highest_bit(f, &rest), width = gen_const(f, bits), shift, part, number,
		     small;

	small = LLVMBuildICmp(f->b, LLVMIntULT, power, width, "");
	shift = LLVMBuildSelect(f->b, small, gen_const(f, 0), LLVMBuildSub(f->b, power, width, ""), "");
	part = bits ? LLVMBuildLShr(f->b, v, LLVMBuildAnd(f->b, shift, gen_const(f, 63), ""), "") : rest;
	number = LLVMBuildAdd(f->b, LLVMBuildShl(f->b, shift, width, ""), part, "");
	number = LLVMBuildAdd(f->b, number, gen_const(f, 1), "");
	return LLVMBuildSelect(
	    f->b, LLVMBuildICmp(f->b, LLVMIntSLT, v, gen_const(f, 0), ""), gen_const(f, 0), number, "");
}

/* Each CPU has its value of an aggregation: no other writes to it. */
static void add_at(struct function *f, LLVMValueRef at, LLVMValueRef by)
{
	gen_store64(f, at, LLVMBuildAdd(f->b, gen_load64(f, at), by, ""));
}

LLVMValueRef builtin_count(struct function *f, const struct builtin_use *use)
{
	gen_add(f, use->call->element, gen_const(f, 1));
	return NULL;
}

LLVMValueRef builtin_sum(struct function *f, const struct builtin_use *use)
{
	gen_add(f, use->call->element, gen_value(f, use->args));
	return NULL;
}

/* avg() and stats(): the total, and how many there were. */
LLVMValueRef builtin_total(struct function *f, const struct builtin_use *use)
{
	LLVMValueRef v = gen_value(f, use->args);
	struct element e;

	gen_element(f, use->call->element, &e);
	add_at(f, e.at, v);
	add_at(f, gen_offset(f, e.at, 8), gen_const(f, 1));
	gen_go(f, e.after);
	return NULL;
}

/* The number, and whether there is one yet. */
static LLVMValueRef extreme(struct function *f, const struct builtin_use *use, bool least)
{
	bool is_signed = use->call->element->map.map->value->is_signed;
	LLVMIntPredicate better =
	    least ? (is_signed ? LLVMIntSLT : LLVMIntULT) : (is_signed ? LLVMIntSGT : LLVMIntUGT);
	LLVMValueRef v = gen_value(f, use->args), first, wins;
	LLVMBasicBlockRef after;
	struct element e;

	gen_element(f, use->call->element, &e);
	first = LLVMBuildICmp(f->b, LLVMIntEQ, gen_load64(f, gen_offset(f, e.at, 8)), gen_const(f, 0), "");
	wins = LLVMBuildICmp(f->b, better, v, gen_load64(f, e.at), "");
	gen_if(f, LLVMBuildOr(f->b, first, wins, ""), &after, "better");
	gen_store64(f, e.at, v);
	gen_store64(f, gen_offset(f, e.at, 8), gen_const(f, 1));
	gen_go(f, after);
	gen_go(f, e.after);
	return NULL;
}

LLVMValueRef builtin_min(struct function *f, const struct builtin_use *use)
{
	return extreme(f, use, true);
}

LLVMValueRef builtin_max(struct function *f, const struct builtin_use *use)
{
	return extreme(f, use, false);
}

/* Adds one to bucket number of buckets. */
static void add_to_bucket(struct function *f, struct node *element, LLVMValueRef number, uint32_t buckets)
{
	LLVMValueRef offset = gen_alloca(f, 8, "offset"), bounded, fits;
	LLVMBasicBlockRef after;
	struct element e;

	gen_store64(f, offset, LLVMBuildShl(f->b, number, gen_const(f, 3), ""));
	gen_element(f, element, &e);
	/* Always true; it tells the verifier the bound, in the register that is added. */
	bounded = gen_opaque(f, gen_load64(f, offset));
	fits = LLVMBuildICmp(f->b, LLVMIntULE, bounded, gen_const(f, 8 * (buckets - 1)), "");
	gen_if(f, fits, &after, "bounded");
	add_at(f, LLVMBuildInBoundsGEP2(f->b, f->m->i8, e.at, &bounded, 1, ""), gen_const(f, 1));
	gen_go(f, after);
	gen_go(f, e.after);
}

LLVMValueRef builtin_hist(struct function *f, const struct builtin_use *use)
{
	struct node *element = use->call->element;
	uint32_t bits = element->map.map->value->hist_bits;

	add_to_bucket(f, element, bucket(f, gen_value(f, use->args), bits), hist_buckets(bits));
	return NULL;
}

/* base/hist.h's lhist_bucket(), as code. */
LLVMValueRef builtin_lhist(struct function *f, const struct builtin_use *use)
{
	struct node *element = use->call->element;
	const int64_t *range = element->map.map->value->range;
	LLVMValueRef v = gen_value(f, use->args), from = gen_const(f, (uint64_t)range[0]), below, above,
		     number, steps = gen_const(f, lhist_steps(range[0], range[1], range[2]));

	below = LLVMBuildICmp(f->b, LLVMIntSLT, v, from, "");
	above = LLVMBuildICmp(f->b, LLVMIntSGE, v, gen_const(f, (uint64_t)range[1]), "");
	number = LLVMBuildUDiv(f->b, LLVMBuildSub(f->b, v, from, ""), gen_const(f, (uint64_t)range[2]), "");
	number = LLVMBuildSelect(f->b, above, steps, number, "");
	number = LLVMBuildAdd(f->b, number, gen_const(f, 1), "");
	number = LLVMBuildSelect(f->b, below, gen_const(f, 0), number, "");
	add_to_bucket(f, element, number, lhist_buckets(range[0], range[1], range[2]));
	return NULL;
}
