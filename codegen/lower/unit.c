/*
 * A unit becomes a function for each kind of program that can serve it.
 */
#include "codegen/lower/unit.h"

#include "base/round.h"
#include "codegen/bpf/externs.h"
#include "codegen/bpf/generations.h"
#include "codegen/bpf/helpers.h"
#include "codegen/bpf/ids.h"
#include "codegen/bpf/image_tables.h"
#include "codegen/bpf/loss_counters.h"
#include "codegen/bpf/memory.h"
#include "codegen/bpf/subprogram.h"
#include "codegen/llvm/blocks.h"
#include "codegen/lower/expr.h"
#include "codegen/lower/load_cse.h"
#include "codegen/lower/stmt.h"
#include "language/program_kinds.h"

/* The name of the ELF section for the function. */
static struct str section(struct gen *g, const struct bpf_state *bpf)
{
	const struct program_kind *kind = &program_kinds[bpf->program_kind];
	const struct attach *a = bpf->attach;

	switch (kind->target) {
	case TARGET_NOTHING:
		break;
	case TARGET_FUNCTION:
		return str_format(g->arena, "%s%.*s", kind->section, STR_ARG(a->function));
	case TARGET_EVENT:
		return str_format(g->arena, "%s%.*s", kind->section, STR_ARG(a->event));
	case TARGET_CATEGORY:
		return str_format(
		    g->arena, "%s%.*s/%.*s", kind->section, STR_ARG(a->category), STR_ARG(a->event));
	}
	return str_of(kind->section);
}

/* Blocks stay where they stand: those made since last was the last one go to their place. */
static void move_behind(struct function *f, LLVMBasicBlockRef last, LLVMBasicBlockRef place)
{
	for (LLVMBasicBlockRef b; (b = LLVMGetNextBasicBlock(last)); place = b)
		LLVMMoveBasicBlockAfter(b, place);
}

/* Where the predicate begins, or the action: in a block of its own, since only behind it is known whether
 * anybody asks. */
static void give_ids(struct function *f, LLVMBasicBlockRef here, LLVMBasicBlockRef next)
{
	LLVMBasicBlockRef end = LLVMGetInsertBlock(f->b), last = LLVMGetLastBasicBlock(f->function);

	LLVMPositionBuilderAtEnd(f->b, here);
	gen_place(f, f->bpf->attach->span);
	if (f->bpf->ids_used)
		gen_store64(f, f->bpf->ids, ids_ask(f));
	LLVMBuildBr(f->b, next);
	move_behind(f, last, here);
	LLVMPositionBuilderAtEnd(f->b, end);
}

static void return_if(struct function *f, LLVMValueRef condition, const char *name)
{
	struct rare rare;

	gen_if_rare(f, condition, &rare, name);
	LLVMBuildRet(f->b, gen_const32(f, 0));
	gen_end_rare(f, &rare);
}

static LLVMValueRef is_zero(struct function *f, LLVMValueRef v)
{
	return LLVMBuildICmp(f->b, LLVMIntEQ, v, LLVMConstInt(LLVMTypeOf(v), 0, 0), "");
}

/* The kernel calls an iterator once more behind the last object, with none: the first member behind meta is
 * NULL then (include/linux/bpf.h, DEFINE_BPF_ITER_FUNC; kernel/bpf/bpf_iter.c). */
static void skip_the_end(struct function *f)
{
	LLVMValueRef object = gen_volatile(f, f->m->ptr, gen_offset(f, f->bpf->context_arg, 8));

	return_if(f, LLVMBuildIsNull(f->b, object, ""), "end");
}

/* Returns at once unless the programs are enabled, and for processes other than that of -p. */
static void prologue(struct function *f)
{
	LLVMValueRef wanted, pid;
	LLVMBasicBlockRef after;
	struct rare rare;
	unsigned traits = program_kinds[f->bpf->program_kind].traits;

	if (f->bpf->program_kind == PROGRAM_iter)
		skip_the_end(f);
	/* A pinned one runs when there is no tracer. */
	if (traits & PROGRAM_IS_RUN_BY_US || f->lower->unit->pinned)
		return;
	gen_if_rare(f, is_zero(f, gen_volatile(f, f->m->i32, f->g->enabled)), &rare, "not_enabled");
	loss_count(f, LOSS_outside, IMAGE_NONE, f->bpf->attach->span);
	LLVMBuildRet(f->b, gen_const32(f, 0));
	gen_end_rare(f, &rare);
	if (traits & PROGRAM_IS_OF_NO_PROCESS)
		return;
	wanted = extern_load(f, EXTERN_pid, STR(""));
	gen_if(f, LLVMBuildNot(f->b, is_zero(f, wanted), ""), &after, "filter");
	pid = LLVMBuildLShr(f->b, ids_ask(f), gen_const(f, 32), "");
	return_if(f, LLVMBuildICmp(f->b, LLVMIntNE, pid, wanted, ""), "other");
	gen_go(f, after);
}

/* An array with an element for each CPU takes the place of a per-CPU map, whose values have 32 KiB at most.
 */
static LLVMValueRef large_key(struct function *f)
{
	LLVMValueRef cpu = LLVMBuildTrunc(
			 f->b, gen_call(f, BPF_FUNC_get_smp_processor_id, f->m->i64, NULL, 0), f->m->i32, ""),
		     cpus = LLVMBuildTrunc(f->b, extern_load(f, EXTERN_ncpus, STR("")), f->m->i32, "");

	return LLVMBuildAdd(f->b, LLVMBuildMul(f->b, cpus, gen_const32(f, f->g->n_large), ""), cpu, "");
}

/* In a block of its own, since only at the end it is known whether anything needs the region. */
static void scratch_prologue(struct function *f, LLVMBasicBlockRef here, LLVMBasicBlockRef body)
{
	LLVMValueRef key, args[2], region;

	LLVMPositionBuilderAtEnd(f->b, here);
	gen_place(f, f->bpf->attach->span);
	generations_read(f);
	if (f->bpf->scratch_used) {
		key = gen_alloca(f, 4, "key");
		args[0] = f->bpf->scratch_large ? f->g->large : f->g->scratch, args[1] = key;
		LLVMBuildStore(
		    f->b, f->bpf->scratch_large ? large_key(f) : gen_const32(f, f->g->programs), key);
		region = gen_call(f, BPF_FUNC_map_lookup_elem, f->m->ptr, args, 2);
		return_if(f, LLVMBuildIsNull(f->b, region, ""), "no_scratch");
		LLVMBuildStore(f->b, region, f->bpf->scratch_slot);
	}
	LLVMBuildBr(f->b, body);
}

static void make_variables(struct function *f)
{
	const struct unit *u = f->lower->unit;

	f->lower->variables = arena_many(f->g->arena, LLVMValueRef, u->variables.n + 1);
	for (size_t i = 0; i < u->variables.n; i++) {
		const struct variable *v = u->variables.v[i];

		f->lower->variables[i] = gen_is_scalar(v->type) ? gen_alloca(f, 8, v->name.p)
								: gen_temporary(f, round_8(v->type->size));
		gen_zero(f, f->lower->variables[i], round_8(v->type->size));
	}
}

static uint32_t largest_record(struct function *f)
{
	uint32_t size = 0;

	for (size_t i = 0; i < f->g->program->records.n; i++) {
		const struct record *r = f->g->program->records.v[i];

		if (r->unit == f->lower->unit->index && r->size + r->tail_size > size)
			size = r->size + r->tail_size;
	}
	return round_8(size);
}

static void action(struct function *f)
{
	LLVMBasicBlockRef here = LLVMGetInsertBlock(f->b), start = gen_block(f, "statements");
	bool given = f->bpf->ids_used;

	LLVMPositionBuilderAtEnd(f->b, start);
	gen_block_statements(f, f->lower->unit->body->block.statements);
	f->bpf->ids_used = f->bpf->ids_used && !given;
	give_ids(f, here, start);
}

static void body(struct function *f)
{
	LLVMBasicBlockRef after, here, start;

	make_variables(f);
	load_cse_forget(f, NULL);
	f->bpf->ids = gen_alloca(f, 8, "ids");
	f->bpf->ids_used = false;
	if (f->lower->unit->predicate) {
		here = LLVMGetInsertBlock(f->b);
		start = gen_block(f, "predicate");
		LLVMPositionBuilderAtEnd(f->b, start);
		gen_place(f, f->lower->unit->predicate->span);
		f->lower->keeps_reads = true;
		gen_if(f, gen_truth(f, f->lower->unit->predicate), &after, "action");
		f->lower->keeps_reads = false;
		give_ids(f, here, start);
		action(f);
		gen_go(f, after);
	} else {
		action(f);
	}
	LLVMBuildRet(f->b, gen_const32(f, 0));
}

/* Blocks that nothing jumps to and that have no end (behind exit() and return). */
static void end_blocks(struct function *f)
{
	for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(f->function); b; b = LLVMGetNextBasicBlock(b)) {
		if (LLVMGetBasicBlockTerminator(b))
			continue;
		LLVMPositionBuilderAtEnd(f->b, b);
		LLVMBuildUnreachable(f->b);
	}
}

/* Opens the program's function: f and the states of the two rooms are the caller's. */
static void open_program(
    struct function *f, struct gen *g, struct bpf_state *bpf, struct lower_state *lower, struct str name)
{
	LLVMValueRef function =
	    LLVMAddFunction(g->m.module, name.p, LLVMFunctionType(g->m.i32, &g->m.ptr, 1, 0));

	LLVMSetSection(function, section(g, bpf).p);
	bpf->context_arg = LLVMGetParam(function, 0);
	function_begin(f, &g->m, function, subprogram_describe(&g->m, name.p, function, bpf->attach->span),
	    bpf->attach->span);
	f->g = g;
	f->bpf = bpf;
	f->lower = lower;
	bpf->scratch_slot = gen_alloca(f, 8, "scratch");
	bpf->generations = gen_alloca(f, 8, "generations");
	bpf->stack = gen_alloca(f, g->stack_region ? g->stack_region : 8, "stack");
	bpf->adds = arena_many(g->arena, unsigned, g->program->maps.n + 1);
	/* A record in a perf buffer is built here too. */
	bpf->scratch_top = bpf->scratch_size = largest_record(f);
}

/* The region's size counts for the map of all programs' regions, or of the large ones. */
static void note_scratch(struct gen *g, const struct bpf_state *bpf)
{
	uint32_t *largest = bpf->scratch_large ? &g->large_size : &g->small_size;

	if (bpf->scratch_size > *largest)
		*largest = bpf->scratch_size;
	g->n_large += bpf->scratch_large;
	g->programs++;
}

static void generate(
    struct gen *g, const struct unit *unit, enum program_kind_id program_kind, const char *prefix)
{
	struct bpf_state bpf = {
		.attach = unit->attaches.v[0],
		.program_kind = program_kind,
		.user_memory = unit->user_memory,
	};
	struct lower_state lower = { .unit = unit };
	LLVMBasicBlockRef scratch, start;
	struct function opened, *f = &opened;
	struct str name =
	    str_format(g->arena, "%.10s_%u%s", prefix, unit->index, program_kinds[program_kind].suffix);

	open_program(f, g, &bpf, &lower, name);
	prologue(f);
	scratch = LLVMGetInsertBlock(f->b);
	start = gen_block(f, "body");
	LLVMPositionBuilderAtEnd(f->b, start);
	body(f);
	bpf.scratch_large = bpf.scratch_size > map_kinds[MAP_scratch].largest;
	scratch_prologue(f, scratch, start);
	end_blocks(f);
	gen_move_rare(f);
	image_tables_program(f, unit, name);
	note_scratch(g, &bpf);
	function_end(f);
}

/* Can the unit be attached as a trampoline program, as far as can be known here? */
static bool trampoline(const struct unit *u)
{
	const struct attach *a = u->attaches.v[0];

	return !u->needs_kprobe && !a->glob && a->in_btf && !a->variadic && !a->ambiguous;
}

/* The programs of each probe type. */
static const struct probe_programs {
	enum program_kind_id plain, trampoline;
	const char *symbol;
} probe_programs[PROBE_N_] = {
#define PROBE(name, aliases, pattern, gives, split, attach, list, program, trampoline, symbol) \
	{ PROGRAM_##program, PROGRAM_##trampoline, symbol },
#include "language/probes.def"
#undef PROBE
};

void unit_generate(struct gen *g, const struct unit *unit)
{
	const struct probe_programs *programs = &probe_programs[unit->probe];
	bool both = programs->trampoline != PROGRAM_none && trampoline(unit);

	if (!both || !g->one_kind)
		generate(g, unit, programs->plain, programs->symbol);
	if (both)
		generate(g, unit, programs->trampoline, programs->symbol);
}
