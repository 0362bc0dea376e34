#include "codegen/llvm/blocks.h"

#include "codegen/llvm/build.h"

LLVMBasicBlockRef gen_block(struct function *f, const char *name)
{
	return LLVMAppendBasicBlockInContext(f->m->context, f->function, name);
}

void gen_if(struct function *f, LLVMValueRef condition, LLVMBasicBlockRef *after, const char *name)
{
	LLVMBasicBlockRef yes = gen_block(f, name);

	*after = gen_block(f, "after");
	LLVMBuildCondBr(f->b, condition, yes, *after);
	LLVMPositionBuilderAtEnd(f->b, yes);
}

void gen_if_rare(struct function *f, LLVMValueRef condition, struct rare *r, const char *name)
{
	gen_if(f, condition, &r->after, name);
	r->first = LLVMGetInsertBlock(f->b);
	f->rare_depth++;
}

void gen_end_rare(struct function *f, struct rare *r)
{
	r->last = LLVMGetLastBasicBlock(f->function);
	if (r->last == r->after)
		r->last = r->first;
	else
		LLVMMoveBasicBlockAfter(r->after, r->last);
	/* What is rare in there goes with it. */
	if (--f->rare_depth == 0)
		vec_push(f->m->arena, &f->rare, *r);
	gen_go(f, r->after);
}

void gen_move_rare(struct function *f)
{
	for (size_t i = 0; i < f->rare.n; i++) {
		LLVMBasicBlockRef b = f->rare.v[i].first, last = LLVMGetLastBasicBlock(f->function), next;

		for (bool more = true; more; b = next) {
			more = b != f->rare.v[i].last;
			next = LLVMGetNextBasicBlock(b);
			if (b != last)
				LLVMMoveBasicBlockAfter(b, last);
			last = b;
		}
	}
	f->rare.n = 0;
}

bool gen_ended(struct function *f)
{
	return LLVMGetBasicBlockTerminator(LLVMGetInsertBlock(f->b)) != NULL;
}

void gen_go(struct function *f, LLVMBasicBlockRef block)
{
	if (!gen_ended(f))
		LLVMBuildBr(f->b, block);
	LLVMPositionBuilderAtEnd(f->b, block);
}

LLVMValueRef gen_either(
    struct function *f, LLVMValueRef a, LLVMBasicBlockRef from_a, LLVMValueRef b, LLVMBasicBlockRef from_b)
{
	LLVMValueRef phi = LLVMBuildPhi(f->b, LLVMTypeOf(a), ""), values[2] = { a, b };
	LLVMBasicBlockRef blocks[2] = { from_a, from_b };

	LLVMAddIncoming(phi, values, blocks, 2);
	return phi;
}

void word_loop_begin(struct function *f, struct word_loop *loop)
{
	loop->head = gen_block(f, "loop");
	loop->after = gen_block(f, "after");
	loop->slot = gen_alloca(f, 8, "i");
	gen_store64(f, loop->slot, gen_const(f, 0));
	gen_go(f, loop->head);
	loop->index = gen_load64(f, loop->slot);
}

void word_loop_end(struct function *f, struct word_loop *loop, uint32_t size)
{
	LLVMValueRef next = LLVMBuildAdd(f->b, loop->index, gen_const(f, 8), "");

	gen_store64(f, loop->slot, next);
	LLVMBuildCondBr(
	    f->b, LLVMBuildICmp(f->b, LLVMIntULT, next, gen_const(f, size), ""), loop->head, loop->after);
	LLVMPositionBuilderAtEnd(f->b, loop->after);
}
