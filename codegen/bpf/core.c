/*
 * Members of kernel structs: where they lie on the kernel that the image runs on (CO-RE).
 *
 * Each access has a struct of its own in the debug information, with the one member
 * that is accessed: that is all CO-RE needs to find it again by name.
 */
#include "codegen/bpf/core.h"

#include "analysis/field_path.h"
#include "codegen/bpf/externs.h"
#include "codegen/bpf/gen.h"
#include "codegen/llvm/build.h"
#include "codegen/llvm/debug_info.h"

#define CHAIN_LIMIT 8
#define DW_ATE_FLOAT 4

/* CO-RE compares kinds, and names of what has names. */
LLVMMetadataRef core_describe_type(struct module *m, const struct type *t)
{
	LLVMMetadataRef range;

	switch (t->form) {
	case FORM_PTR:
		return LLVMDIBuilderCreatePointerType(m->di, NULL, 64, 64, 0, "", 0);
	case FORM_BOOL:
		return describe_int(m, "_Bool", t->size, 2);
	case FORM_FLOAT:
		return describe_int(m, "double", t->size, DW_ATE_FLOAT);
	case FORM_ENUM:
		return LLVMDIBuilderCreateEnumerationType(m->di, m->cu, t->name.n ? t->name.p : "", t->name.n,
		    m->file, 0, 8ull * t->size, 8 * t->size, NULL, 0,
		    describe_int(m, "unsigned int", t->size, 7));
	case FORM_STRUCT:
		return LLVMDIBuilderCreateStructType(m->di, m->cu, t->name.n ? t->name.p : "", t->name.n,
		    m->file, 0, 8ull * t->size, 8, LLVMDIFlagZero, NULL, NULL, 0, 0, NULL, "", 0);
	case FORM_UNION:
		return LLVMDIBuilderCreateUnionType(m->di, m->cu, t->name.n ? t->name.p : "", t->name.n,
		    m->file, 0, 8ull * t->size, 8, LLVMDIFlagZero, NULL, 0, 0, "", 0);
	case FORM_ARRAY:
		range = LLVMDIBuilderGetOrCreateSubrange(m->di, 0, t->elements);
		return LLVMDIBuilderCreateArrayType(
		    m->di, 8ull * t->size, 8, core_describe_type(m, t->target), &range, 1);
	case FORM_VOID:
	case FORM_INT:
	case FORM_STRING:
	case FORM_INET:
	case FORM_TUPLE:
	case FORM_PROBE:
	case FORM_FUNC:
	case FORM_ARGS:
	case FORM_KSYM:
	case FORM_USYM:
	case FORM_KSTACK:
	case FORM_USTACK:
	case FORM_BUFFER:
	case FORM_MAC:
	case FORM_TIMESTAMP:
	case FORM_CGROUP_PATH:
	case FORM_USERNAME:
	case FORM_STRERROR:
	case FORM_STRINGS:
	case FORM_COUNT:
	case FORM_SUM:
	case FORM_AVG:
	case FORM_MIN:
	case FORM_MAX:
	case FORM_STATS:
	case FORM_HIST:
	case FORM_LHIST:
	case FORMS_:
		break;
	}
	return describe_int(m, "int", t->size ? t->size : 1, t->is_signed ? 5 : 7);
}

LLVMValueRef core_preserve(struct function *f, LLVMValueRef base, LLVMMetadataRef record, bool is_union)
{
	LLVMTypeRef both[2] = { f->m->ptr, f->m->ptr };
	LLVMValueRef args[3] = { base, gen_const32(f, 0), gen_const32(f, 0) }, call;
	LLVMTypeRef fields[1] = { f->m->i64 };
	LLVMTypeRef element = LLVMStructTypeInContext(f->m->context, fields, 1, 0);

	if (is_union) {
		args[1] = gen_const32(f, 0);
		call = gen_intrinsic(f, "llvm.preserve.union.access.index", both, 2, args, 2);
	} else {
		call = gen_intrinsic(f, "llvm.preserve.struct.access.index", both, 2, args, 3);
		unsigned kind = LLVMGetEnumAttributeKindForName("elementtype", 11);
		LLVMAddCallSiteAttribute(call, 1, LLVMCreateTypeAttribute(f->m->context, kind, element));
	}
	LLVMSetMetadata(call, LLVMGetMDKindIDInContext(f->m->context, "llvm.preserve.access.index", 26),
	    LLVMMetadataAsValue(f->m->context, record));
	return call;
}

unsigned core_run(const struct field_path *path, unsigned n)
{
	unsigned begin = n - 1;

	while (begin && n - begin < CHAIN_LIMIT && path->steps[begin - 1].member) {
		const struct type *record = path->steps[begin].member->record;

		if (record->name.n || record->defined)
			break;
		begin--;
	}
	return begin;
}

/* The preserve calls of a run of members, over base (a ptr), from the innermost member's description out. */
static LLVMValueRef run_pointer(
    struct function *f, LLVMValueRef base, const struct field_path *path, unsigned begin, unsigned end)
{
	LLVMMetadataRef inner = NULL, records[CHAIN_LIMIT];

	for (unsigned i = end; i-- > begin;) {
		const struct member *m = path->steps[i].member;
		uint64_t bits = m->bit_size ? m->bit_size : 8ull * m->type->size;

		inner = inner ? inner : core_describe_type(f->m, m->type);
		records[i - begin] = inner =
		    describe_record(f->m, m->record->name, m->record->form == FORM_UNION, m->record->size,
			m->name, m->bit_offset, bits, m->bit_size != 0, inner);
	}
	for (unsigned i = begin; i < end; i++)
		base = core_preserve(
		    f, base, records[i - begin], path->steps[i].member->record->form == FORM_UNION);
	return base;
}

static LLVMValueRef field_info(struct function *f, LLVMValueRef pointer, enum field_info info)
{
	LLVMValueRef args[2] = { pointer, gen_const(f, info) };
	LLVMValueRef v = gen_intrinsic(f, "llvm.bpf.preserve.field.info", &f->m->ptr, 1, args, 2);

	return LLVMBuildZExt(f->b, v, f->m->i64, "");
}

static LLVMValueRef null_base(struct function *f)
{
	/* Only the relocation matters; a pointer that LLVM knows nothing of keeps it from folding. */
	return f->bpf->context_arg;
}

/* Nothing is read there: the intrinsics want a field to speak of. */
static LLVMValueRef element_pointer(struct function *f, LLVMValueRef array, const struct type *t)
{
	LLVMTypeRef both[2] = { f->m->ptr, f->m->ptr };
	LLVMValueRef args[3] = { array, gen_const32(f, 1), gen_const32(f, 0) };
	LLVMValueRef call = gen_intrinsic(f, "llvm.preserve.array.access.index", both, 2, args, 3);
	unsigned kind = LLVMGetEnumAttributeKindForName("elementtype", 11);
	LLVMTypeRef type = LLVMArrayType(LLVMArrayType(f->m->i8, t->target->size), t->elements);

	LLVMAddCallSiteAttribute(call, 1, LLVMCreateTypeAttribute(f->m->context, kind, type));
	LLVMSetMetadata(call, LLVMGetMDKindIDInContext(f->m->context, "llvm.preserve.access.index", 26),
	    LLVMMetadataAsValue(f->m->context, core_describe_type(f->m, t)));
	return call;
}

/* Points to the last member of the first n steps, from nowhere: for what is asked of it. */
static LLVMValueRef member_nowhere(struct function *f, const struct field_path *path, unsigned n)
{
	return run_pointer(f, null_base(f), path, core_run(path, n), n);
}

LLVMValueRef core_field_info(struct function *f, const struct field_path *path, enum field_info info)
{
	unsigned n = path->n;
	bool is_element = field_path_is_element(path, n);
	LLVMValueRef at = member_nowhere(f, path, is_element ? n - 1 : n);

	if (is_element)
		at = element_pointer(f, at, path->steps[n - 1].from);
	return field_info(f, at, info);
}

LLVMValueRef core_stride(struct function *f, const struct type *element)
{
	if (f->g->program->portable && type_is_kernels(element))
		return extern_load(f, EXTERN_type_size, type_kernel_name(f->g->arena, element));
	/* void * counts bytes. */
	return gen_const(f, element->size ? element->size : 1);
}

LLVMValueRef core_element_address(
    struct function *f, const struct field_path *path, unsigned n, LLVMValueRef base, LLVMValueRef index)
{
	const struct field_step *step = &path->steps[n - 1];
	LLVMValueRef stride;

	if (f->g->program->portable && field_path_is_element(path, n))
		stride = field_info(
		    f, element_pointer(f, member_nowhere(f, path, n - 1), step->from), FIELD_BYTE_SIZE);
	else
		stride = core_stride(f, step->type);
	return LLVMBuildAdd(f->b, base, LLVMBuildMul(f->b, index, stride, ""), "");
}

LLVMValueRef core_member_address(
    struct function *f, const struct field_path *path, unsigned begin, unsigned n, LLVMValueRef base)
{
	const struct member *m = path->steps[n - 1].member;

	/* What the script has defined itself is laid out as it says, on every kernel. */
	if (m->record->defined)
		return LLVMBuildAdd(f->b, base, gen_const(f, m->bit_offset / 8), "");
	return LLVMBuildAdd(
	    f->b, base, field_info(f, run_pointer(f, null_base(f), path, begin, n), FIELD_BYTE_OFFSET), "");
}

LLVMValueRef core_pointer(struct function *f, const struct field_path *path, unsigned n, LLVMValueRef pointer)
{
	unsigned begin;

	if (!n)
		return pointer;
	begin = core_run(path, n);
	return run_pointer(f, core_pointer(f, path, begin, pointer), path, begin, n);
}
