#include "codegen/bpf/bss.h"

#include "codegen/bpf/externs.h"
#include "codegen/bpf/memory.h"
#include "codegen/llvm/blocks.h"
#include "codegen/llvm/build.h"
#include "codegen/llvm/debug_info.h"

void bss_define(struct gen *g)
{
	g->image->exit_offset = g->image->undone_offset = g->image->generations_offset = IMAGE_NONE;
	g->enabled = number_define(g, BSS_ENABLED, 4, ".bss", false);
	for (size_t i = 0; i < g->program->maps.n && !g->generations; i++)
		if (g->program->maps.v[i]->is_reset)
			g->generations = number_define(g, BSS_GENERATIONS, 8, ".bss", false);
}

static void store_volatile(struct function *f, LLVMValueRef value, LLVMValueRef to)
{
	LLVMSetVolatile(LLVMBuildStore(f->b, value, to), true);
}

void bss_exit(struct function *f, LLVMValueRef code)
{
	LLVMValueRef word = LLVMGetNamedGlobal(f->m->module, BSS_EXIT), noted;
	LLVMBasicBlockRef after;

	if (!word)
		word = number_define(f->g, BSS_EXIT, 8, ".bss", false);
	noted = LLVMBuildOr(
	    f->b, LLVMBuildAnd(f->b, code, gen_const(f, UINT32_MAX), ""), gen_const(f, IMAGE_EXIT), "");
	gen_if(f, LLVMBuildICmp(f->b, LLVMIntEQ, gen_volatile(f, f->m->i64, word), gen_const(f, 0), ""),
	    &after, "first_exit");
	store_volatile(f, noted, word);
	gen_go(f, after);
	store_volatile(f, gen_const32(f, 0), f->g->enabled);
}

static LLVMValueRef define_undone(struct gen *g)
{
	unsigned size = (unsigned)(g->program->maps.n * IMAGE_UNDONE_);
	LLVMTypeRef type = LLVMArrayType(g->m.i8, size);
	LLVMValueRef global = LLVMAddGlobal(g->m.module, type, BSS_UNDONE);
	LLVMMetadataRef range = LLVMDIBuilderGetOrCreateSubrange(g->m.di, 0, size), byte;

	byte = LLVMDIBuilderCreateBasicType(g->m.di, "unsigned char", 13, 8, 8, LLVMDIFlagZero);
	LLVMSetInitializer(global, LLVMConstNull(type));
	LLVMSetSection(global, ".bss");
	describe_global(&g->m, global, STR(BSS_UNDONE),
	    LLVMDIBuilderCreateArrayType(g->m.di, 8ull * size, 8, byte, &range, 1), false);
	return global;
}

void bss_undone(struct function *f, uint32_t map, enum image_undone what)
{
	LLVMValueRef bytes = LLVMGetNamedGlobal(f->m->module, BSS_UNDONE);

	if (!bytes)
		bytes = define_undone(f->g);
	store_volatile(
	    f, LLVMConstInt(f->m->i8, 1, 0), gen_offset(f, bytes, (uint32_t)(map * IMAGE_UNDONE_ + what)));
}
