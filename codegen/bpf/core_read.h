/* Reading memory that is not the program's own. */
#ifndef BTRUN_CODEGEN_BPF_CORE_READ_H
#define BTRUN_CODEGEN_BPF_CORE_READ_H

#include "codegen/bpf/core.h"

/* Reads size bytes at an address -> to; failures are counted for span, the bytes are then zero. */
void core_read(struct function *f, enum address_space space, LLVMValueRef to, uint32_t size,
    LLVMValueRef address, struct span span);
/* The same of a size that is not known; gives the helper's result. */
LLVMValueRef core_read_bytes(struct function *f, enum address_space space, LLVMValueRef to, LLVMValueRef size,
    LLVMValueRef address, struct span span);
/* Reads a string: the result is the helper's (bytes with the NUL, or negative). limit: i64, at most size. */
LLVMValueRef core_read_string(
    struct function *f, enum address_space space, LLVMValueRef to, LLVMValueRef limit, LLVMValueRef address);
/* Reads a scalar of the size that its type says. */
LLVMValueRef core_read_scalar(struct function *f, enum address_space space, const struct type *type,
    LLVMValueRef address, struct span span);
/* Reads a bitfield of a record that the script defines. */
LLVMValueRef core_read_bits(struct function *f, enum address_space space, const struct member *m,
    LLVMValueRef address, struct span span);
/* Reads a number of the size, the bits and the sign that it has on the kernel where the image runs. */
LLVMValueRef core_read_field(struct function *f, const struct field_path *path, const struct type *type,
    LLVMValueRef address, struct span span);
/* Notes that what goes into a record or a variable has the size that the member had when it was compiled. */
void core_note_size(struct function *f, const struct field_path *path);
/* Gives the bits of a member, of which its bytes begin at the lowest bit of v. */
LLVMValueRef core_cut_bits(struct function *f, const struct member *m, LLVMValueRef v);
/* Returns the bytes that a bitfield lies in. */
uint32_t core_bit_bytes(const struct member *m);

#endif
