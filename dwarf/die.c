#include "dwarf/dwarf.h"

bool die_type(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;

	return dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &attribute), type) != NULL;
}

/* Whoever refers to a class of another unit by its signature has an empty one here. */
static void follow_signature(Dwarf_Die *type)
{
	Dwarf_Attribute attribute;
	Dwarf_Die whole;

	if (dwarf_hasattr(type, DW_AT_signature) &&
	    dwarf_formref_die(dwarf_attr(type, DW_AT_signature, &attribute), &whole))
		*type = whole;
}

bool die_plain_type(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Die at;

	if (!die_type(die, &at) || dwarf_peel_type(&at, type) != 0)
		return false;
	follow_signature(type);
	return true;
}

bool die_number(Dwarf_Die *die, unsigned name, Dwarf_Word *number)
{
	Dwarf_Attribute attribute;

	return dwarf_attr_integrate(die, name, &attribute) && dwarf_formudata(&attribute, number) == 0;
}

bool die_flag(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	bool flag = false;

	return dwarf_attr_integrate(die, name, &attribute) && dwarf_formflag(&attribute, &flag) == 0 && flag;
}

bool is_record(Dwarf_Die *type)
{
	switch (dwarf_tag(type)) {
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
		return true;
	}
	return false;
}

bool is_pointer(Dwarf_Die *type)
{
	switch (dwarf_tag(type)) {
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		return true;
	}
	return false;
}

bool is_float(Dwarf_Die *type)
{
	Dwarf_Word encoding = 0;

	die_number(type, DW_AT_encoding, &encoding);
	return dwarf_tag(type) == DW_TAG_base_type &&
	       (encoding == DW_ATE_float || encoding == DW_ATE_complex_float ||
		   encoding == DW_ATE_imaginary_float);
}

Dwarf_Word die_size(Dwarf_Die *type)
{
	Dwarf_Word size;

	return dwarf_aggregate_size(type, &size) == 0 ? size : 0;
}

/* Older compilers give a program that adds a constant to the record's address. */
static bool member_bytes(Dwarf_Die *member, Dwarf_Word *bytes)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t n;

	*bytes = 0;
	if (!dwarf_attr_integrate(member, DW_AT_data_member_location, &attribute) ||
	    dwarf_formudata(&attribute, bytes) == 0)
		return true;
	if (dwarf_getlocation(&attribute, &ops, &n) != 0 || n != 1 || ops[0].atom != DW_OP_plus_uconst)
		return false;
	*bytes = ops[0].number;
	return true;
}

bool member_place(Dwarf_Die *member, Dwarf_Word *bits)
{
	Dwarf_Word bytes, first, width, unit;
	Dwarf_Die type;

	if (die_flag(member, DW_AT_declaration) || die_flag(member, DW_AT_external))
		return false;
	if (die_number(member, DW_AT_data_bit_offset, bits))
		return true;
	if (!member_bytes(member, &bytes))
		return false;
	*bits = 8 * bytes;
	/* DWARF 2 and 3 count from the highest bit of a unit. */
	if (die_number(member, DW_AT_bit_offset, &first) && die_number(member, DW_AT_bit_size, &width)) {
		if (!die_number(member, DW_AT_byte_size, &unit))
			unit = die_plain_type(member, &type) ? die_size(&type) : 0;
		*bits += 8 * unit - first - width;
	}
	return true;
}
