/* What a calling convention asks of a type, read off its description. */
#include <string.h>

#include "dwarf/dwarf.h"

#define WORD 8
#define WORDS 32 /* as many as struct arch_type has bits for */

static void classify(Dwarf_Die *type, Dwarf_Word at, struct arch_type *t);

/* One register for floats takes all of it: the vectors of GNU C, and floats of 16 bytes that are no long
 * double. */
static bool is_vector(Dwarf_Die *type)
{
	const char *name = dwarf_diename(type);
	Dwarf_Word encoding = 0;

	if (dwarf_tag(type) == DW_TAG_array_type)
		return die_flag(type, DW_AT_GNU_vector);
	die_number(type, DW_AT_encoding, &encoding);
	return is_float(type) && encoding == DW_ATE_float && die_size(type) == 2 * WORD && name &&
	       strstr(name, "128");
}

bool is_long_double(Dwarf_Die *type)
{
	const char *name = dwarf_diename(type);

	return is_float(type) && name && strstr(name, "long double");
}

static Dwarf_Word scalar_align(Dwarf_Die *type)
{
	Dwarf_Word size = die_size(type), encoding = 0;

	die_number(type, DW_AT_encoding, &encoding);
	return is_float(type) && encoding == DW_ATE_complex_float ? size / 2 : size;
}

/* Sets the bits of the words that these bytes lie in. */
static void mark(uint32_t *words, Dwarf_Word begin, Dwarf_Word end)
{
	for (Dwarf_Word i = begin / WORD; i * WORD < end && i < WORDS; i++)
		*words |= 1u << i;
}

static void classify_scalar(Dwarf_Die *type, Dwarf_Word at, struct arch_type *t)
{
	Dwarf_Word size = die_size(type), align = scalar_align(type);
	bool vector = is_vector(type);

	t->is_extended |= is_long_double(type);
	t->is_misaligned |= align && at % align != 0;
	t->is_wide |= vector && size > 2 * WORD;
	if (align > t->align)
		t->align = align;
	if (vector || is_float(type))
		mark(&t->floats, at, vector ? at + 1 : at + size);
	else
		mark(&t->general, at, at + size);
}

static void classify_elements(Dwarf_Die *array, Dwarf_Word at, struct arch_type *t)
{
	Dwarf_Die element;
	Dwarf_Word size = die_plain_type(array, &element) ? die_size(&element) : 0;

	for (Dwarf_Word i = 0; size && i + size <= die_size(array) && at + i < WORDS * WORD; i += size)
		classify(&element, at + i, t);
}

static void classify_member(Dwarf_Die *member, Dwarf_Word at, struct arch_type *t)
{
	Dwarf_Word bits, width;
	Dwarf_Die type;

	if (!member_place(member, &bits) || !die_plain_type(member, &type))
		return;
	if (die_number(member, DW_AT_bit_size, &width))
		mark(&t->general, at + bits / 8, at + (bits + width + 7) / 8);
	else
		classify(&type, at + bits / 8, t);
}

static void classify(Dwarf_Die *type, Dwarf_Word at, struct arch_type *t)
{
	Dwarf_Word align;
	Dwarf_Die child;

	if (die_number(type, DW_AT_alignment, &align) && align > t->align)
		t->align = align;
	if (dwarf_tag(type) == DW_TAG_array_type && !is_vector(type)) {
		classify_elements(type, at, t);
		return;
	}
	if (!is_record(type)) {
		classify_scalar(type, at, t);
		return;
	}
	if (dwarf_child(type, &child) != 0)
		return;
	do
		if (dwarf_tag(&child) == DW_TAG_member || dwarf_tag(&child) == DW_TAG_inheritance)
			classify_member(&child, at, t);
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

	classify(type, 0, &t);
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
