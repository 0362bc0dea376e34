/*
 * The generators of base/builtins.def: gen_X returns a scalar's value, or writes
 * to the memory that it is given.
 */
#include "codegen/gen.h"

#include <string.h>

#include "image/hist.h"

struct builtin_use {
	struct node *node;
	struct call *call;
	struct node *args; /* list; NULL for a variable */
	LLVMValueRef to;
};

typedef LLVMValueRef builtin_generator(struct gen *g, const struct builtin_use *use);

#define BUILTIN(name, forms, signature, where, rule, generator, event) static builtin_generator generator;
#define gen_event gen_event_call
#include "base/builtins.def"
#undef BUILTIN

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

static LLVMValueRef gen_pid(struct gen *g, const struct builtin_use *use)
{
	return high(g, no_args(g, HELPER_PID_TGID));
}

static LLVMValueRef gen_tid(struct gen *g, const struct builtin_use *use)
{
	return low(g, no_args(g, HELPER_PID_TGID));
}

static LLVMValueRef gen_uid(struct gen *g, const struct builtin_use *use)
{
	return low(g, no_args(g, HELPER_UID_GID));
}

static LLVMValueRef gen_gid(struct gen *g, const struct builtin_use *use)
{
	return high(g, no_args(g, HELPER_UID_GID));
}

static LLVMValueRef gen_cpu(struct gen *g, const struct builtin_use *use)
{
	return low(g, no_args(g, HELPER_CPU));
}

static LLVMValueRef gen_ncpus(struct gen *g, const struct builtin_use *use)
{
	return slot_load(g, SLOT_ncpus, STR(""));
}

static LLVMValueRef gen_nsecs(struct gen *g, const struct builtin_use *use)
{
	return no_args(g, HELPER_KTIME_BOOT);
}

static LLVMValueRef gen_elapsed(struct gen *g, const struct builtin_use *use)
{
	return LLVMBuildSub(g->b, no_args(g, HELPER_KTIME), slot_load(g, SLOT_start_time, STR("")), "");
}

static LLVMValueRef gen_curtask(struct gen *g, const struct builtin_use *use)
{
	return no_args(g, HELPER_CURRENT_TASK);
}

static LLVMValueRef gen_comm(struct gen *g, const struct builtin_use *use)
{
	LLVMValueRef args[2] = { use->to, gen_const32(g, use->node->type->size) };

	gen_call(g, HELPER_COMM, g->i64, args, 2);
	return NULL;
}

/* args is only a place to find members in (core.c). */
static LLVMValueRef gen_args(struct gen *g, const struct builtin_use *use)
{
	return gen_const(g, 0);
}

/* A register of the context's struct pt_regs (x86-64: arch/x86/include/asm/ptrace.h). */
static LLVMValueRef gen_register(struct gen *g, unsigned offset)
{
	LLVMValueRef v = LLVMBuildLoad2(g->b, g->i64, gen_offset(g, g->context_arg, offset), "");

	LLVMSetVolatile(v, 1);
	return v;
}

static LLVMValueRef from_helper(struct gen *g, enum helper helper, LLVMValueRef number)
{
	uint32_t top = g->stack_top;
	LLVMValueRef slot = gen_temporary(g, 8), args[3] = { g->context_arg, number ? number : slot, slot };

	gen_call(g, helper, g->i64, args, number ? 3 : 2);
	g->stack_top = top;
	return gen_load64(g, slot);
}

static LLVMValueRef gen_retval(struct gen *g, const struct builtin_use *use)
{
	const struct type *type = use->node->type;
	LLVMValueRef v;

	if (g->form == IMAGE_KRETPROBE)
		return gen_register(g, 80); /* rax */
	v = from_helper(g, HELPER_FUNC_RET, NULL);
	if (type->size == 8)
		return v;
	v = LLVMBuildTrunc(g->b, v, gen_int_type(g, type->size), "");
	return type->is_signed ? LLVMBuildSExt(g->b, v, g->i64, "") : LLVMBuildZExt(g->b, v, g->i64, "");
}

/* The size of a parameter; 0 when BTF does not know it. */
static uint32_t param_size(struct gen *g, uint32_t number)
{
	struct btf_info info;
	struct str name;
	uint32_t type;

	if (!g->attach->in_btf || number >= g->attach->n_params)
		return 0;
	btf_param(g->program->btf, g->attach->proto, number, &name, &type);
	btf_info(g->program->btf, type, &info);
	return info.size;
}

static LLVMValueRef gen_argn(struct gen *g, uint32_t number)
{
	/* rdi rsi rdx rcx r8 r9 */
	static const unsigned offsets[] = { 112, 104, 96, 88, 72, 64 };
	uint32_t size;
	LLVMValueRef v;

	if (g->form == IMAGE_KPROBE)
		return gen_register(g, offsets[number]);
	v = from_helper(g, HELPER_FUNC_ARG, gen_const32(g, number));
	size = param_size(g, number);
	/* 6.1's trampoline stores only the bytes of the parameter. */
	if (size < 8)
		v = LLVMBuildZExt(g->b, LLVMBuildTrunc(g->b, v, gen_int_type(g, size), ""), g->i64, "");
	return v;
}

/* The target's id: known here, unless a pattern stands for many of them. */
static LLVMValueRef gen_target(struct gen *g)
{
	if (g->attach->glob)
		return gen_call(g, HELPER_ATTACH_COOKIE, g->i64, &g->context_arg, 1);
	return gen_const(g, (uint64_t)g->attach->index << 32);
}

static LLVMValueRef gen_func(struct gen *g, const struct builtin_use *use)
{
	return gen_target(g);
}

static LLVMValueRef gen_probe(struct gen *g, const struct builtin_use *use)
{
	return gen_target(g);
}

static enum address_space string_space(const struct node *address)
{
	return address->type->form == FORM_PTR     ? address->type->space
	       : address->type->form == FORM_ARRAY ? core_space(address)
						   : SPACE_ANY;
}

static LLVMValueRef minimum(struct gen *g, LLVMValueRef a, LLVMValueRef b)
{
	return LLVMBuildSelect(g->b, LLVMBuildICmp(g->b, LLVMIntULT, a, b, ""), a, b, "");
}

/* The length that a string may have, its NUL included. */
static LLVMValueRef string_limit(struct gen *g, const struct node *node, struct node *length)
{
	LLVMValueRef most = gen_const(g, node->type->size);

	if (!length)
		return most;
	return minimum(g, LLVMBuildAdd(g->b, gen_value(g, length), gen_const(g, 1), ""), most);
}

/* A string that filled its room: was there more of it? Only then is one more byte read. */
static void count_cut(struct gen *g, struct node *node, LLVMValueRef from, LLVMValueRef result)
{
	LLVMValueRef last, full, size = gen_const(g, node->type->size);
	LLVMBasicBlockRef after, inner;

	full = LLVMBuildICmp(g->b, LLVMIntEQ, result, size, "");
	gen_if(g, full, &after, "full");
	last = gen_temporary(g, 8);
	gen_store64(g, last, gen_const(g, 0));
	core_read(g, string_space(node->call.args), last, 1,
	    LLVMBuildAdd(g->b, from, gen_const(g, node->type->size - 1), ""), node->span);
	gen_if(g, LLVMBuildICmp(g->b, LLVMIntNE, gen_load64(g, last), gen_const(g, 0), ""), &inner, "cut");
	count_loss(g, COUNTER_TRUNCATED, IMAGE_NONE, node->span);
	gen_go(g, inner);
	gen_go(g, after);
}

LLVMValueRef gen_string_result(struct gen *g, struct node *node, LLVMValueRef to)
{
	struct node *address = node->call.args;
	LLVMValueRef from, limit, result;

	if (node->kind != NODE_CALL)
		return NULL;
	from = address->type->form == FORM_ARRAY ? core_address(g, address) : gen_value(g, address);
	limit = string_limit(g, node, address->next);
	result = core_read_string(g, string_space(address), to, limit, from);
	count_failure(g, result, COUNTER_READ_FAULT, IMAGE_NONE, node->span);
	if (!address->next)
		count_cut(g, node, from, result);
	return result;
}

static LLVMValueRef gen_str(struct gen *g, const struct builtin_use *use)
{
	if (use->args->kind == NODE_STRING)
		gen_value_to(g, use->args, use->to, use->node->type);
	else
		gen_string_result(g, use->node, use->to);
	return NULL;
}

static void inet_family(struct gen *g, LLVMValueRef to, LLVMValueRef family)
{
	LLVMBuildStore(g->b, LLVMBuildTrunc(g->b, family, g->i32, ""), to);
}

static LLVMValueRef gen_ntop(struct gen *g, const struct builtin_use *use)
{
	struct node *family = use->args->next ? use->args : NULL,
		    *address = family ? family->next : use->args;
	bool number = type_is_integer(address->type);
	uint32_t size = number ? 4 : address->type->size;
	LLVMValueRef value = number ? gen_value(g, address) : NULL, bytes = gen_offset(g, use->to, 4);

	gen_zero(g, use->to, sizeof(struct inet_value));
	inet_family(g, use->to, family ? gen_value(g, family) : gen_const(g, size == 4 ? 2 : 10));
	if (number)
		LLVMBuildStore(g->b, LLVMBuildTrunc(g->b, value, g->i32, ""), bytes);
	else
		gen_value_to(g, address, bytes, address->type);
	return NULL;
}

static LLVMValueRef gen_bswap(struct gen *g, const struct builtin_use *use)
{
	uint32_t size = use->args->type->size;
	LLVMValueRef v = gen_value(g, use->args);
	LLVMTypeRef narrow = gen_int_type(g, size);

	if (size == 1)
		return v;
	if (size < 8)
		v = LLVMBuildTrunc(g->b, v, narrow, "");
	v = gen_intrinsic(g, "llvm.bswap", &narrow, 1, &v, 1);
	return size < 8 ? LLVMBuildZExt(g->b, v, g->i64, "") : v;
}

static LLVMValueRef gen_exists(struct gen *g, const struct builtin_use *use)
{
	return slot_load(g, SLOT_func_exists, use->call->text);
}

static LLVMValueRef gen_count(struct gen *g, const struct builtin_use *use)
{
	return gen_add_to_element(g, use->call->element, gen_const(g, 1));
}

/* The number of the highest bit of v, which is not 0: halves the range five times. */
static LLVMValueRef highest_bit(struct gen *g, LLVMValueRef v)
{
	LLVMValueRef bit = gen_const(g, 0);

	for (unsigned step = 32; step; step /= 2) {
		LLVMValueRef up = LLVMBuildICmp(g->b, LLVMIntUGE, v, gen_const(g, 1ull << step), "");

		bit = LLVMBuildAdd(
		    g->b, bit, LLVMBuildSelect(g->b, up, gen_const(g, step), gen_const(g, 0), ""), "");
		v = LLVMBuildSelect(g->b, up, LLVMBuildLShr(g->b, v, gen_const(g, step), ""), v, "");
	}
	return bit;
}

/* image/hist.h's hist_bucket(), as code: what is below 2^bits is shifted by 0. */
static LLVMValueRef bucket(struct gen *g, LLVMValueRef v, uint32_t bits)
{
	LLVMValueRef power = highest_bit(g, v), width = gen_const(g, bits), shift, part, number, small;

	small = LLVMBuildICmp(g->b, LLVMIntULT, power, width, "");
	shift = LLVMBuildSelect(g->b, small, gen_const(g, 0), LLVMBuildSub(g->b, power, width, ""), "");
	part = LLVMBuildLShr(g->b, v, LLVMBuildAnd(g->b, shift, gen_const(g, 63), ""), "");
	number = LLVMBuildAdd(g->b, LLVMBuildShl(g->b, shift, width, ""), part, "");
	number = LLVMBuildAdd(g->b, number, gen_const(g, 1), "");
	return LLVMBuildSelect(
	    g->b, LLVMBuildICmp(g->b, LLVMIntSLT, v, gen_const(g, 0), ""), gen_const(g, 0), number, "");
}

static LLVMValueRef gen_hist(struct gen *g, const struct builtin_use *use)
{
	struct node *element = use->call->element;
	const struct type *type = element->map.map->value;
	uint32_t buckets = hist_buckets(type->hist_bits);
	LLVMValueRef number = bucket(g, gen_value(g, use->args), type->hist_bits), offset, fits;
	LLVMBasicBlockRef after;

	offset = gen_opaque(g, LLVMBuildShl(g->b, number, gen_const(g, 3), ""));
	/* Always true; it tells the verifier the bound. */
	fits = LLVMBuildICmp(g->b, LLVMIntULE, offset, gen_const(g, 8 * (buckets - 1)), "");
	gen_if(g, fits, &after, "bounded");
	gen_add_to_bucket(g, element, offset, buckets * 8);
	gen_go(g, after);
	return NULL;
}

static LLVMValueRef gen_delete(struct gen *g, const struct builtin_use *use)
{
	struct node *element = use->call->element ? use->call->element : use->args;
	LLVMValueRef args[2] = { g->maps.v[element->map.map->index], gen_key(g, element) };

	gen_place(g, use->node->span);
	gen_call(g, HELPER_MAP_DELETE, g->i64, args, 2);
	return NULL;
}

static LLVMValueRef gen_event_call(struct gen *g, const struct builtin_use *use)
{
	event_call(g, use->node);
	return NULL;
}

static LLVMValueRef gen_exit(struct gen *g, const struct builtin_use *use)
{
	event_call(g, use->node);
	gen_return(g);
	return NULL;
}

static builtin_generator *const generators[] = {
#define BUILTIN(name, forms, signature, where, rule, generator, event) [BUILTIN_##name] = generator,
#include "base/builtins.def"
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
		return gen_argn(g, use.call->number);
	return generators[use.call->builtin](g, &use);
}
