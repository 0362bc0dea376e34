/* The blocks of an open function: branches, what seldom runs, loops over memory. */
#ifndef BTRUN_CODEGEN_LLVM_BLOCKS_H
#define BTRUN_CODEGEN_LLVM_BLOCKS_H

#include "codegen/llvm/function.h"

LLVMBasicBlockRef gen_block(struct function *f, const char *name);
/* Makes "if (condition)" with a new block, which the builder is then in; *after follows it. */
void gen_if(struct function *f, LLVMValueRef condition, LLVMBasicBlockRef *after, const char *name);
/* The same of what seldom happens: its block is moved behind everything else, so that what happens always
 * runs straight on. From gen_end_rare() on the builder is where both meet. */
void gen_if_rare(struct function *f, LLVMValueRef condition, struct rare *r, const char *name);
void gen_end_rare(struct function *f, struct rare *r);
/* Moves the rare blocks, at the function's end. */
void gen_move_rare(struct function *f);
/* Ends the block with a jump, unless it has an end, and goes on in block. */
void gen_go(struct function *f, LLVMBasicBlockRef block);
bool gen_ended(struct function *f);
/* Gives the value that comes from one of two blocks, where both go on. Cheaper for LLVM than an alloca: what
 * it spends on these grows with the number of blocks. */
LLVMValueRef gen_either(
    struct function *f, LLVMValueRef a, LLVMBasicBlockRef from_a, LLVMValueRef b, LLVMBasicBlockRef from_b);

/* A loop, for (i = 0; i < size; i += 8), with a body that the caller fills in between begin and end. */
struct word_loop {
	LLVMBasicBlockRef head, after;
	LLVMValueRef slot, index;
};

void word_loop_begin(struct function *f, struct word_loop *loop);
void word_loop_end(struct function *f, struct word_loop *loop, uint32_t size);

#endif
