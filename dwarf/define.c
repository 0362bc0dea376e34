/*
 * Types as scripts define them, each member placed where the compiler has put it. A record is defined behind
 * those that it holds, and those that it only points to may come later.
 */
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "dwarf/dwarf.h"

#define DIMENSIONS_MAX 8
/* Who follows pointers so far in a script? What is behind that many records is void. */
#define RECORDS_MAX 5000

struct record {
	Dwarf_Die die;
	char *name;
	bool defined;
};

static struct records {
	struct record *v;
	size_t n, room;
} records;

static void *more(void *p, size_t n, size_t size)
{
	void *out = reallocarray(p, n, size);

	if (!out) {
		message("no memory for the types of a program");
		exit(1);
	}
	return out;
}

/* Returns how much of a name could be one in C: of "vector<int>" the first six letters. */
static size_t identifier_length(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

	return name && (*name < '0' || *name > '9') ? strspn(name, letters) : 0;
}

static bool is_identifier(const char *name)
{
	size_t n = identifier_length(name);

	return n && !name[n];
}

static bool is_taken(const char *name)
{
	for (size_t i = 0; i < records.n; i++)
		if (strcmp(records.v[i].name, name) == 0)
			return true;
	return false;
}

/* Returns the record's own name, when it is one in C and no other has it: several units may each have a
 * struct node. */
static char *new_name(const char *wanted)
{
	size_t n = identifier_length(wanted);
	char *name = NULL;

	if (is_identifier(wanted) && !is_taken(wanted))
		name = strdup(wanted);
	else if (asprintf(&name, "%.*s__%zu", n ? (int)n : 7, n ? wanted : "unnamed", records.n) < 0)
		name = NULL;
	if (!name) {
		message("no memory for the types of a program");
		exit(1);
	}
	return name;
}

/* Returns the record's number, or RECORDS_MAX. typedef_name: what it is called when it has no tag. */
static size_t record_number(Dwarf_Die *die, const char *typedef_name)
{
	const char *name = dwarf_diename(die);

	for (size_t i = 0; i < records.n; i++)
		if (dwarf_dieoffset(&records.v[i].die) == dwarf_dieoffset(die) &&
		    records.v[i].die.cu == die->cu)
			return i;
	if (records.n == RECORDS_MAX)
		return RECORDS_MAX;
	if (records.n == records.room) {
		records.room = records.room ? 2 * records.room : 64;
		records.v = more(records.v, records.room, sizeof(*records.v));
	}
	records.v[records.n] = (struct record){ .die = *die, .name = new_name(name ? name : typedef_name) };
	return records.n++;
}

static const char *tag_of(Dwarf_Die *record)
{
	return dwarf_tag(record) == DW_TAG_union_type ? "union" : "struct";
}

static const char *integer(Dwarf_Word size, bool is_signed)
{
	switch (size) {
	case 1:
		return is_signed ? "int8" : "uint8";
	case 2:
		return is_signed ? "int16" : "uint16";
	case 4:
		return is_signed ? "int32" : "uint32";
	}
	return is_signed ? "int64" : "uint64";
}

static const char *floating(Dwarf_Word size)
{
	return size == sizeof(float) ? "float" : size == sizeof(double) ? "double" : "long double";
}

/* Those of two numbers, real and imaginary part, are arrays. */
static bool is_complex(Dwarf_Die *type)
{
	Dwarf_Word encoding = 0;

	die_number(type, DW_AT_encoding, &encoding);
	return encoding == DW_ATE_complex_float;
}

static Dwarf_Word number_size(Dwarf_Die *type)
{
	return is_complex(type) ? die_size(type) / 2 : die_size(type);
}

static const char *base_type(Dwarf_Die *type)
{
	Dwarf_Word encoding = 0;

	die_number(type, DW_AT_encoding, &encoding);
	if (is_float(type))
		return floating(number_size(type));
	if (encoding == DW_ATE_boolean)
		return "bool";
	if (die_size(type) == 1 && (encoding == DW_ATE_signed_char || encoding == DW_ATE_unsigned_char)) {
		const char *name = dwarf_diename(type);

		/* Only what is called so is text. */
		if (name && strcmp(name, "char") == 0)
			return "char";
	}
	return integer(die_size(type), encoding == DW_ATE_signed || encoding == DW_ATE_signed_char);
}

static const char *enumeration(Dwarf_Die *type)
{
	Dwarf_Word encoding = DW_ATE_unsigned;
	Dwarf_Die base;

	if (die_plain_type(type, &base))
		die_number(&base, DW_AT_encoding, &encoding);
	return integer(die_size(type), encoding == DW_ATE_signed || encoding == DW_ATE_signed_char);
}

/* A declaration is taken apart: into what the type is made of, and what stands around the name. */
struct declaration {
	Dwarf_Die base;
	bool is_void;
	const char *typedef_name; /* of the base, for a record without a tag */
	unsigned stars, n;
	Dwarf_Word sizes[DIMENSIONS_MAX];
};

static void peel(struct declaration *d, Dwarf_Die *from)
{
	Dwarf_Die at;

	d->typedef_name = NULL;
	d->is_void = !die_type(from, &at);
	while (!d->is_void) {
		if (dwarf_tag(&at) == DW_TAG_typedef)
			d->typedef_name = dwarf_diename(&at);
		else if (dwarf_tag(&at) != DW_TAG_const_type && dwarf_tag(&at) != DW_TAG_volatile_type &&
			 dwarf_tag(&at) != DW_TAG_restrict_type && dwarf_tag(&at) != DW_TAG_atomic_type)
			break;
		d->is_void = !die_type(&at, &at);
	}
	if (!d->is_void)
		dwarf_peel_type(&at, &d->base);
}

static void take_dimensions(struct declaration *d)
{
	Dwarf_Die child;
	Dwarf_Word n;

	if (dwarf_child(&d->base, &child) != 0)
		return;
	do {
		if (dwarf_tag(&child) != DW_TAG_subrange_type || d->n == DIMENSIONS_MAX)
			continue;
		if (die_number(&child, DW_AT_upper_bound, &n))
			n++;
		else if (!die_number(&child, DW_AT_count, &n))
			n = 0;
		d->sizes[d->n++] = n;
	} while (dwarf_siblingof(&child, &child) == 0);
}

/* What else there is of 2 or 16 bytes is not what a script has: __bf16, __float128. */
static bool is_known_float(Dwarf_Die *type)
{
	Dwarf_Word size = number_size(type);

	return size == sizeof(float) || size == sizeof(double) || is_long_double(type);
}

static bool is_arithmetic(Dwarf_Die *type)
{
	Dwarf_Word size = die_size(type);

	if (is_float(type))
		return is_known_float(type);
	return (dwarf_tag(type) == DW_TAG_base_type || dwarf_tag(type) == DW_TAG_enumeration_type) &&
	       (size == 1 || size == 2 || size == 4 || size == 8);
}

static void declare(struct declaration *d, Dwarf_Die *from)
{
	*d = (struct declaration){ 0 };
	peel(d, from);
	while (!d->is_void && dwarf_tag(&d->base) == DW_TAG_array_type) {
		take_dimensions(d);
		peel(d, &d->base);
	}
	while (!d->is_void && is_pointer(&d->base)) {
		d->stars++;
		peel(d, &d->base);
	}
	if (!d->is_void && !d->stars && is_arithmetic(&d->base) && is_complex(&d->base) &&
	    d->n < DIMENSIONS_MAX)
		d->sizes[d->n++] = 2;
	if (d->is_void || is_record(&d->base) || is_arithmetic(&d->base))
		return;
	/* Pointers to arrays and functions; what scripts do not have is so many bytes. */
	if (!d->stars && d->n < DIMENSIONS_MAX)
		d->sizes[d->n++] = die_size(&d->base);
	d->is_void = true;
}

static void define_record(size_t number, FILE *out);

static void print_base(struct declaration *d, FILE *out)
{
	size_t number;

	if (!d->is_void && is_record(&d->base)) {
		number = record_number(&d->base, d->typedef_name);
		if (number < RECORDS_MAX)
			fprintf(out, "%s %s ", tag_of(&d->base), records.v[number].name);
		else
			fputs(d->stars ? "void " : "uint8 ", out);
	} else if (d->is_void) {
		fputs(d->stars ? "void " : "uint8 ", out);
	} else {
		fprintf(out, "%s ",
		    dwarf_tag(&d->base) == DW_TAG_enumeration_type ? enumeration(&d->base)
								   : base_type(&d->base));
	}
}

static void print_declaration(struct declaration *d, const char *name, FILE *out)
{
	print_base(d, out);
	for (unsigned i = 0; i < d->stars; i++)
		fputc('*', out);
	fputs(name, out);
	for (unsigned i = 0; i < d->n; i++)
		fprintf(out, "[%llu]", (unsigned long long)d->sizes[i]);
}

static void print_members(Dwarf_Die *record, Dwarf_Word from, FILE *out);

/* The members of a base class, and of a record without a name, are the outer one's. */
static void print_member(Dwarf_Die *member, Dwarf_Word from, FILE *out)
{
	const char *name = dwarf_diename(member);
	struct declaration d;
	Dwarf_Word bits, width;

	if (!member_place(member, &bits))
		return;
	declare(&d, member);
	if (!name && !d.is_void && !d.stars && !d.n && is_record(&d.base)) {
		print_members(&d.base, from + bits, out);
		return;
	}
	if (!is_identifier(name))
		return;
	print_declaration(&d, name, out);
	if (die_number(member, DW_AT_bit_size, &width))
		fprintf(out, " : %llu", (unsigned long long)width);
	fprintf(out, " __attribute__((btrun_placed(%llu)));\n", (unsigned long long)(from + bits));
}

static void each_member(Dwarf_Die *record, void (*each)(Dwarf_Die *member, Dwarf_Word from, FILE *out),
    Dwarf_Word from, FILE *out)
{
	Dwarf_Die child;

	if (dwarf_child(record, &child) != 0)
		return;
	do
		if (dwarf_tag(&child) == DW_TAG_member || dwarf_tag(&child) == DW_TAG_inheritance)
			each(&child, from, out);
	while (dwarf_siblingof(&child, &child) == 0);
}

static void print_members(Dwarf_Die *record, Dwarf_Word from, FILE *out)
{
	each_member(record, print_member, from, out);
}

static void define_held(Dwarf_Die *member, Dwarf_Word from, FILE *out)
{
	struct declaration d;
	size_t number;

	declare(&d, member);
	if (d.is_void || d.stars || !is_record(&d.base))
		return;
	if (!dwarf_diename(member) && !d.n) {
		each_member(&d.base, define_held, 0, out);
		return;
	}
	number = record_number(&d.base, d.typedef_name);
	if (number < RECORDS_MAX)
		define_record(number, out);
}

/* What is only declared in the unit has no members: its name is known, as of something to point to. */
static void define_record(size_t number, FILE *out)
{
	Dwarf_Die die = records.v[number].die;

	if (records.v[number].defined)
		return;
	records.v[number].defined = true;
	if (die_flag(&die, DW_AT_declaration))
		return;
	each_member(&die, define_held, 0, out);
	fprintf(out, "%s %s {\n", tag_of(&die), records.v[number].name);
	print_members(&die, 0, out);
	fprintf(
	    out, "} __attribute__((btrun_sized(%llu), aligned(1)));\n", (unsigned long long)die_size(&die));
}

struct arguments {
	struct parameter_places places;
	FILE *out;
};

static void define_type_of(void *context, Dwarf_Die *parameter)
{
	define_held(parameter, 0, ((struct arguments *)context)->out);
}

/* A record that is passed by value is known by its size alone: no place has all of it. */
static void print_argument(void *context, Dwarf_Die *parameter)
{
	struct arguments *a = context;
	const char *name = dwarf_diename(parameter);
	struct declaration d;
	Dwarf_Die type;
	unsigned place = die_plain_type(parameter, &type) ? places_next(&a->places, &type) : ARCH_NOWHERE;

	if (!is_identifier(name))
		return;
	declare(&d, parameter);
	print_declaration(&d, name, a->out);
	fprintf(a->out, " __attribute__((btrun_placed(%u)));\n", 64 * place);
}

/* The function returns a number: it is the member of a struct of its own. */
static void print_returned(Dwarf_Die *function, FILE *out)
{
	struct declaration d;

	declare(&d, function);
	if (d.is_void || d.stars || d.n || !is_arithmetic(&d.base) || is_float(&d.base))
		return;
	fputs("struct btrun_returned {\n", out);
	print_declaration(&d, "value", out);
	fputs(";\n};\n", out);
}

void print_variable(Dwarf_Die *variable, FILE *out)
{
	struct declaration d;

	define_held(variable, 0, out);
	declare(&d, variable);
	fputs("struct btrun_variable {\n", out);
	print_declaration(&d, "value", out);
	fputs(";\n};\n", out);
	/* More are found on the way. */
	for (size_t i = 0; i < records.n; i++)
		define_record(i, out);
}

void print_definitions(const struct arch *arch, Dwarf_Die *function, FILE *out)
{
	struct arguments a = { places_begin(arch, function), out };

	print_returned(function, out);
	each_parameter(function, define_type_of, &a);
	fputs("struct btrun_args {\n", out);
	each_parameter(function, print_argument, &a);
	fputs("};\n", out);
	/* More are found on the way. */
	for (size_t i = 0; i < records.n; i++)
		define_record(i, out);
}
