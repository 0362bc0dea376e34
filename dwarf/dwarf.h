/*
 * What the files of btrun-dwarf share. Numbers and rules of DWARF are those of its version 5; all of it is
 * read through elfutils' libdw.
 *
 * Ownership: names belong to libdw and live as long as the file is open, or as long as the process.
 */
#ifndef BTRUN_DWARF_DWARF_H
#define BTRUN_DWARF_DWARF_H

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdio.h>

#include "arch/arch.h"

/* function.c: a file comes with its debugging information, that of a separate debug file too. */
struct file {
	Dwfl *dwfl;
	Dwfl_Module *module;
	Dwarf *dwarf;
	const struct arch *arch; /* NULL: btrun does not know how its functions are called */
};

/* Returns false when the file cannot be read; dwarf is NULL when it has no debugging information. */
bool file_open(struct file *f, const char *path);
void file_close(struct file *f);
/* Finds a variable, by the address of its symbol. */
bool file_find_variable(struct file *f, const char *name, Dwarf_Die *variable);
/* Finds the function of that (mangled) name. */
bool file_find(struct file *f, const char *name, Dwarf_Die *function);
/* Has the compiler given it another way of being called, so that nobody can say where its arguments are? */
bool is_called_otherwise(Dwarf_Die *function, const char *name);
/* Calls each() with the parameters in their order. */
void each_parameter(Dwarf_Die *function, void (*each)(void *context, Dwarf_Die *parameter), void *context);

/* die.c: attributes are looked for also where a DIE says that it comes from. */
bool die_type(Dwarf_Die *die, Dwarf_Die *type);
/* Gives the DIE's type without typedefs and qualifiers. False: it is void. */
bool die_plain_type(Dwarf_Die *die, Dwarf_Die *type);
bool die_number(Dwarf_Die *die, unsigned name, Dwarf_Word *number);
bool die_flag(Dwarf_Die *die, unsigned name);
bool is_record(Dwarf_Die *type);
bool is_pointer(Dwarf_Die *type);
bool is_float(Dwarf_Die *type);
/* Of a complex number too that is made of two. */
bool is_long_double(Dwarf_Die *type);
/* Returns the size of a type in bytes, 0 when it has none. */
Dwarf_Word die_size(Dwarf_Die *type);
/* Gives where a member lies in its record, in bits. False: that is not constant, or it is no part of each
 * object. */
bool member_place(Dwarf_Die *member, Dwarf_Word *bits);

/* abi.c finds where the arguments are at a function's entry; arch NULL: nowhere that is known. */
struct parameter_places {
	const struct arch *arch;
	struct arch_places taken;
};

/* Begins before the first parameter, with what the function's result takes. */
struct parameter_places places_begin(const struct arch *arch, Dwarf_Die *function);
/* Returns where the next parameter is, as place_parameter() of struct arch says it. */
unsigned places_next(struct parameter_places *p, Dwarf_Die *type);

/* define.c: prints the types as definitions that scripts could have. */
/* Defines a struct btrun_variable with one member that has the variable's type. */
void print_variable(Dwarf_Die *variable, FILE *out);
void print_definitions(const struct arch *arch, Dwarf_Die *function, FILE *out);

/* list.c: prints the parameters as C writes them. */
void print_parameters(Dwarf_Die *function, FILE *out);

#endif
