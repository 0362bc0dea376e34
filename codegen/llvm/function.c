#include "codegen/llvm/function.h"

#include "codegen/llvm/blocks.h"

void function_begin(
    struct function *f, struct module *m, LLVMValueRef function, LLVMMetadataRef scope, struct span span)
{
	*f = (struct function){ .m = m, .function = function, .scope = scope };
	f->b = LLVMCreateBuilderInContext(m->context);
	f->entry = gen_block(f, "entry");
	LLVMPositionBuilderAtEnd(f->b, f->entry);
	gen_place(f, span);
}

void function_end(struct function *f)
{
	LLVMDisposeBuilder(f->b);
}

void gen_place(struct function *f, struct span span)
{
	struct source_pos pos = source_pos(f->m->map, source_in_script(f->m->map, span).begin);

	f->place = span;

	LLVMSetCurrentDebugLocation2(
	    f->b, LLVMDIBuilderCreateDebugLocation(f->m->context, pos.line, pos.column, f->scope, NULL));
}
