/* Types as C writes them, with the names of typedefs. */
#include "dwarf/dwarf.h"

#define DEPTH_MAX 16

static void print_type(Dwarf_Die *type, unsigned depth, FILE *out);

static void print_target(Dwarf_Die *type, unsigned depth, FILE *out)
{
	Dwarf_Die target;

	if (die_type(type, &target) && depth < DEPTH_MAX)
		print_type(&target, depth + 1, out);
	else
		fputs("void ", out);
}

static void print_type(Dwarf_Die *type, unsigned depth, FILE *out)
{
	const char *name = dwarf_diename(type);

	switch (dwarf_tag(type)) {
	case DW_TAG_const_type:
		fputs("const ", out);
		/* fall through */
	case DW_TAG_volatile_type:
	case DW_TAG_restrict_type:
	case DW_TAG_atomic_type:
		print_target(type, depth, out);
		return;
	case DW_TAG_pointer_type:
		print_target(type, depth, out);
		fputc('*', out);
		return;
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		print_target(type, depth, out);
		fputc('&', out);
		return;
	case DW_TAG_subroutine_type:
		fputs("void ", out);
		return;
	case DW_TAG_structure_type:
		fputs("struct ", out);
		break;
	case DW_TAG_union_type:
		fputs("union ", out);
		break;
	case DW_TAG_enumeration_type:
		fputs("enum ", out);
		break;
	}
	fprintf(out, "%s ", name ? name : "(unnamed)");
}

static void print_one(void *context, Dwarf_Die *parameter)
{
	const char *name = dwarf_diename(parameter);
	FILE *out = context;

	print_target(parameter, 0, out);
	fprintf(out, "%s\n", name ? name : "(unnamed)");
}

void print_parameters(Dwarf_Die *function, FILE *out)
{
	each_parameter(function, print_one, out);
}
