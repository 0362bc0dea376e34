/*
 * A function that is open: code is being made for it. It lives on its maker's stack and has a builder of its
 * own, so another one can be opened and closed while it is half made.
 */
#ifndef BTRUN_CODEGEN_LLVM_FUNCTION_H
#define BTRUN_CODEGEN_LLVM_FUNCTION_H

#include "codegen/llvm/module.h"

/* Blocks of a function, the first to the last, that go to its end. */
struct rare {
	LLVMBasicBlockRef first, last, after;
};

struct function {
	struct module *m;
	LLVMBuilderRef b;
	LLVMValueRef function;
	LLVMMetadataRef scope;
	LLVMBasicBlockRef entry; /* has the allocas, and what has to come first */
	struct span place;       /* of gen_place() */
	VEC(struct rare) rare;
	unsigned rare_depth;
	/* What the rooms above keep of the compile and of this function; this room does not look into it. */
	struct gen *g;
	struct bpf_state *bpf;
	struct lower_state *lower;
};

/* Opens a function of the module, which gets its entry block; the builder stands in it, at this place of the
 * script. */
void function_begin(
    struct function *f, struct module *m, LLVMValueRef function, LLVMMetadataRef scope, struct span span);
/* Closes it, when all its blocks have their ends. */
void function_end(struct function *f);
/* Code that is made from here on belongs to this place of the script. */
void gen_place(struct function *f, struct span span);

#endif
