/*
 * The generators of language/builtins.def: builtin_X returns a scalar's value, or writes
 * to the memory that it is given.
 */
#include "codegen/lower/builtin.h"

static LLVMValueRef no_args(struct gen *g, enum helper helper)
{
	return gen_call(g, helper, g->i64, NULL, 0);
}

static LLVMValueRef low(struct gen *g, LLVMValueRef v)
{
	return LLVMBuildAnd(g->b, v, gen_const(g, UINT32_MAX), "");
}

static LLVMValueRef high(struct gen *g, LLVMValueRef v)
{
	return LLVMBuildLShr(g->b, v, gen_const(g, 32), "");
}

LLVMValueRef builtin_pid(struct gen *g, const struct builtin_use *use)
{
	return high(g, gen_pid_tgid(g));
}

LLVMValueRef builtin_tid(struct gen *g, const struct builtin_use *use)
{
	return low(g, gen_pid_tgid(g));
}

LLVMValueRef builtin_uid(struct gen *g, const struct builtin_use *use)
{
	return low(g, no_args(g, HELPER_UID_GID));
}

LLVMValueRef builtin_gid(struct gen *g, const struct builtin_use *use)
{
	return high(g, no_args(g, HELPER_UID_GID));
}

LLVMValueRef builtin_cpu(struct gen *g, const struct builtin_use *use)
{
	return low(g, no_args(g, HELPER_CPU));
}

LLVMValueRef builtin_ncpus(struct gen *g, const struct builtin_use *use)
{
	return extern_load(g, EXTERN_ncpus, STR(""));
}

LLVMValueRef builtin_cpid(struct gen *g, const struct builtin_use *use)
{
	return extern_load(g, EXTERN_cpid, STR(""));
}

LLVMValueRef builtin_numaid(struct gen *g, const struct builtin_use *use)
{
	return low(g, no_args(g, HELPER_NUMA_NODE));
}

LLVMValueRef builtin_rand(struct gen *g, const struct builtin_use *use)
{
	return low(g, no_args(g, HELPER_PRANDOM));
}

LLVMValueRef builtin_cgroup(struct gen *g, const struct builtin_use *use)
{
	return no_args(g, HELPER_CGROUP_ID);
}

LLVMValueRef builtin_cgroupid(struct gen *g, const struct builtin_use *use)
{
	return extern_load(g, EXTERN_cgroupid, use->call->text);
}

LLVMValueRef builtin_kaddr(struct gen *g, const struct builtin_use *use)
{
	return extern_load(g, EXTERN_kaddr, use->call->text);
}

LLVMValueRef builtin_uaddr(struct gen *g, const struct builtin_use *use)
{
	return extern_load(g, EXTERN_uaddr, use->call->text);
}

LLVMValueRef builtin_getopt(struct gen *g, const struct builtin_use *use)
{
	return param_load(g, use->call->number, use->node->type, use->to);
}

LLVMValueRef builtin_exists(struct gen *g, const struct builtin_use *use)
{
	return extern_load(g, EXTERN_func_exists, use->call->text);
}

/* The argument, of another type. */
LLVMValueRef builtin_same(struct gen *g, const struct builtin_use *use)
{
	return gen_value(g, use->args);
}

LLVMValueRef builtin_strftime(struct gen *g, const struct builtin_use *use)
{
	return gen_value(g, use->args->next);
}

LLVMValueRef builtin_signal(struct gen *g, const struct builtin_use *use)
{
	LLVMValueRef arg = LLVMBuildTrunc(g->b, gen_value(g, use->args), g->i32, "");

	loss_count_failure(
	    g, gen_call(g, HELPER_SEND_SIGNAL, g->i64, &arg, 1), LOSS_helper, IMAGE_NONE, use->node->span);
	return NULL;
}

LLVMValueRef builtin_override(struct gen *g, const struct builtin_use *use)
{
	LLVMValueRef args[2] = { g->context_arg, gen_value(g, use->args) };

	gen_call(g, HELPER_OVERRIDE, g->i64, args, 2);
	return NULL;
}

LLVMValueRef builtin_nsecs(struct gen *g, const struct builtin_use *use)
{
	return no_args(g, HELPER_KTIME_BOOT);
}

LLVMValueRef builtin_elapsed(struct gen *g, const struct builtin_use *use)
{
	return LLVMBuildSub(g->b, no_args(g, HELPER_KTIME), extern_load(g, EXTERN_start_time, STR("")), "");
}

LLVMValueRef builtin_curtask(struct gen *g, const struct builtin_use *use)
{
	return g->btf_loads ? btf_load_task(g, use->node->type) : no_args(g, HELPER_CURRENT_TASK);
}

LLVMValueRef builtin_comm(struct gen *g, const struct builtin_use *use)
{
	LLVMValueRef args[2] = { use->to, gen_const32(g, use->node->type->size) };

	gen_call(g, HELPER_COMM, g->i64, args, 2);
	return NULL;
}

/* args is only a place to find members in (core.c). */
LLVMValueRef builtin_args(struct gen *g, const struct builtin_use *use)
{
	return gen_const(g, 0);
}

LLVMValueRef builtin_bswap(struct gen *g, const struct builtin_use *use)
{
	uint32_t size = use->args->type->size;
	LLVMValueRef v = gen_value(g, use->args);
	LLVMTypeRef narrow = gen_int_type(g, size);

	if (size < 8)
		v = LLVMBuildTrunc(g->b, v, narrow, "");
	if (size > 1)
		v = gen_intrinsic(g, "llvm.bswap", &narrow, 1, &v, 1);
	return size < 8 ? LLVMBuildZExt(g->b, v, g->i64, "") : v;
}

LLVMValueRef builtin_delete(struct gen *g, const struct builtin_use *use)
{
	struct node *element = use->call->element ? use->call->element : use->args;
	LLVMValueRef args[2] = { g->maps.v[element->map.map->index], gen_key(g, element) };

	gen_place(g, use->node->span);
	gen_call(g, HELPER_MAP_DELETE, g->i64, args, 2);
	load_cse_forget(g, element->map.map);
	return NULL;
}

LLVMValueRef builtin_event(struct gen *g, const struct builtin_use *use)
{
	event_call(g, use->node);
	return NULL;
}

LLVMValueRef builtin_exit(struct gen *g, const struct builtin_use *use)
{
	event_call(g, use->node);
	gen_return(g);
	return NULL;
}

static builtin_generator *const generators[] = {
#define BUILTIN(name, forms, signature, where, rule, generator, event) [BUILTIN_##name] = generator,
#include "language/builtins.def"
#undef BUILTIN
};

LLVMValueRef builtin_value(struct gen *g, struct node *node, LLVMValueRef to)
{
	bool is_call = node->kind == NODE_CALL;
	struct builtin_use use = {
		.node = node,
		.call = is_call ? node->call.call : node->ident.call,
		.args = is_call ? node->call.args : NULL,
		.to = to,
	};

	if (use.call->is_arg)
		return gen_argument(g, use.call);
	return generators[use.call->builtin](g, &use);
}
