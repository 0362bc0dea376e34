#include "codegen/bpf/subprogram.h"

#include "codegen/bpf/gen.h"
#include "codegen/llvm/debug_info.h"

#define GLOBAL_ARGUMENTS 5

static const struct span nowhere = { 0, 0 };

LLVMMetadataRef subprogram_describe(
    struct module *m, const char *name, LLVMValueRef function, struct span span)
{
	LLVMMetadataRef integer = describe_int(m, "int", 4, DWARF_SIGNED);

	/* Without arguments: of those of a global function, which the programs are too, the kernel wants
	 * types that it can check. */
	return describe_function(m, name, function, span, &integer, 0);
}

LLVMValueRef subprogram_begin(
    struct function *f, struct gen *g, const char *name, LLVMTypeRef result, LLVMTypeRef *params, unsigned n)
{
	LLVMValueRef function = module_declare(&g->m, name, result, params, n);

	LLVMSetLinkage(function, LLVMInternalLinkage);
	function_begin(f, &g->m, function, subprogram_describe(&g->m, name, function, nowhere), nowhere);
	f->g = g;
	return function;
}

LLVMValueRef global_function_declare(struct gen *g, const char *name, const uint32_t *sizes, unsigned n)
{
	LLVMTypeRef types[GLOBAL_ARGUMENTS];

	for (unsigned i = 0; i < n; i++)
		types[i] = module_int_type(&g->m, sizes[i]);
	return module_declare(&g->m, name, g->m.i32, types, n);
}

void global_function_begin(struct function *f, struct gen *g, LLVMValueRef function)
{
	LLVMMetadataRef types[GLOBAL_ARGUMENTS + 1] = { describe_int(&g->m, "int", 4, DWARF_SIGNED) };
	unsigned n = LLVMCountParams(function);
	const char *name;
	size_t length;

	for (unsigned i = 0; i < n; i++) {
		uint32_t size = LLVMGetIntTypeWidth(LLVMTypeOf(LLVMGetParam(function, i))) / 8;

		types[i + 1] = describe_int(&g->m, size == 8 ? "long" : "int", size, DWARF_SIGNED);
	}
	name = LLVMGetValueName2(function, &length);
	function_begin(
	    f, &g->m, function, describe_function(&g->m, name, function, nowhere, types, n), nowhere);
	f->g = g;
}
