/*
 * What the compiler asks of the kernel's BTF (the kernel's
 * Documentation/bpf/btf.rst). A thin layer over libbpf's reader, so that no
 * other folder of the compiler includes bpf/btf.h.
 *
 * Ownership: kernel_btf_new()/kernel_btf_free(); the names that are returned
 * live as long as the struct. Errors: negative errno. Type ids are those of the BTF; 0 is void.
 */
#ifndef BTRUN_KERNEL_BTF_H
#define BTRUN_KERNEL_BTF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/str.h"
#include "kernel/kernel.h"

struct kernel_btf;

enum btf_shape {
	BTF_SHAPE_VOID,
	BTF_SHAPE_INT,
	BTF_SHAPE_BOOL,
	BTF_SHAPE_FLOAT,
	BTF_SHAPE_ENUM,
	BTF_SHAPE_PTR,
	BTF_SHAPE_ARRAY,
	BTF_SHAPE_STRUCT,
	BTF_SHAPE_UNION,
	BTF_SHAPE_FUNC_PROTO,
	BTF_SHAPE_FWD,
};

/* A type is told of with its qualifiers, typedefs and tags taken off. */
struct btf_info {
	enum btf_shape shape;
	uint32_t id;       /* of the type itself, below typedefs */
	struct str name;   /* empty for an anonymous one */
	uint32_t size;     /* bytes; a pointer's is 8 */
	bool is_signed;    /* int and enum */
	bool is_char;      /* int of one byte that holds text: char (BTF encodes signedness, name "char") */
	bool user;         /* pointer with the "user" type tag (__user) */
	uint32_t target;   /* pointer and array: the element's id */
	uint32_t elements; /* array */
	uint32_t members;  /* struct and union: how many; function: parameters, "..." too */
};

struct btf_member_info {
	struct str name; /* empty: anonymous struct or union */
	uint32_t type;
	uint32_t bit_offset; /* from the struct's start */
	uint32_t bit_size;   /* of a bitfield, else 0 */
};

struct btf_func_info {
	uint32_t ret; /* type id; 0 is void */
	uint32_t n_params;
	bool variadic;
	bool ambiguous; /* several functions of that name with different prototypes */
	/* Why no trampoline takes it (fentry, fexit), as what it does: "returns a struct"; NULL: one does.
	 * btf_distill_func_proto() of kernel/bpf/btf.c. */
	const char *refusal;
	uint32_t id; /* of the function in the kernel proper; 0: it is a module's */
};

/* Reads the BTF of a module, "vmlinux" for the kernel proper. */
int kernel_btf_new(struct kernel *k, struct str module, struct kernel_btf **btf);
/* Puts a module's BTF on top of the kernel's: *btf then has the types of both, those of the kernel with the
 * ids that they had. When that fails *btf stays what it was. */
int kernel_btf_add(struct kernel *k, struct str module, struct kernel_btf **btf);
/* Takes BTF in memory, an object file's; the bytes are copied. */
int kernel_btf_parse(const void *bytes, size_t size, struct kernel_btf **btf);
void kernel_btf_free(struct kernel_btf *btf);
/* Returns the string at an offset of the string section; it is empty when there is none. */
struct str btf_string(const struct kernel_btf *btf, uint32_t offset);

void btf_info(const struct kernel_btf *btf, uint32_t id, struct btf_info *info);
void btf_member(const struct kernel_btf *btf, uint32_t id, uint32_t index, struct btf_member_info *member);
/* Returns an id, or -ENOENT. tag: BTF_SHAPE_STRUCT, _UNION or _ENUM; BTF_SHAPE_VOID: a typedef or int of that
 * name.
 */
int btf_find(const struct kernel_btf *btf, enum btf_shape tag, struct str name);
/* Returns the first id above after with this shape, and a name that begins so; 0 when there is none. Of a
 * function btf_info() says what its prototype is. */
uint32_t btf_next(const struct kernel_btf *btf, enum btf_shape tag, struct str prefix, uint32_t after);
/* Returns the next type behind this one that has its shape and its name; 0 when there is none. A module's own
 * are not among them. */
uint32_t btf_next_namesake(const struct kernel_btf *btf, uint32_t id);
/* Returns the name of the very type: a typedef's own. */
struct str btf_name(const struct kernel_btf *btf, uint32_t id);
/* Finds a function; proto gets the id of its prototype. 0 or -ENOENT. */
int btf_find_func(const struct kernel_btf *btf, struct str name, struct btf_func_info *func, uint32_t *proto);
void btf_param(
    const struct kernel_btf *btf, uint32_t proto, uint32_t index, struct str *name, uint32_t *type);
/* Returns where a parameter begins in the context of a trampoline, which has slots of 8 bytes. */
uint32_t btf_param_slot(const struct kernel_btf *btf, uint32_t proto, uint32_t index);
/* Gives the value of a constant of the enum of that name, empty: of any. 0 or -ENOENT. *type: the enum's id.
 */
int btf_find_enum_value(
    const struct kernel_btf *btf, struct str enumeration, struct str name, int64_t *value, uint32_t *type);
/* Finds a member of a struct or union, also in what has no name in it. *bits: from the struct's start. */
bool btf_find_member(const struct kernel_btf *btf, uint32_t record, struct str name, uint32_t *bits,
    struct btf_member_info *member);
/* Prints the definition of a type, as C. 0 or -ENOENT. tag: as in btf_find(). */
int btf_print(const struct kernel_btf *btf, enum btf_shape tag, struct str name, FILE *out);
/* Passes every name of a kind, for hints and for expanding fentry globs: found(context, name, module ""). */
void btf_each_name(const struct kernel_btf *btf, enum btf_shape tag, kernel_found *found, void *context);
void btf_each_func(const struct kernel_btf *btf, kernel_found *found, void *context);

#endif
