#include "codegen/bpf/percpu.h"

#include "codegen/bpf/divide.h"
#include "codegen/bpf/externs.h"
#include "codegen/bpf/helpers.h"
#include "codegen/bpf/memory.h"
#include "codegen/llvm/blocks.h"

static void add_to(struct function *f, LLVMValueRef sum, LLVMValueRef by)
{
	gen_store64(f, sum, LLVMBuildAdd(f->b, gen_load64(f, sum), by, ""));
}

/* One CPU's value into what the CPUs before it have given. */
static void merge(
    struct function *f, const struct type *type, LLVMValueRef total, LLVMValueRef n, LLVMValueRef at)
{
	LLVMValueRef v = gen_load64(f, at), more, set;
	bool least = type->form == FORM_MIN;
	LLVMIntPredicate better =
	    least ? (type->is_signed ? LLVMIntSLT : LLVMIntULT) : (type->is_signed ? LLVMIntSGT : LLVMIntUGT);

	if (type->form == FORM_COUNT || type->form == FORM_SUM) {
		add_to(f, total, v);
		return;
	}
	more = gen_load64(f, gen_offset(f, at, 8));
	if (type->form == FORM_AVG) {
		add_to(f, total, v);
		add_to(f, n, more);
		return;
	}
	set = LLVMBuildICmp(f->b, LLVMIntNE, more, gen_const(f, 0), "");
	more = LLVMBuildOr(f->b, LLVMBuildICmp(f->b, LLVMIntEQ, gen_load64(f, n), gen_const(f, 0), ""),
	    LLVMBuildICmp(f->b, better, v, gen_load64(f, total), ""), "");
	set = LLVMBuildAnd(f->b, set, more, "");
	gen_store64(f, total, LLVMBuildSelect(f->b, set, v, gen_load64(f, total), ""));
	gen_store64(f, n, LLVMBuildSelect(f->b, set, gen_const(f, 1), gen_load64(f, n), ""));
}

/* The number that an aggregation has over all CPUs (bpf_map_lookup_percpu_elem(): Linux 5.19). */
LLVMValueRef gen_aggregate_value(struct function *f, const struct type *type, LLVMValueRef map_and_key[2])
{
	LLVMBasicBlockRef head = gen_block(f, "cpus"), body = gen_block(f, "cpu"),
			  after = gen_block(f, "after"), absent;
	LLVMValueRef total = gen_alloca(f, 8, "total"), n = gen_alloca(f, 8, "n"),
		     cpu = gen_alloca(f, 8, "cpu");
	LLVMValueRef args[3] = { map_and_key[0], map_and_key[1] }, at, i,
		     cpus = extern_load(f, EXTERN_ncpus, STR(""));

	gen_store64(f, total, gen_const(f, 0));
	gen_store64(f, n, gen_const(f, 0));
	gen_store64(f, cpu, gen_const(f, 0));
	gen_go(f, head);
	i = gen_load64(f, cpu);
	LLVMBuildCondBr(f->b, LLVMBuildICmp(f->b, LLVMIntULT, i, cpus, ""), body, after);
	LLVMPositionBuilderAtEnd(f->b, body);
	args[2] = LLVMBuildTrunc(f->b, i, f->m->i32, "");
	at = gen_call(f, BPF_FUNC_map_lookup_percpu_elem, f->m->ptr, args, 3);
	gen_store64(f, cpu, LLVMBuildAdd(f->b, i, gen_const(f, 1), ""));
	gen_if(f, LLVMBuildIsNotNull(f->b, at, ""), &absent, "present");
	merge(f, type, total, n, at);
	gen_go(f, absent);
	LLVMBuildBr(f->b, head);
	LLVMPositionBuilderAtEnd(f->b, after);
	if (type->form != FORM_AVG)
		return gen_load64(f, total);
	return gen_divide(f, gen_load64(f, total), gen_load64(f, n), false, type->is_signed);
}
