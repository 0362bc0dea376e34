/*
 * Types. They are interned: two types are equal when their pointers are. Members of a
 * struct are loaded from BTF when first asked for.
 */
#ifndef BTRUN_ANALYSIS_TYPE_H
#define BTRUN_ANALYSIS_TYPE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "language/registry.h"
#include "base/str.h"
#include "kernel/btf.h"

enum type_trait {
	TRAIT_SCALAR = 1 << 0,    /* computed as a 64-bit number; everything else lies in memory */
	TRAIT_INTEGER = 1 << 1,   /* arithmetic takes it */
	TRAIT_STORED = 1 << 2,    /* can be kept in a variable, a map, a key, a tuple */
	TRAIT_PRINTED = 1 << 3,   /* print() takes it */
	TRAIT_TEXTUAL = 1 << 4,   /* %s prints it */
	TRAIT_AGGREGATE = 1 << 5, /* the value of a map that only its own function writes */
};

enum type_form {
#define FORM(name, ...) FORM_##name,
#include "language/forms.def"
#undef FORM
	FORMS_
};

enum address_space {
	SPACE_KERNEL,
	SPACE_USER,
	SPACE_CONTEXT, /* the program's context: direct loads */
	SPACE_ANY, /* unknown: try kernel memory, then user memory. Only char * made from an integer has it;
		      an integer given to str() is read so too */
};

struct type {
	enum type_form form;
	uint32_t size;  /* bytes */
	uint32_t align; /* bytes; of a record that the script defines */
	bool is_signed;
	bool is_char;             /* an integer that is a char: an array of it prints as text */
	enum address_space space; /* of a pointer's target; of FORM_ARGS */
	const struct type *target;
	uint32_t elements;
	struct str name; /* struct, union, enum; empty for an anonymous one. timestamp: strftime()'s format;
			    cgroup_path: the filter */
	uint32_t btf_id;
	const struct type **items; /* tuple: elements of them */
	const uint32_t *offsets;   /* tuple: in bytes */
	uint32_t hist_bits;        /* hist: sub-buckets a power of two, log2 (0..5) */
	enum stack_mode mode;      /* kstack, ustack */
	uint32_t frames;           /* kstack, ustack: at most so many */
	int64_t range[3];          /* lhist: from, up to, step */
	bool open;                 /* args that may have more members, each a number of 64 bits */
	bool defined;              /* struct, union, enum: by the script itself, so it has no BTF */
};

/*
 * One member as an access reaches it: anonymous structs and unions in between
 * are already crossed, so bit_offset counts from the named record's start.
 * CO-RE needs only the record's name, the member's name and this offset.
 */
struct member {
	const struct type *record; /* struct, union or args */
	struct str name;
	const struct type *type;
	uint32_t bit_offset;
	uint32_t bit_size; /* of a bitfield, else 0 */
	/* of FORM_ARGS */
	uint32_t arg_index; /* fentry: the first slot; uprobe: of the register, 6 on: on the stack */
	bool unreachable;   /* uprobe: in vector registers, or in several places */
	bool is_retval;
	bool data_loc, rel_loc; /* tracepoint: the field holds where the bytes lie */
	uint32_t field_size;    /* tracepoint: as the format file says */
};

struct types; /* the table of interned types of one compile */

/* The same BTF and more: ids keep their meaning. */
void types_use_btf(struct types *t, struct kernel_btf *btf);
struct types *types_new(struct arena *a, struct kernel_btf *btf /* NULL: the kernel has none */);
const struct type *type_void(struct types *t);
const struct type *type_int(struct types *t, uint32_t size, bool is_signed);
const struct type *type_bool(struct types *t);
/* Of 4, 8 or 16 bytes: float, double, long double. */
const struct type *type_float(struct types *t, uint32_t size);
const struct type *type_ptr(struct types *t, const struct type *target, enum address_space space);
const struct type *type_array(struct types *t, const struct type *target, uint32_t elements);
const struct type *type_string(struct types *t, uint32_t size);
const struct type *type_tuple(struct types *t, const struct type *const *items, uint32_t n);
/* One of those that their form says everything about. */
const struct type *type_simple(struct types *t, enum type_form form);
/* sum, avg, min, max, stats of signed or unsigned numbers. */
const struct type *type_aggregate(struct types *t, enum type_form form, bool is_signed);
const struct type *type_hist(struct types *t, uint32_t bits);
const struct type *type_lhist(struct types *t, int64_t from, int64_t to, int64_t step);
const struct type *type_stack(struct types *t, enum type_form form, enum stack_mode mode, uint32_t frames);
/* Of up to n bytes: a u32 length and the bytes. */
const struct type *type_buffer(struct types *t, uint32_t n);
/* FORM_TIMESTAMP with its format, FORM_CGROUP_PATH with its filter. */
const struct type *type_with_text(struct types *t, enum type_form form, struct str text);
/* Up to n bytes of strings, each with its NUL. */
const struct type *type_strings(struct types *t, uint32_t n);
/* The type of a BTF id. */
const struct type *type_of_btf(struct types *t, uint32_t id, enum address_space space);
/* struct, union or enum by name; NULL when there is none. */
const struct type *type_named(struct types *t, enum btf_shape tag, struct str name);
/* What the script defines itself; it comes before what BTF has of the same name. The record is there at once,
 * for pointers to it, and has its members and size after type_define_end(). */
const struct type *type_define(struct types *t, enum type_form form, struct str name);
void type_define_member(struct types *t, const struct type *record, const struct member *member);
void type_define_end(const struct type *record, uint32_t size, uint32_t align);
/* An enum with a constant below 0 has a sign. */
void type_define_signed(const struct type *enumeration);
/* What is defined from here to the end has names of its own: they are only found there, and elsewhere when
 * neither the script nor BTF has the name. */
void types_begin_scope(struct types *t);
void types_end_scope(struct types *t);
/* A typedef. */
void type_define_name(struct types *t, struct str name, const struct type *type);
/* A constant of an enum. */
void type_define_constant(struct types *t, struct str name, int64_t value, const struct type *type);
bool type_find_constant(const struct types *t, struct str name, int64_t *value, const struct type **type);
/* The members themselves, of an anonymous struct or union too; returns how many. */
uint32_t type_members(struct types *t, const struct type *record, const struct member **members);
/* "uint32", "int", "pid_t" ...: builtin names first, then BTF's; NULL when there is none. */
const struct type *type_by_word(struct types *t, struct str word);
/* NULL when the record has none of that name. */
const struct member *type_member(struct types *t, const struct type *record, struct str name);
/* Offers every member name, for a hint. */
void type_near_member(struct types *t, const struct type *record, struct str_near *near);

/* A struct or union that BTF has under a name, which another kernel may lay out in another way. */
bool type_is_kernels(const struct type *t);
/* Its name as externs have it: "struct sock". */
struct str type_kernel_name(struct arena *a, const struct type *t);
/* Has its form this trait? */
bool type_has(const struct type *t, enum type_trait trait);
enum type_kind_id type_kind(const struct type *t);
/* A form's own words, or NULL. */
const char *type_form_text(enum type_form form);
/* The word that scripts use. */
const char *type_stack_mode(enum stack_mode mode);
bool type_is_integer(const struct type *t);    /* int, bool, enum */
bool type_is_incomplete(const struct type *t); /* a record of a script that names it but does not define it */
bool type_is_aggregation(const struct type *t);
/* A string, or an array of char: usable wherever text is. */
bool type_is_text(const struct type *t);
/* The type of a string that holds any value of a text type: string[n] itself, and
 * string[n + 1] for char[n], which need not end in a NUL. */
const struct type *type_string_for(struct types *t, const struct type *text);
/* What two integers become in an operation, a comparison included: everything is done in 64
 * bits, values are kept; uint64 when a side is uint64, else int64. Pointers count as uint64. */
const struct type *type_common(struct types *t, const struct type *a, const struct type *b);
/* Of a value in a record or tuple, in bytes. */
uint32_t type_align(const struct type *t);
/* The record that args is: members are copied. */
const struct type *type_args(
    struct types *t, enum address_space space, const struct member *members, size_t n);
/* One that is open. */
const struct type *type_open_args(
    struct types *t, enum address_space space, const struct member *members, size_t n);
/* "struct sock *", "uint16[4]", "string[64]", for messages and -d types. */
struct str type_text(struct arena *a, const struct type *t);
void type_print(FILE *out, const struct type *t);

#endif
