#include "codegen/bpf/externs.h"

#include "base/round.h"
#include "codegen/bpf/gen.h"
#include "codegen/bpf/memory.h"
#include "codegen/llvm/debug_info.h"

LLVMValueRef number_define(struct gen *g, const char *name, uint32_t size, const char *section, bool constant)
{
	LLVMTypeRef type = module_int_type(&g->m, size);
	LLVMValueRef global = LLVMAddGlobal(g->m.module, type, name);
	LLVMMetadataRef di = LLVMDIBuilderCreateBasicType(g->m.di,
	    size == 8 ? "unsigned long" : "unsigned int", size == 8 ? 13 : 12, size * 8, 7, LLVMDIFlagZero);

	LLVMSetInitializer(global, LLVMConstInt(type, 0, 0));
	LLVMSetSection(global, section);
	LLVMSetAlignment(global, size);
	LLVMSetGlobalConstant(global, constant);
	LLVMSetExternallyInitialized(global, 1);
	describe_global(&g->m, global, str_of(name), di, false);
	return global;
}

static void define_text(struct gen *g, const char *name, uint32_t size)
{
	LLVMTypeRef type = LLVMArrayType(g->m.i8, size);
	LLVMValueRef global = LLVMAddGlobal(g->m.module, type, name);
	LLVMMetadataRef range = LLVMDIBuilderGetOrCreateSubrange(g->m.di, 0, size), character;

	character = LLVMDIBuilderCreateBasicType(g->m.di, "char", 4, 8, 6, LLVMDIFlagZero);
	LLVMSetInitializer(global, LLVMConstNull(type));
	LLVMSetSection(global, ".rodata");
	LLVMSetAlignment(global, 8);
	LLVMSetGlobalConstant(global, 1);
	LLVMSetExternallyInitialized(global, 1);
	describe_global(&g->m, global, str_of(name),
	    LLVMDIBuilderCreateArrayType(g->m.di, 8ull * size, 8, character, &range, 1), false);
}

void params_define(struct gen *g)
{
	g->image->n_fixed = g->program->n_fixed;
	for (size_t i = 0; i < g->program->parameters.n; i++) {
		const struct parameter *p = &g->program->parameters.v[i];
		struct str symbol = str_format(g->arena, PARAMETER_SYMBOL "%zu", i);
		struct image_parameter row = {
			.kind = p->kind,
			.number = p->number,
			.name = p->name,
			.description = p->description,
			.fallback = p->fallback,
			.offset = IMAGE_NONE,
			.size = p->size,
			.skip = p->skip,
			.span = source_in_script(g->program->map, p->span),
		};

		vec_push(g->arena, &g->image->parameters, row);
		if (p->unplaced)
			continue;
		if (p->kind == PARAMETER_TEXT)
			define_text(g, symbol.p, round_8(p->size));
		else
			number_define(g, symbol.p, 8, ".rodata", true);
	}
}

LLVMValueRef param_load(struct function *f, uint32_t row, const struct type *type, LLVMValueRef to)
{
	LLVMValueRef from =
	    LLVMGetNamedGlobal(f->m->module, str_format(f->g->arena, PARAMETER_SYMBOL "%u", row).p);

	if (!to)
		return gen_volatile(f, f->m->i64, from);
	gen_copy(f, to, from, type->size);
	return NULL;
}

static LLVMValueRef extern_find(struct gen *g, enum image_extern_kind kind, struct str name)
{
	for (size_t i = 0; i < g->image->externs.n; i++) {
		const struct image_extern *s = &g->image->externs.v[i];

		if (s->kind == kind && str_eq(s->name, name))
			return LLVMGetNamedGlobal(
			    g->m.module, str_format(g->arena, EXTERN_SYMBOL "%zu", i).p);
	}
	return NULL;
}

static LLVMValueRef extern_define(struct function *f, enum image_extern_kind kind, struct str name)
{
	uint32_t size = image_extern_size(kind);
	LLVMValueRef slot = extern_find(f->g, kind, name);
	struct str symbol = str_format(f->g->arena, EXTERN_SYMBOL "%zu", f->g->image->externs.n);
	/* Its offset in .rodata is read from the object once that is made (relocs.c). */
	struct image_extern row = { .kind = kind,
		.size = size,
		.name = name,
		.span = source_in_script(f->g->program->map, f->place) };

	if (slot)
		return slot;
	vec_push(f->g->arena, &f->g->image->externs, row);
	return number_define(f->g, symbol.p, size, ".rodata", true);
}

LLVMValueRef extern_load(struct function *f, enum image_extern_kind kind, struct str name)
{
	uint32_t size = image_extern_size(kind);
	LLVMValueRef v = gen_volatile(f, gen_int_type(f, size), extern_define(f, kind, name));

	return size == 8 ? v : LLVMBuildZExt(f->b, v, f->m->i64, "");
}

void extern_note(struct function *f, enum image_extern_kind kind, struct str name)
{
	extern_define(f, kind, name);
}
