/* Members of kernel structs: where they lie on the kernel that the image runs on (CO-RE). */
#ifndef BTRUN_CODEGEN_BPF_CORE_H
#define BTRUN_CODEGEN_BPF_CORE_H

#include "analysis/field_path.h"
#include "codegen/bpf/gen.h"

/* The kinds of llvm.bpf.preserve.field.info, as clang's bpf_core_read.h numbers them. */
enum field_info {
	FIELD_BYTE_OFFSET = 0,
	FIELD_BYTE_SIZE = 1,
	FIELD_SIGNED = 3,
	FIELD_LSHIFT = 4,
	FIELD_RSHIFT = 5,
};

/* Describes a type as far as CO-RE compares it: kinds, and names of what has names. */
LLVMMetadataRef core_describe_type(struct module *m, const struct type *t);
/* Gives the address of the member of a described record of one member, relocated. */
LLVMValueRef core_preserve(struct function *f, LLVMValueRef base, LLVMMetadataRef record, bool is_union);
/* Returns the first step of the run of members that ends behind n steps: those of an anonymous record are
 * found again only through the member that has it as its type. */
unsigned core_run(const struct field_path *path, unsigned n);
/* Asks for a property of what a path leads to, field_path_is_kernels(). */
LLVMValueRef core_field_info(struct function *f, const struct field_path *path, enum field_info info);
/* Gives the bytes from an element of what a pointer points to to the next one. */
LLVMValueRef core_stride(struct function *f, const struct type *element);
/* Gives the address (i64) of the element that is the last of n steps, from the address of what it is in. */
LLVMValueRef core_element_address(
    struct function *f, const struct field_path *path, unsigned n, LLVMValueRef base, LLVMValueRef index);
/* The same of a run of members, the steps from begin on. */
LLVMValueRef core_member_address(
    struct function *f, const struct field_path *path, unsigned begin, unsigned n, LLVMValueRef base);
/* Gives the pointer behind n steps, which are members, from pointer on: of the type that the verifier knows.
 */
LLVMValueRef core_pointer(
    struct function *f, const struct field_path *path, unsigned n, LLVMValueRef pointer);

#endif
