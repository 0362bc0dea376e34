/*
 * A unit becomes a function for each kind of program that can serve it.
 */
#include "codegen/gen.h"

static const char *const kind_suffix[IMAGE_PROGRAM_KINDS_] = {
	[IMAGE_RUN] = "",
	[IMAGE_KPROBE] = "",
	[IMAGE_KRETPROBE] = "",
	[IMAGE_FENTRY] = "f",
	[IMAGE_FEXIT] = "f",
	[IMAGE_TRACEPOINT] = "",
	[IMAGE_TIMER] = "",
	[IMAGE_PERF] = "",
	[IMAGE_UPROBE] = "",
	[IMAGE_URETPROBE] = "",
	[IMAGE_USDT] = "",
	[IMAGE_RAW] = "",
	[IMAGE_ITER] = "",
};

/* Section names of which libbpf knows the program type. */
static struct str section(struct gen *g)
{
	const struct attach *a = g->attach;

	switch (g->program_kind) {
	case IMAGE_RUN:
		return STR("raw_tp/btrun");
	case IMAGE_KPROBE:
		return str_format(g->arena, "kprobe/%.*s", STR_ARG(a->function));
	case IMAGE_KRETPROBE:
		return str_format(g->arena, "kretprobe/%.*s", STR_ARG(a->function));
	case IMAGE_FENTRY:
		return str_format(g->arena, "fentry/%.*s", STR_ARG(a->function));
	case IMAGE_FEXIT:
		return str_format(g->arena, "fexit/%.*s", STR_ARG(a->function));
	case IMAGE_TRACEPOINT:
		return str_format(g->arena, "tracepoint/%.*s/%.*s", STR_ARG(a->category), STR_ARG(a->event));
	case IMAGE_UPROBE:
	case IMAGE_USDT:
		return STR("uprobe");
	case IMAGE_URETPROBE:
		return STR("uretprobe");
	case IMAGE_RAW:
		return str_format(g->arena, "raw_tp/%.*s", STR_ARG(a->event));
	case IMAGE_ITER:
		return str_format(g->arena, "iter/%.*s", STR_ARG(a->event));
	case IMAGE_TIMER:
	case IMAGE_PERF:
	case IMAGE_PROGRAM_KINDS_:
		break;
	}
	return STR("perf_event");
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

	if (g->program_kind == IMAGE_ITER)
		skip_the_end(g);
	/* A pinned one runs when there is no tracer. */
	if (g->program_kind == IMAGE_RUN || g->unit->pinned)
		return;
	gen_if_rare(g, is_zero(g, gen_volatile(g, g->i32, g->enabled)), &rare, "not_enabled");
	loss_count(g, COUNTER_OUTSIDE, IMAGE_NONE, g->attach->span);
	LLVMBuildRet(g->b, gen_const32(g, 0));
	gen_end_rare(g, &rare);
	if (g->program_kind == IMAGE_TIMER || g->program_kind == IMAGE_ITER)
		return;
	wanted = extern_load(g, EXTERN_pid, STR(""));
	gen_if(g, LLVMBuildNot(g->b, is_zero(g, wanted), ""), &after, "filter");
	pid = LLVMBuildLShr(g->b, ask_ids(g), gen_const(g, 32), "");
	return_if(g, LLVMBuildICmp(g->b, LLVMIntNE, pid, wanted, ""), "other");
	gen_go(g, after);
}

/* Of a per-CPU map's value: include/linux/percpu.h, PCPU_MIN_UNIT_SIZE. */
#define SCRATCH_LIMIT (32 << 10)

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

	for (uint32_t i = 0; g->program_kind == IMAGE_FENTRY && i < g->attach->n_params; i++) {
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

static void generate(struct gen *g, enum image_program_kind program_kind, const char *prefix)
{
	LLVMBasicBlockRef scratch, start;
	struct str name;

	g->program_kind = program_kind;
	map_upsert_begin_program(g);
	name = str_format(g->arena, "%.10s_%u%s", prefix, g->unit->index, kind_suffix[program_kind]);
	define(g, name);
	prologue(g);
	scratch = LLVMGetInsertBlock(g->b);
	start = gen_block(g, "body");
	LLVMPositionBuilderAtEnd(g->b, start);
	body(g);
	g->scratch_large = g->scratch_size > SCRATCH_LIMIT;
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

#define NO_KIND IMAGE_PROGRAM_KINDS_

/* The program kinds of each probe type; the second one only where trampoline() allows it. */
static const struct {
	const char *name;
	enum image_program_kind plain, trampoline;
} probe_kinds[PROBE_N_] = {
	[PROBE_begin] = { "begin", IMAGE_RUN, NO_KIND },
	[PROBE_end] = { "end", IMAGE_RUN, NO_KIND },
	[PROBE_kprobe] = { "kprobe", IMAGE_KPROBE, IMAGE_FENTRY },
	[PROBE_kretprobe] = { "kretprobe", IMAGE_KRETPROBE, IMAGE_FEXIT },
	[PROBE_fentry] = { "fentry", IMAGE_FENTRY, NO_KIND },
	[PROBE_fexit] = { "fexit", IMAGE_FEXIT, NO_KIND },
	[PROBE_tracepoint] = { "tracepoint", IMAGE_TRACEPOINT, NO_KIND },
	[PROBE_interval] = { "interval", IMAGE_TIMER, NO_KIND },
	[PROBE_profile] = { "profile", IMAGE_PERF, NO_KIND },
	[PROBE_software] = { "software", IMAGE_PERF, NO_KIND },
	[PROBE_hardware] = { "hardware", IMAGE_PERF, NO_KIND },
	[PROBE_watchpoint] = { "watchpoint", IMAGE_PERF, NO_KIND },
	[PROBE_asyncwatchpoint] = { "watchpoint", IMAGE_PERF, NO_KIND },
	[PROBE_uprobe] = { "uprobe", IMAGE_UPROBE, NO_KIND },
	[PROBE_uretprobe] = { "uretprobe", IMAGE_URETPROBE, NO_KIND },
	[PROBE_usdt] = { "usdt", IMAGE_USDT, NO_KIND },
	[PROBE_rawtracepoint] = { "rawtp", IMAGE_RAW, NO_KIND },
	[PROBE_iter] = { "iter", IMAGE_ITER, NO_KIND },
};

void unit_generate(struct gen *g, const struct unit *unit)
{
	bool both = probe_kinds[unit->probe].trampoline != NO_KIND && trampoline(unit);

	g->unit = unit;
	g->attach = unit->attaches.v[0];
	if (!both || !g->one_kind)
		generate(g, probe_kinds[unit->probe].plain, probe_kinds[unit->probe].name);
	if (both)
		generate(g, probe_kinds[unit->probe].trampoline, probe_kinds[unit->probe].name);
}
