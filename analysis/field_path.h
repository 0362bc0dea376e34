/*
 * The way to a member or an element, worked out once: the code generator reads the value, and does not look
 * at the tree again.
 */
#ifndef BTRUN_ANALYSIS_FIELD_PATH_H
#define BTRUN_ANALYSIS_FIELD_PATH_H

#include "analysis/program.h"

enum path_begin {
	PATH_OWN,     /* in memory of the program's own: a variable, a map's value, a tuple, a copied array */
	PATH_ARGS,    /* root is a member of args, and the path ends there */
	PATH_POINTER, /* at the address that root has as its value, or that of a struct in args */
	PATH_DEREFERENCE, /* at the address that the operand of a * has, which is root */
};

struct field_step {
	const struct member *member;    /* NULL: an element, of an array or behind a pointer */
	const struct type *from, *type; /* of what it is a part of, and its own */
	struct node *index;             /* an element's number */
};

struct field_path {
	enum path_begin begin;
	struct node *root;
	enum address_space space; /* of what it leads to, unless that is our own memory */
	unsigned n;
	struct field_step steps[];
};

/* Makes the paths of all nodes of a program that are members, elements or dereferences. */
void field_paths_make(struct arena *a, struct program *program);
/* Returns the path to a part of object, whose own path is made. */
const struct field_path *field_path_part(struct arena *a, struct node *object, struct field_step step);
/* Does it lead to a member, or an element of one that is an array, that the kernel's own BTF has? */
bool field_path_is_kernels(const struct field_path *path);
/* The same of its first n steps, when the last of them is an element. */
bool field_path_is_element(const struct field_path *path, unsigned n);
/* Returns the memory that a plain number points into, where it is used as an address: in a probe of a process
 * or of a system call that is the process's, elsewhere the kernel's. What reads text tries both there, since
 * a script has such numbers from anywhere (str(arg1) of a kernel function that was given a user's string). */
enum address_space number_space(const struct unit *unit, bool is_text);

#endif
