/* Memory of a program's own: values by their types, zeros, copies, and room for temporaries. */
#ifndef BTRUN_CODEGEN_BPF_MEMORY_H
#define BTRUN_CODEGEN_BPF_MEMORY_H

#include "analysis/program.h"
#include "codegen/llvm/build.h"

/* Bytes of a program's stack, of the 512 that it has; the rest is for what LLVM spills. */
#define STACK_REGION 256
/* Bytes that are copied or compared without a loop. */
#define UNROLL_LIMIT 256

bool gen_is_scalar(const struct type *type);
/* A scalar's load and store: it is extended to and cut from 64 bits by its type. */
LLVMValueRef gen_load(struct function *f, const struct type *type, LLVMValueRef from);
void gen_store(struct function *f, const struct type *type, LLVMValueRef to, LLVMValueRef value);
/* Extends a value to 64 bits, by its type. */
LLVMValueRef gen_extend(struct function *f, const struct type *t, LLVMValueRef v);
void gen_zero(struct function *f, LLVMValueRef to, uint32_t size);
/* Gives 0 when size bytes are the same, a multiple of 8. A loop: for what is too long to be compared at once.
 */
LLVMValueRef gen_difference(struct function *f, LLVMValueRef a, LLVMValueRef b, uint32_t size);
void gen_copy(struct function *f, LLVMValueRef to, LLVMValueRef from, uint32_t size);
/* Copies what is aligned to align bytes only, there or here. */
void gen_copy_aligned(struct function *f, LLVMValueRef to, LLVMValueRef from, uint32_t size, uint32_t align);
/* Makes NULs of all that lies behind the first NUL of a text of size bytes, which is aligned to 8: texts that
 * read the same then are the same. */
void gen_end_text(struct function *f, LLVMValueRef text, uint32_t size);
/* Adds to the first word of an element, which in maps of some kinds other CPUs write too. */
void gen_add_word(struct function *f, const struct map *map, LLVMValueRef element, LLVMValueRef by);
/* Gives memory for a temporary, until its statement ends: the stack region when it is small and there is
 * room, else the scratch region. Not for what is only stored and loaded: that is gen_alloca()'s, which
 * LLVM turns into registers. */
LLVMValueRef gen_temporary(struct function *f, uint32_t size);
/* The same, always in the scratch region. */
LLVMValueRef gen_scratch(struct function *f, uint32_t size);

#endif
