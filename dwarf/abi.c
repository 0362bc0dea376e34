/*
 * "System V Application Binary Interface, AMD64 Architecture Processor Supplement", 3.2.3 Parameter Passing.
 */
#include "dwarf/dwarf.h"

#define WORD 8
/* A record above this goes by the stack. */
#define IN_REGISTERS 16

static bool is_float(Dwarf_Die *type)
{
	Dwarf_Word encoding = 0;

	die_number(type, DW_AT_encoding, &encoding);
	return dwarf_tag(type) == DW_TAG_base_type &&
	       (encoding == DW_ATE_float || encoding == DW_ATE_complex_float ||
		   encoding == DW_ATE_imaginary_float);
}

/* Sets a bit for each of the two words that a general register would hold. */
static void classify(Dwarf_Die *type, Dwarf_Word at, unsigned *words)
{
	Dwarf_Die child, part;
	Dwarf_Word bits;

	if (dwarf_tag(type) == DW_TAG_array_type && die_plain_type(type, &part)) {
		Dwarf_Word size = die_size(&part);

		for (Dwarf_Word i = 0; size && i + size <= die_size(type); i += size)
			classify(&part, at + i, words);
		return;
	}
	if (!is_record(type)) {
		for (Dwarf_Word i = at; i < at + die_size(type) && i < IN_REGISTERS && !is_float(type); i++)
			*words |= 1u << i / WORD;
		return;
	}
	if (dwarf_child(type, &child) != 0)
		return;
	do
		if ((dwarf_tag(&child) == DW_TAG_member || dwarf_tag(&child) == DW_TAG_inheritance) &&
		    member_place(&child, &bits) && die_plain_type(&child, &part))
			classify(&part, at + bits / 8, words);
	while (dwarf_siblingof(&child, &child) == 0);
}

/* C++ hands over the address of what has a destructor or copy constructor of its own. */
static bool by_reference(Dwarf_Die *type)
{
	Dwarf_Word convention;

	return die_number(type, DW_AT_calling_convention, &convention) &&
	       convention == DW_CC_pass_by_reference;
}

static unsigned on_stack(struct places *p, Dwarf_Word size)
{
	unsigned slot = p->slots;

	p->slots += (unsigned)((size + WORD - 1) / WORD);
	return slot;
}

static unsigned take_word(struct places *p)
{
	return p->used < REGISTERS ? p->used++ : REGISTERS + on_stack(p, WORD);
}

/* Those of several registers can't be shown as one value: they only take their places. */
static void take_record(struct places *p, Dwarf_Die *type, Dwarf_Word size)
{
	unsigned words = 0, wanted;

	classify(type, 0, &words);
	wanted = (words & 1) + (words >> 1 & 1);
	if (size > IN_REGISTERS || (wanted && p->used + wanted > REGISTERS))
		on_stack(p, size);
	else
		p->used += wanted;
}

struct places places_begin(Dwarf_Die *function)
{
	struct places p = { 0 };
	Dwarf_Die type;

	/* The caller says where a large result is to be. */
	if (die_plain_type(function, &type) && is_record(&type) &&
	    (die_size(&type) > IN_REGISTERS || by_reference(&type)))
		p.used = 1;
	return p;
}

unsigned places_next(struct places *p, Dwarf_Die *type)
{
	Dwarf_Word size = die_size(type);

	if (is_record(type) && by_reference(type)) {
		take_word(p);
		return NOWHERE;
	}
	if (is_float(type)) {
		if (size > WORD) /* long double */
			on_stack(p, size);
		return NOWHERE;
	}
	if (!is_record(type) && size <= WORD)
		return take_word(p);
	take_record(p, type, size);
	return NOWHERE;
}
