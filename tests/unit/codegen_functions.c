/* Two functions of a module that are open at a time. */
#include "codegen/bpf/frames.h"
#include "codegen/bpf/subprogram.h"
#include "codegen/bpf/target.h"
#include "codegen/llvm/blocks.h"
#include "codegen/llvm/build.h"
#include "tests/unit/test.h"

#include <string.h>

/* u64 inner(u64 n) { return n ? n + 2 : 0; }, made as a whole. */
static LLVMValueRef make_inner(struct gen *g)
{
	struct function opened, *f = &opened;
	LLVMValueRef inner = subprogram_begin(f, g, "inner", g->m.i64, &g->m.i64, 1), n, slot;
	LLVMBasicBlockRef after;

	slot = gen_alloca(f, 8, "result");
	gen_store64(f, slot, gen_const(f, 0));
	n = gen_opaque(f, LLVMGetParam(inner, 0));
	gen_if(f, LLVMBuildICmp(f->b, LLVMIntNE, n, gen_const(f, 0), ""), &after, "some");
	gen_store64(f, slot, LLVMBuildAdd(f->b, n, gen_const(f, 2), ""));
	gen_go(f, after);
	LLVMBuildRet(f->b, gen_load64(f, slot));
	function_end(f);
	return inner;
}

static bool has(LLVMValueRef function, const char *what)
{
	char *text = LLVMPrintValueToString(function);
	bool found = strstr(text, what) != NULL;

	LLVMDisposeMessage(text);
	return found;
}

/* u64 outer(u64 n): the other is opened, made and closed in the middle of a branch, with a rare block open.
 */
static void one_in_the_other(struct arena *a)
{
	struct source_map map = { .script = { STR("t.bt"), STR("BEGIN { }") } };
	struct gen g = { .arena = a, .m = { .arena = a, .map = &map, .refuse = target_too_large } };
	struct function opened, *f = &opened;
	LLVMValueRef outer, inner, n, sum;
	LLVMBasicBlockRef after, here;
	LLVMMemoryBufferRef object;
	struct rare rare;

	CHECK_INT(module_begin(&g.m, target_machine(map.script.text.n)), 0);
	outer = subprogram_begin(f, &g, "outer", g.m.i64, &g.m.i64, 1);
	n = gen_opaque(f, LLVMGetParam(outer, 0));
	gen_if_rare(f, LLVMBuildICmp(f->b, LLVMIntEQ, n, gen_const(f, 5), ""), &rare, "five");
	LLVMBuildRet(f->b, gen_const(f, 55));
	gen_end_rare(f, &rare);
	gen_if(f, LLVMBuildICmp(f->b, LLVMIntULT, n, gen_const(f, 100), ""), &after, "small");
	here = LLVMGetInsertBlock(f->b);
	inner = make_inner(&g);
	CHECK(LLVMGetInsertBlock(f->b) == here);
	sum = LLVMBuildAdd(f->b, gen_call_function(f, inner, &n, 1), gen_const(f, 40), "");
	LLVMBuildRet(f->b, sum);
	LLVMPositionBuilderAtEnd(f->b, after);
	LLVMBuildRet(f->b, gen_const(f, 1));
	gen_move_rare(f);
	function_end(f);

	CHECK(has(outer, "call i64 @inner") && has(outer, ", 40") && has(outer, "ret i64 55"));
	CHECK(!has(outer, ", 2\n") && !has(inner, ", 40") && has(inner, ", 2"));
	CHECK_INT(LLVMCountBasicBlocks(outer), 5);
	CHECK_INT(LLVMCountBasicBlocks(inner), 3);
	LLVMSetLinkage(outer, LLVMExternalLinkage);
	CHECK_INT(module_emit(&g.m, LLVMObjectFile, &object), 0);
	/* Both are in the object, and one calls the other: each has a frame. */
	CHECK_INT(frames_deepest((char *)LLVMGetBufferStart(object), LLVMGetBufferSize(object)), 64);
	LLVMDisposeMemoryBuffer(object);
	module_end(&g.m);
}

int main(void)
{
	struct arena *a = arena_new();

	one_in_the_other(a);
	arena_free(a);
	return test_end();
}
