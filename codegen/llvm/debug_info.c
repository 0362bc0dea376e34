#include "codegen/llvm/debug_info.h"

#include <string.h>

#define MEMBERS_MAX (1u << 20) /* of one record, with a global each: no program has as many instructions */

LLVMMetadataRef describe_int(struct module *m, const char *name, uint32_t bytes, unsigned encoding)
{
	return LLVMDIBuilderCreateBasicType(
	    m->di, name, strlen(name), 8ull * bytes, encoding, LLVMDIFlagZero);
}

/* Returns the member's number among those of its record. */
static unsigned member_number(struct module *m, struct str record, LLVMMetadataRef member)
{
	unsigned number = 0;

	for (size_t i = 0; i < m->members.n; i++) {
		if (!str_eq(m->members.v[i].record, record))
			continue;
		if (m->members.v[i].member == member)
			return number;
		number++;
	}
	vec_push(m->arena, &m->members, ((struct described_member){ record, member }));
	return number;
}

/* Returns a name of its own for each member of a record. LLVM keeps a global for each relocation, under the
 * record's name, what is asked and the answer: members of one name with one answer would share the relocation
 * of the first. Its table is static and knows modules that are gone, so each module has numbers of its own.
 * For libbpf and relocs.c what follows ___ is not part of the name. */
static struct str own_name(struct module *m, struct str record, LLVMMetadataRef member)
{
	unsigned number = record.n ? member_number(m, record, member) + m->attempt * MEMBERS_MAX : 0;

	return number ? str_format(m->arena, "%.*s___%u", STR_ARG(record), number) : record;
}

LLVMMetadataRef describe_record(struct module *m, struct str name, bool is_union, uint32_t size,
    struct str member, uint64_t bit_offset, uint64_t bits, bool bitfield, LLVMMetadataRef inner)
{
	LLVMMetadataRef field = LLVMDIBuilderCreateMemberType(m->di, m->cu, member.p, member.n, m->file, 0,
	    bits, 0, bit_offset, bitfield ? LLVMDIFlagBitField : LLVMDIFlagZero, inner);

	name = own_name(m, name, field);
	if (is_union)
		return LLVMDIBuilderCreateUnionType(m->di, m->cu, name.n ? name.p : "", name.n, m->file, 0,
		    8ull * size, 8, LLVMDIFlagZero, &field, 1, 0, "", 0);
	return LLVMDIBuilderCreateStructType(m->di, m->cu, name.n ? name.p : "", name.n, m->file, 0,
	    8ull * size, 8, LLVMDIFlagZero, NULL, &field, 1, 0, NULL, "", 0);
}

/* types: of the result and the n arguments. */
LLVMMetadataRef describe_function(struct module *m, const char *name, LLVMValueRef function, struct span span,
    LLVMMetadataRef *types, unsigned n)
{
	struct source_pos pos = source_pos(m->map, source_in_script(m->map, span).begin);
	LLVMMetadataRef type =
	    LLVMDIBuilderCreateSubroutineType(m->di, m->file, types, n + 1, LLVMDIFlagZero);
	LLVMBool local = LLVMGetLinkage(function) == LLVMInternalLinkage;
	LLVMMetadataRef scope = LLVMDIBuilderCreateFunction(m->di, m->file, name, strlen(name), name,
	    strlen(name), m->file, pos.line, type, local, 1, pos.line, LLVMDIFlagZero, 0);

	/* The kernel wants names, or it takes none of the object's BTF. */
	for (unsigned i = 1; i <= n; i++)
		LLVMDIBuilderCreateParameterVariable(
		    m->di, scope, "a", 1, i, m->file, pos.line, types[i], 1, LLVMDIFlagZero);
	LLVMSetSubprogram(function, scope);
	return scope;
}

/* Debug information of a global, without which LLVM writes no BTF for it. */
void describe_global(struct module *m, LLVMValueRef global, struct str name, LLVMMetadataRef type, bool local)
{
	LLVMMetadataRef expression = LLVMDIBuilderCreateExpression(m->di, NULL, 0);
	LLVMMetadataRef variable = LLVMDIBuilderCreateGlobalVariableExpression(
	    m->di, m->cu, name.p, name.n, "", 0, m->file, 0, type, local, expression, NULL, 0);

	LLVMGlobalSetMetadata(global, LLVMGetMDKindIDInContext(m->context, "dbg", 3), variable);
}
