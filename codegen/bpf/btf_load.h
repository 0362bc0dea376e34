/* Members that are loaded directly, through pointers of which the verifier knows the type. */
#ifndef BTRUN_CODEGEN_BPF_BTF_LOAD_H
#define BTRUN_CODEGEN_BPF_BTF_LOAD_H

#include "analysis/field_path.h"
#include "codegen/bpf/gen.h"

struct btf_load {
	LLVMValueRef value;   /* what a direct load gave; NULL: there can't be one */
	LLVMValueRef pointer; /* the same, when it is a pointer that the verifier knows, */
	uint32_t btf_id;      /* and the struct that it points to, or 0 */
};

/* Is a path one that direct loads can follow, to a value of size bytes? */
bool btf_load_goes_along(struct function *f, const struct field_path *path, uint32_t size);
/* Loads a scalar at such a path; root is the value of what it begins at, read from variable, or NULL. */
void btf_load_member(struct function *f, const struct field_path *path, const struct variable *variable,
    LLVMValueRef root, const struct type *type, struct btf_load *d);
/* Notes what was loaded under this value, from here on. */
void btf_load_done(struct function *f, const struct btf_load *d, LLVMValueRef value);
/* Note a value that is an argument, or what the function returned. */
void btf_load_argument(struct function *f, LLVMValueRef value, uint32_t number);
void btf_load_retval(struct function *f, LLVMValueRef value);
/* Gives the current task, of which that is known. */
LLVMValueRef btf_load_task(struct function *f, const struct type *type);
/* Is a value, or the variable that it is read from, a pointer of which the verifier knows the type? */
bool btf_load_is_known(struct function *f, const struct variable *variable, LLVMValueRef value);
/* Notes that variable has got such a value. */
void btf_load_assigned(
    struct function *f, const struct variable *variable, const struct variable *from, LLVMValueRef value);

#endif
