#ifndef BTRUN_CODEGEN_LOWER_OPERATE_H
#define BTRUN_CODEGEN_LOWER_OPERATE_H

#include "codegen/bpf/gen.h"

LLVMValueRef gen_operate(struct function *f, enum op op, LLVMValueRef a, LLVMValueRef b, bool is_signed);
/* Does the operation treat values of these types as signed? */
bool gen_is_signed(struct function *f, enum op op, const struct type *a, const struct type *b);

#endif
