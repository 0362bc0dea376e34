/* Numbers and texts in .rodata, which the runtime fills in before the object is loaded. */
#ifndef BTRUN_CODEGEN_BPF_EXTERNS_H
#define BTRUN_CODEGEN_BPF_EXTERNS_H

#include "codegen/bpf/gen.h"

/* Symbols of what lies in .rodata, before its number: relocs.c reads the places from the object. */
#define EXTERN_SYMBOL "extern_"
#define PARAMETER_SYMBOL "para_"

/* Defines a place for each parameter, used or not. */
void params_define(struct gen *g);
/* Loads a row of program.parameters: a number, or a text to the memory at to. */
LLVMValueRef param_load(struct function *f, uint32_t row, const struct type *type, LLVMValueRef to);
LLVMValueRef extern_load(struct function *f, enum image_extern_kind kind, struct str name);
/* Notes an extern of which only the question counts. */
void extern_note(struct function *f, enum image_extern_kind kind, struct str name);
/* Defines a global number: in .rodata, where it is constant, or in another section. */
LLVMValueRef number_define(
    struct gen *g, const char *name, uint32_t size, const char *section, bool constant);

#endif
