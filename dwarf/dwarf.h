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

/* function.c: a file with its debugging information, that of a separate debug file too. */
struct file {
	Dwfl *dwfl;
	Dwfl_Module *module;
	Dwarf *dwarf;
};

/* False when the file cannot be read; dwarf is NULL when it has no debugging information. */
bool file_open(struct file *f, const char *path);
void file_close(struct file *f);
/* The function of that (mangled) name. */
bool file_find(struct file *f, const char *name, Dwarf_Die *function);
/* Has the compiler given it another way of being called, so that nobody can say where its arguments are? */
bool is_called_otherwise(Dwarf_Die *function, const char *name);
/* Calls each() with the parameters in their order. */
void each_parameter(Dwarf_Die *function, void (*each)(void *context, Dwarf_Die *parameter), void *context);

/* die.c: attributes, looked for also where a DIE says that it comes from. */
bool die_type(Dwarf_Die *die, Dwarf_Die *type);
/* Without typedefs and qualifiers. False: void. */
bool die_plain_type(Dwarf_Die *die, Dwarf_Die *type);
bool die_number(Dwarf_Die *die, unsigned name, Dwarf_Word *number);
bool die_flag(Dwarf_Die *die, unsigned name);
bool is_record(Dwarf_Die *type);
bool is_pointer(Dwarf_Die *type);
/* Of a type, in bytes. */
Dwarf_Word die_size(Dwarf_Die *type);
/* Where a member lies in its record, in bits. False: that is not constant, or it is none of each object. */
bool member_place(Dwarf_Die *member, Dwarf_Word *bits);

/* abi.c: where the arguments are at a function's entry, as the System V ABI of x86-64 says. */
#define REGISTERS 6
#define NOWHERE 255 /* in vector registers, or in several places */

struct places {
	unsigned used;  /* registers */
	unsigned slots; /* 8 bytes each, behind the return address */
};

/* Before the first parameter. */
struct places places_begin(Dwarf_Die *function);
/* 0-5: that register of rdi rsi rdx rcx r8 r9; 6 on: that slot on the stack; NOWHERE. */
unsigned places_next(struct places *p, Dwarf_Die *type);

/* define.c: the types as definitions that scripts could have */
void print_definitions(Dwarf_Die *function, FILE *out);

/* list.c: the parameters as C writes them */
void print_parameters(Dwarf_Die *function, FILE *out);

#endif
