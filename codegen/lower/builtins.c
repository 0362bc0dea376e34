/*
 * The generators of language/builtins.def: builtin_X returns a scalar's value, or writes
 * to the memory that it is given.
 */
#include "codegen/bpf/bss.h"
#include "codegen/bpf/btf_load.h"
#include "codegen/bpf/context.h"
#include "codegen/bpf/externs.h"
#include "codegen/bpf/generations.h"
#include "codegen/bpf/helpers.h"
#include "codegen/bpf/ids.h"
#include "codegen/bpf/loss_counters.h"
#include "codegen/lower/assign.h"
#include "codegen/lower/builtin.h"
#include "codegen/lower/events.h"
#include "codegen/lower/expr.h"
#include "codegen/lower/load_cse.h"
#include "codegen/lower/stmt.h"

static LLVMValueRef no_args(struct function *f, enum bpf_func_id helper)
{
	return gen_call(f, helper, f->m->i64, NULL, 0);
}

static LLVMValueRef low(struct function *f, LLVMValueRef v)
{
	return LLVMBuildAnd(f->b, v, gen_const(f, UINT32_MAX), "");
}

static LLVMValueRef high(struct function *f, LLVMValueRef v)
{
	return LLVMBuildLShr(f->b, v, gen_const(f, 32), "");
}

LLVMValueRef builtin_pid(struct function *f, const struct builtin_use *use)
{
	return high(f, gen_pid_tgid(f));
}

LLVMValueRef builtin_tid(struct function *f, const struct builtin_use *use)
{
	return low(f, gen_pid_tgid(f));
}

LLVMValueRef builtin_uid(struct function *f, const struct builtin_use *use)
{
	return low(f, no_args(f, BPF_FUNC_get_current_uid_gid));
}

LLVMValueRef builtin_gid(struct function *f, const struct builtin_use *use)
{
	return high(f, no_args(f, BPF_FUNC_get_current_uid_gid));
}

LLVMValueRef builtin_cpu(struct function *f, const struct builtin_use *use)
{
	return low(f, no_args(f, BPF_FUNC_get_smp_processor_id));
}

LLVMValueRef builtin_ncpus(struct function *f, const struct builtin_use *use)
{
	return extern_load(f, EXTERN_ncpus, STR(""));
}

LLVMValueRef builtin_cpid(struct function *f, const struct builtin_use *use)
{
	return extern_load(f, EXTERN_cpid, STR(""));
}

LLVMValueRef builtin_numaid(struct function *f, const struct builtin_use *use)
{
	return low(f, no_args(f, BPF_FUNC_get_numa_node_id));
}

LLVMValueRef builtin_rand(struct function *f, const struct builtin_use *use)
{
	return low(f, no_args(f, BPF_FUNC_get_prandom_u32));
}

LLVMValueRef builtin_cgroup(struct function *f, const struct builtin_use *use)
{
	return no_args(f, BPF_FUNC_get_current_cgroup_id);
}

LLVMValueRef builtin_cgroupid(struct function *f, const struct builtin_use *use)
{
	return extern_load(f, EXTERN_cgroupid, use->call->text);
}

LLVMValueRef builtin_kaddr(struct function *f, const struct builtin_use *use)
{
	return extern_load(f, EXTERN_kaddr, use->call->text);
}

/* The least that there is. */
#define PAGE 4096

/* Returns the address that the file has for where the probe is, or NULL: a pattern stands for many. */
static LLVMValueRef place_in_file(struct function *f, const struct attach *a)
{
	LLVMValueRef function;

	if (a->probe != PROBE_uprobe || a->glob)
		return NULL;
	if (!a->function.n)
		return gen_const(f, a->address);
	function = extern_load(
	    f, EXTERN_uaddr, str_format(f->g->arena, "%.*s:%.*s", STR_ARG(a->binary), STR_ARG(a->function)));
	return LLVMBuildAdd(f->b, function, gen_const(f, a->offset), "");
}

/* A symbol lies as far from the probe in the process as in the file. That many bytes are whole pages, else
 * the probe is elsewhere, on another function of that name. */
LLVMValueRef builtin_uaddr(struct function *f, const struct builtin_use *use)
{
	LLVMValueRef symbol = extern_load(f, EXTERN_uaddr, use->call->text), moved, is_whole;
	LLVMValueRef place = place_in_file(f, f->bpf->attach);

	if (!place)
		return symbol;
	moved = LLVMBuildSub(f->b, context_register(f, f->g->program->arch->program_counter), place, "");
	is_whole = LLVMBuildICmp(
	    f->b, LLVMIntEQ, LLVMBuildAnd(f->b, moved, gen_const(f, PAGE - 1), ""), gen_const(f, 0), "");
	return LLVMBuildAdd(f->b, symbol, LLVMBuildSelect(f->b, is_whole, moved, gen_const(f, 0), ""), "");
}

LLVMValueRef builtin_getopt(struct function *f, const struct builtin_use *use)
{
	return param_load(f, use->call->number, use->node->type, use->to);
}

LLVMValueRef builtin_exists(struct function *f, const struct builtin_use *use)
{
	return extern_load(f, EXTERN_func_exists, use->call->text);
}

/* The argument, of another type. */
LLVMValueRef builtin_same(struct function *f, const struct builtin_use *use)
{
	return gen_value(f, use->args);
}

LLVMValueRef builtin_strftime(struct function *f, const struct builtin_use *use)
{
	return gen_value(f, use->args->next);
}

LLVMValueRef builtin_signal(struct function *f, const struct builtin_use *use)
{
	LLVMValueRef arg = LLVMBuildTrunc(f->b, gen_value(f, use->args), f->m->i32, "");

	loss_count_failure(f, gen_call(f, BPF_FUNC_send_signal, f->m->i64, &arg, 1), LOSS_helper, IMAGE_NONE,
	    use->node->span);
	return NULL;
}

LLVMValueRef builtin_override(struct function *f, const struct builtin_use *use)
{
	LLVMValueRef args[2] = { f->bpf->context_arg, gen_value(f, use->args) };

	gen_call(f, BPF_FUNC_override_return, f->m->i64, args, 2);
	return NULL;
}

LLVMValueRef builtin_nsecs(struct function *f, const struct builtin_use *use)
{
	return no_args(f, BPF_FUNC_ktime_get_boot_ns);
}

LLVMValueRef builtin_elapsed(struct function *f, const struct builtin_use *use)
{
	return LLVMBuildSub(
	    f->b, no_args(f, BPF_FUNC_ktime_get_ns), extern_load(f, EXTERN_start_time, STR("")), "");
}

LLVMValueRef builtin_curtask(struct function *f, const struct builtin_use *use)
{
	return f->g->btf_loads ? btf_load_task(f, use->node->type) : no_args(f, BPF_FUNC_get_current_task);
}

LLVMValueRef builtin_comm(struct function *f, const struct builtin_use *use)
{
	LLVMValueRef args[2] = { use->to, gen_const32(f, use->node->type->size) };

	gen_call(f, BPF_FUNC_get_current_comm, f->m->i64, args, 2);
	return NULL;
}

/* args is only a place to find members in (core.c). */
LLVMValueRef builtin_args(struct function *f, const struct builtin_use *use)
{
	return gen_const(f, 0);
}

LLVMValueRef builtin_bswap(struct function *f, const struct builtin_use *use)
{
	uint32_t size = use->args->type->size;
	LLVMValueRef v = gen_value(f, use->args);
	LLVMTypeRef narrow = gen_int_type(f, size);

	if (size < 8)
		v = LLVMBuildTrunc(f->b, v, narrow, "");
	if (size > 1)
		v = gen_intrinsic(f, "llvm.bswap", &narrow, 1, &v, 1);
	return size < 8 ? LLVMBuildZExt(f->b, v, f->m->i64, "") : v;
}

LLVMValueRef builtin_delete(struct function *f, const struct builtin_use *use)
{
	struct node *element = use->call->element ? use->call->element : use->args;
	LLVMValueRef args[2] = { NULL, gen_key(f, element) };

	gen_place(f, use->node->span);
	map_call(f, BPF_FUNC_map_delete_elem, f->m->i64, element->map.map, NULL, args, 2);
	load_cse_forget(f, element->map.map);
	return NULL;
}

LLVMValueRef builtin_exit(struct function *f, const struct builtin_use *use)
{
	bss_exit(f, use->args ? gen_value(f, use->args) : gen_const(f, 0));
	event_call(f, use->node);
	gen_return(f);
	return NULL;
}
