/*
 * A unit becomes a function for each kind of program that can serve it.
 */
#include "codegen/gen.h"

/* The name of the ELF section for the function. */
static struct str section(struct gen *g)
{
	const struct program_kind *kind = &program_kinds[g->program_kind];
	const struct attach *a = g->attach;

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

/* As btrun itself sees them: in a container they are those of its PID namespace, and 0 for a process outside.
 * Which of the two calls is made is a constant to the verifier. */
static LLVMValueRef ask_ids(struct gen *g)
{
	LLVMValueRef inode = extern_load(g, EXTERN_pidns_inode, STR("")), given = gen_alloca(g, 8, "given"),
		     args[4] = { NULL, inode, given, gen_const32(g, 8) }, in_ours, in_all;
	LLVMBasicBlockRef ours = gen_block(g, "namespace"), all = gen_block(g, "initial"),
			  after = gen_block(g, "after");

	LLVMBuildCondBr(g->b, LLVMBuildICmp(g->b, LLVMIntNE, inode, gen_const(g, 0), ""), ours, all);
	LLVMPositionBuilderAtEnd(g->b, ours);
	args[0] = extern_load(g, EXTERN_pidns_device, STR(""));
	/* struct bpf_pidns_info: u32 pid, u32 tgid: the helper gives zeros when it fails */
	gen_call(g, HELPER_NS_PID_TGID, g->i64, args, 4);
	in_ours = gen_load64(g, given);
	LLVMBuildBr(g->b, after);
	LLVMPositionBuilderAtEnd(g->b, all);
	in_all = gen_call(g, HELPER_PID_TGID, g->i64, NULL, 0);
	gen_go(g, after);
	return gen_either(g, in_ours, ours, in_all, all);
}

LLVMValueRef gen_pid_tgid(struct gen *g)
{
	g->ids_used = true;
	return gen_load64(g, g->ids);
}

/* Blocks stay where they stand: those made since last was the last one go to their place. */
static void move_behind(struct gen *g, LLVMBasicBlockRef last, LLVMBasicBlockRef place)
{
	for (LLVMBasicBlockRef b; (b = LLVMGetNextBasicBlock(last)); place = b)
		LLVMMoveBasicBlockAfter(b, place);
}

/* Where the predicate begins, or the action: in a block of its own, since only behind it is known whether
 * anybody asks. */
static void give_ids(struct gen *g, LLVMBasicBlockRef here, LLVMBasicBlockRef next)
{
	LLVMBasicBlockRef end = LLVMGetInsertBlock(g->b), last = LLVMGetLastBasicBlock(g->function);

	LLVMPositionBuilderAtEnd(g->b, here);
	gen_place(g, g->attach->span);
	if (g->ids_used)
		gen_store64(g, g->ids, ask_ids(g));
	LLVMBuildBr(g->b, next);
	move_behind(g, last, here);
	LLVMPositionBuilderAtEnd(g->b, end);
}

static void return_if(struct gen *g, LLVMValueRef condition, const char *name)
{
	struct rare rare;

	gen_if_rare(g, condition, &rare, name);
	LLVMBuildRet(g->b, gen_const32(g, 0));
	gen_end_rare(g, &rare);
}

static LLVMValueRef is_zero(struct gen *g, LLVMValueRef v)
{
	return LLVMBuildICmp(g->b, LLVMIntEQ, v, LLVMConstInt(LLVMTypeOf(v), 0, 0), "");
}

/* The kernel calls an iterator once more behind the last object, with none: the first member behind meta is
 * NULL then (include/linux/bpf.h, DEFINE_BPF_ITER_FUNC; kernel/bpf/bpf_iter.c). */
static void skip_the_end(struct gen *g)
{
	LLVMValueRef object = gen_volatile(g, g->ptr, gen_offset(g, g->context_arg, 8));

	return_if(g, LLVMBuildIsNull(g->b, object, ""), "end");
}

/* Returns at once unless the programs are enabled, and for processes other than that of -p. */
static void prologue(struct gen *g)
{
	LLVMValueRef wanted, pid;
	LLVMBasicBlockRef after;
	struct rare rare;
	unsigned traits = program_kinds[g->program_kind].traits;

	if (g->program_kind == PROGRAM_iter)
		skip_the_end(g);
	/* A pinned one runs when there is no tracer. */
	if (traits & PROGRAM_IS_RUN_BY_US || g->unit->pinned)
		return;
	gen_if_rare(g, is_zero(g, gen_volatile(g, g->i32, g->enabled)), &rare, "not_enabled");
	loss_count(g, LOSS_outside, IMAGE_NONE, g->attach->span);
	LLVMBuildRet(g->b, gen_const32(g, 0));
	gen_end_rare(g, &rare);
	if (traits & PROGRAM_IS_OF_NO_PROCESS)
		return;
	wanted = extern_load(g, EXTERN_pid, STR(""));
	gen_if(g, LLVMBuildNot(g->b, is_zero(g, wanted), ""), &after, "filter");
	pid = LLVMBuildLShr(g->b, ask_ids(g), gen_const(g, 32), "");
	return_if(g, LLVMBuildICmp(g->b, LLVMIntNE, pid, wanted, ""), "other");
	gen_go(g, after);
}

/* An array with an element for each CPU takes the place of a per-CPU map, whose values have 32 KiB at most.
 */
static LLVMValueRef large_key(struct gen *g)
{
	LLVMValueRef cpu = LLVMBuildTrunc(g->b, gen_call(g, HELPER_CPU, g->i64, NULL, 0), g->i32, ""),
		     cpus = LLVMBuildTrunc(g->b, extern_load(g, EXTERN_ncpus, STR("")), g->i32, "");

	return LLVMBuildAdd(g->b, LLVMBuildMul(g->b, cpus, gen_const32(g, g->n_large), ""), cpu, "");
}

/* In a block of its own, since only at the end it is known whether anything needs the region. */
static void scratch_prologue(struct gen *g, LLVMBasicBlockRef here, LLVMBasicBlockRef body)
{
	LLVMValueRef key, args[2], region;

	LLVMPositionBuilderAtEnd(g->b, here);
	gen_place(g, g->attach->span);
	if (g->scratch_used) {
		key = gen_alloca(g, 4, "key");
		args[0] = g->scratch_large ? g->large : g->scratch, args[1] = key;
		LLVMBuildStore(g->b, g->scratch_large ? large_key(g) : gen_const32(g, g->programs), key);
		region = gen_call(g, HELPER_MAP_LOOKUP, g->ptr, args, 2);
		return_if(g, LLVMBuildIsNull(g->b, region, ""), "no_scratch");
		LLVMBuildStore(g->b, region, g->scratch_slot);
	}
	LLVMBuildBr(g->b, body);
}

static void make_variables(struct gen *g)
{
	const struct unit *u = g->unit;

	g->variables = arena_many(g->arena, LLVMValueRef, u->variables.n + 1);
	for (size_t i = 0; i < u->variables.n; i++) {
		const struct variable *v = u->variables.v[i];

		g->variables[i] = gen_is_scalar(v->type) ? gen_alloca(g, 8, v->name.p)
							 : gen_temporary(g, round_8(v->type->size));
		gen_zero(g, g->variables[i], round_8(v->type->size));
	}
}

static uint32_t largest_record(struct gen *g)
{
	uint32_t size = 0;

	for (size_t i = 0; i < g->program->records.n; i++) {
		const struct record *r = g->program->records.v[i];

		if (r->unit == g->unit->index && r->size + r->tail_size > size)
			size = r->size + r->tail_size;
	}
	return round_8(size);
}

static void action(struct gen *g)
{
	LLVMBasicBlockRef here = LLVMGetInsertBlock(g->b), start = gen_block(g, "statements");
	bool given = g->ids_used;

	LLVMPositionBuilderAtEnd(g->b, start);
	gen_block_statements(g, g->unit->body->block.statements);
	g->ids_used = g->ids_used && !given;
	give_ids(g, here, start);
}

static void body(struct gen *g)
{
	LLVMBasicBlockRef after, here, start;

	make_variables(g);
	load_cse_forget(g, NULL);
	g->ids = gen_alloca(g, 8, "ids");
	g->ids_used = false;
	if (g->unit->predicate) {
		here = LLVMGetInsertBlock(g->b);
		start = gen_block(g, "predicate");
		LLVMPositionBuilderAtEnd(g->b, start);
		gen_place(g, g->unit->predicate->span);
		g->keeps_reads = true;
		gen_if(g, gen_truth(g, g->unit->predicate), &after, "action");
		g->keeps_reads = false;
		give_ids(g, here, start);
		action(g);
		gen_go(g, after);
	} else {
		action(g);
	}
	LLVMBuildRet(g->b, gen_const32(g, 0));
}

/* Blocks that nothing jumps to and that have no end (behind exit() and return). */
static void end_blocks(struct gen *g)
{
	for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(g->function); b; b = LLVMGetNextBasicBlock(b)) {
		if (LLVMGetBasicBlockTerminator(b))
			continue;
		LLVMPositionBuilderAtEnd(g->b, b);
		LLVMBuildUnreachable(g->b);
	}
}

static void define(struct gen *g, struct str name)
{
	LLVMTypeRef type = LLVMFunctionType(g->i32, &g->ptr, 1, 0);

	g->function = LLVMAddFunction(g->module, name.p, type);
	LLVMSetSection(g->function, section(g).p);
	g->context_arg = LLVMGetParam(g->function, 0);
	g->scope = gen_subprogram(g, name.p, g->function, g->attach->span);
	g->entry = gen_block(g, "entry");
	LLVMPositionBuilderAtEnd(g->b, g->entry);
	gen_place(g, g->attach->span);
	g->scratch_slot = gen_alloca(g, 8, "scratch");
	g->stack = gen_alloca(g, g->stack_region ? g->stack_region : 8, "stack");
	g->stack_top = 0;
	g->scratch_used = false;
	g->typed.n = 0;
	/* A record in a perf buffer is built here too. */
	g->scratch_top = g->scratch_size = largest_record(g);
}

static void note_program(struct gen *g, struct str name)
{
	const struct unit *u = g->unit;
	struct image_program row = {
		.name = name,
		.kind = g->program_kind,
		.attach = g->attach->index,
		.n_attach = (uint32_t)u->attaches.n,
		.needs_retval = u->uses_retval,
		.btf_id = g->attach->btf_id,
	};
	VEC(struct image_param) params = { 0 };

	for (uint32_t i = 0; g->program_kind == PROGRAM_fentry && i < g->attach->n_params; i++) {
		struct image_param param = { .number = i };
		struct btf_info info;
		struct str ignored;
		uint32_t type;

		if (!(u->arg_mask & 1u << i))
			continue;
		btf_param(g->program->btf, g->attach->proto, i, &ignored, &type);
		btf_info(g->program->btf, type, &info);
		param.size = info.size;
		vec_push(g->arena, &params, param);
	}
	row.n_params = (uint32_t)params.n;
	row.params = params.v;
	vec_push(g->arena, &g->image->programs, row);
}

static void generate(struct gen *g, enum program_kind_id program_kind, const char *prefix)
{
	LLVMBasicBlockRef scratch, start;
	struct str name;

	g->program_kind = program_kind;
	map_upsert_begin_program(g);
	name = str_format(g->arena, "%.10s_%u%s", prefix, g->unit->index, program_kinds[program_kind].suffix);
	define(g, name);
	prologue(g);
	scratch = LLVMGetInsertBlock(g->b);
	start = gen_block(g, "body");
	LLVMPositionBuilderAtEnd(g->b, start);
	body(g);
	g->scratch_large = g->scratch_size > map_kinds[MAP_scratch].largest;
	if (!g->scratch_large && g->scratch_size > g->small_size)
		g->small_size = g->scratch_size;
	scratch_prologue(g, scratch, start);
	end_blocks(g);
	gen_move_rare(g);
	note_program(g, name);
	if (g->scratch_large && g->scratch_size > g->large_size)
		g->large_size = g->scratch_size;
	g->n_large += g->scratch_large;
	g->programs++;
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

	g->unit = unit;
	g->attach = unit->attaches.v[0];
	if (!both || !g->one_kind)
		generate(g, programs->plain, programs->symbol);
	if (both)
		generate(g, programs->trampoline, programs->symbol);
}
