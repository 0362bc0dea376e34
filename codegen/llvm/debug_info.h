/* Debug information: types, functions and globals, as far as anything reads them. */
#ifndef BTRUN_CODEGEN_LLVM_DEBUG_INFO_H
#define BTRUN_CODEGEN_LLVM_DEBUG_INFO_H

#include "codegen/llvm/module.h"

#define DWARF_SIGNED 5 /* DW_ATE_signed */

LLVMMetadataRef describe_int(struct module *m, const char *name, uint32_t bytes, unsigned encoding);
/* Describes a struct or union of one member; inner is that member's type. */
LLVMMetadataRef describe_record(struct module *m, struct str name, bool is_union, uint32_t size,
    struct str member, uint64_t bit_offset, uint64_t bits, bool bitfield, LLVMMetadataRef inner);
/* Describes a function; types: of the result and the n arguments. */
LLVMMetadataRef describe_function(struct module *m, const char *name, LLVMValueRef function, struct span span,
    LLVMMetadataRef *types, unsigned n);
/* Describes a global, without which LLVM writes no type information for it. */
void describe_global(
    struct module *m, LLVMValueRef global, struct str name, LLVMMetadataRef type, bool local);

#endif
