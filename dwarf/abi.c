/* What a calling convention asks of a type, read off its description. */
#include "dwarf/dwarf.h"

#define WORD 8
#define WORDS 32 /* as many as struct arch_type has bits for */

static bool is_float(Dwarf_Die *type)
{
	Dwarf_Word encoding = 0;

	die_number(type, DW_AT_encoding, &encoding);
	return dwarf_tag(type) == DW_TAG_base_type &&
	       (encoding == DW_ATE_float || encoding == DW_ATE_complex_float ||
		   encoding == DW_ATE_imaginary_float);
}

/* Sets a bit for each word in which the type has something else than a float. */
static void classify(Dwarf_Die *type, Dwarf_Word at, uint32_t *words)
{
	Dwarf_Die child, part;
	Dwarf_Word bits;

	if (dwarf_tag(type) == DW_TAG_array_type && die_plain_type(type, &part)) {
		Dwarf_Word size = die_size(&part);

		for (Dwarf_Word i = 0; size && i + size <= die_size(type) && at + i < WORDS * WORD; i += size)
			classify(&part, at + i, words);
		return;
	}
	if (!is_record(type)) {
		for (Dwarf_Word i = at; i < at + die_size(type) && i < WORDS * WORD && !is_float(type); i++)
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

static struct arch_type type_for_call(Dwarf_Die *type)
{
	struct arch_type t = {
		.size = die_size(type),
		.is_record = is_record(type),
		.is_float = is_float(type),
		.by_reference = by_reference(type),
	};

	classify(type, 0, &t.general);
	return t;
}

struct parameter_places places_begin(const struct arch *arch, Dwarf_Die *function)
{
	struct parameter_places p = { .arch = arch };
	struct arch_type result = { 0 };
	Dwarf_Die type;

	if (die_plain_type(function, &type))
		result = type_for_call(&type);
	if (arch)
		arch->place_result(&p.taken, &result);
	return p;
}

unsigned places_next(struct parameter_places *p, Dwarf_Die *type)
{
	struct arch_type parameter = type_for_call(type);

	return p->arch ? p->arch->place_parameter(&p->taken, &parameter) : ARCH_NOWHERE;
}
