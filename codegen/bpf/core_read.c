/*
 * Members of kernel structs: where they lie on the kernel that the image runs on
 * (CO-RE), and reading them.
 *
 * Each access has a struct of its own in the debug information, with the one member
 * that is accessed: that is all CO-RE needs to find it again by name.
 */
#include "codegen/gen.h"

#include <string.h>

#define CHAIN_LIMIT 8

LLVMMetadataRef core_describe_int(struct gen *g, const char *name, uint32_t bytes, unsigned encoding)
{
	return LLVMDIBuilderCreateBasicType(
	    g->di, name, strlen(name), 8ull * bytes, encoding, LLVMDIFlagZero);
}

/* CO-RE compares kinds, and names of what has names. */
LLVMMetadataRef core_describe_type(struct gen *g, const struct type *t)
{
	LLVMMetadataRef range;

	switch ((int)t->form) {
	case FORM_PTR:
		return LLVMDIBuilderCreatePointerType(g->di, NULL, 64, 64, 0, "", 0);
	case FORM_BOOL:
		return core_describe_int(g, "_Bool", t->size, 2);
	case FORM_ENUM:
		return LLVMDIBuilderCreateEnumerationType(g->di, g->cu, t->name.n ? t->name.p : "", t->name.n,
		    g->file, 0, 8ull * t->size, 8 * t->size, NULL, 0,
		    core_describe_int(g, "unsigned int", t->size, 7));
	case FORM_STRUCT:
		return LLVMDIBuilderCreateStructType(g->di, g->cu, t->name.n ? t->name.p : "", t->name.n,
		    g->file, 0, 8ull * t->size, 8, LLVMDIFlagZero, NULL, NULL, 0, 0, NULL, "", 0);
	case FORM_UNION:
		return LLVMDIBuilderCreateUnionType(g->di, g->cu, t->name.n ? t->name.p : "", t->name.n,
		    g->file, 0, 8ull * t->size, 8, LLVMDIFlagZero, NULL, 0, 0, "", 0);
	case FORM_ARRAY:
		range = LLVMDIBuilderGetOrCreateSubrange(g->di, 0, t->elements);
		return LLVMDIBuilderCreateArrayType(
		    g->di, 8ull * t->size, 8, core_describe_type(g, t->target), &range, 1);
	}
	return core_describe_int(g, "int", t->size ? t->size : 1, t->is_signed ? 5 : 7);
}

/* LLVM keeps the globals that stand for relocations in a static table, under the type's name and what is
 * accessed, and so finds those of a module that is gone. For libbpf and relocs.c what follows ___ is not part
 * of the name. */
static struct str name_of_attempt(struct gen *g, struct str name)
{
	return name.n && g->attempt ? str_format(g->arena, "%.*s___%u", STR_ARG(name), g->attempt) : name;
}

LLVMMetadataRef core_describe_record(struct gen *g, struct str name, bool is_union, uint32_t size,
    struct str member, uint64_t bit_offset, uint64_t bits, bool bitfield, LLVMMetadataRef inner)
{
	LLVMMetadataRef field = LLVMDIBuilderCreateMemberType(g->di, g->cu, member.p, member.n, g->file, 0,
	    bits, 0, bit_offset, bitfield ? LLVMDIFlagBitField : LLVMDIFlagZero, inner);

	name = name_of_attempt(g, name);
	if (is_union)
		return LLVMDIBuilderCreateUnionType(g->di, g->cu, name.n ? name.p : "", name.n, g->file, 0,
		    8ull * size, 8, LLVMDIFlagZero, &field, 1, 0, "", 0);
	return LLVMDIBuilderCreateStructType(g->di, g->cu, name.n ? name.p : "", name.n, g->file, 0,
	    8ull * size, 8, LLVMDIFlagZero, NULL, &field, 1, 0, NULL, "", 0);
}

LLVMValueRef core_preserve(struct gen *g, LLVMValueRef base, LLVMMetadataRef record, bool is_union)
{
	LLVMTypeRef both[2] = { g->ptr, g->ptr };
	LLVMValueRef args[3] = { base, gen_const32(g, 0), gen_const32(g, 0) }, call;
	LLVMTypeRef fields[1] = { g->i64 };
	LLVMTypeRef element = LLVMStructTypeInContext(g->context, fields, 1, 0);

	if (is_union) {
		args[1] = gen_const32(g, 0);
		call = gen_intrinsic(g, "llvm.preserve.union.access.index", both, 2, args, 2);
	} else {
		call = gen_intrinsic(g, "llvm.preserve.struct.access.index", both, 2, args, 3);
		unsigned kind = LLVMGetEnumAttributeKindForName("elementtype", 11);
		LLVMAddCallSiteAttribute(call, 1, LLVMCreateTypeAttribute(g->context, kind, element));
	}
	LLVMSetMetadata(call, LLVMGetMDKindIDInContext(g->context, "llvm.preserve.access.index", 26),
	    LLVMMetadataAsValue(g->context, record));
	return call;
}

static bool crosses_pointer(const struct node *member)
{
	return member->member.object->type->form == FORM_PTR;
}

/*
 * The members from the named record down to node's: those of an anonymous record
 * are found again only through the member that has it as its type.
 * Returns the node of the topmost one.
 */
static struct node *chain(struct node *node, struct node *links[CHAIN_LIMIT], unsigned *n)
{
	*n = 0;
	links[(*n)++] = node;
	while (!node->member.member->record->name.n && !node->member.member->record->defined &&
	       !crosses_pointer(node) && node->member.object->kind == NODE_MEMBER && *n < CHAIN_LIMIT) {
		node = node->member.object;
		links[(*n)++] = node;
	}
	return node;
}

/* The preserve calls of a chain, over base (a ptr). */
static LLVMValueRef chain_pointer(struct gen *g, LLVMValueRef base, struct node **links, unsigned n)
{
	LLVMMetadataRef inner = NULL, records[CHAIN_LIMIT];

	for (unsigned i = 0; i < n; i++) {
		const struct member *m = links[i]->member.member;
		uint64_t bits = m->bit_size ? m->bit_size : 8ull * m->type->size;

		inner = inner ? inner : core_describe_type(g, m->type);
		records[i] = inner = core_describe_record(g, m->record->name, m->record->form == FORM_UNION,
		    m->record->size, m->name, m->bit_offset, bits, m->bit_size != 0, inner);
	}
	for (unsigned i = n; i-- > 0;)
		base =
		    core_preserve(g, base, records[i], links[i]->member.member->record->form == FORM_UNION);
	return base;
}

static LLVMValueRef field_info(struct gen *g, LLVMValueRef pointer, enum field_info info)
{
	LLVMValueRef args[2] = { pointer, gen_const(g, info) };
	LLVMValueRef v = gen_intrinsic(g, "llvm.bpf.preserve.field.info", &g->ptr, 1, args, 2);

	return LLVMBuildZExt(g->b, v, g->i64, "");
}

static LLVMValueRef null_base(struct gen *g)
{
	/* Only the relocation matters; a pointer that LLVM knows nothing of keeps it from folding. */
	return g->context_arg;
}

/* Nothing is read there: the intrinsics want a field to speak of. */
static LLVMValueRef element_pointer(struct gen *g, LLVMValueRef array, const struct type *t)
{
	LLVMTypeRef both[2] = { g->ptr, g->ptr };
	LLVMValueRef args[3] = { array, gen_const32(g, 1), gen_const32(g, 0) };
	LLVMValueRef call = gen_intrinsic(g, "llvm.preserve.array.access.index", both, 2, args, 3);
	unsigned kind = LLVMGetEnumAttributeKindForName("elementtype", 11);
	LLVMTypeRef type = LLVMArrayType(LLVMArrayType(g->i8, t->target->size), t->elements);

	LLVMAddCallSiteAttribute(call, 1, LLVMCreateTypeAttribute(g->context, kind, type));
	LLVMSetMetadata(call, LLVMGetMDKindIDInContext(g->context, "llvm.preserve.access.index", 26),
	    LLVMMetadataAsValue(g->context, core_describe_type(g, t)));
	return call;
}

static bool is_kernel_member(const struct node *node)
{
	return node->kind == NODE_MEMBER && node->member.object->type->form != FORM_ARGS &&
	       (node->member.member->record->form == FORM_STRUCT ||
		   node->member.member->record->form == FORM_UNION) &&
	       !node->member.member->record->defined;
}

static bool is_element(const struct node *node)
{
	return node->kind == NODE_INDEX && node->index.object->type->form == FORM_ARRAY &&
	       is_kernel_member(node->index.object);
}

bool core_is_field(const struct node *node)
{
	return is_kernel_member(node) || is_element(node);
}

LLVMValueRef core_field_info(struct gen *g, struct node *node, enum field_info info)
{
	struct node *member = is_element(node) ? node->index.object : node, *links[CHAIN_LIMIT];
	LLVMValueRef at;
	unsigned n;

	chain(member, links, &n);
	at = chain_pointer(g, null_base(g), links, n);
	if (member != node)
		at = element_pointer(g, at, member->type);
	return field_info(g, at, info);
}

LLVMValueRef core_stride(struct gen *g, struct node *object, const struct type *element)
{
	struct node of_array = { .kind = NODE_INDEX, .type = element, .index = { object, NULL } };

	if (g->program->portable && is_element(&of_array))
		return core_field_info(g, &of_array, FIELD_BYTE_SIZE);
	if (g->program->portable && type_is_kernels(element))
		return extern_load(g, EXTERN_type_size, type_kernel_name(g->arena, element));
	/* void * counts bytes. */
	return gen_const(g, element->size ? element->size : 1);
}

enum address_space core_space(const struct gen *g, const struct node *node)
{
	for (;;) {
		const struct node *object;

		if (node->kind == NODE_MEMBER)
			object = node->member.object;
		else if (node->kind == NODE_INDEX)
			object = node->index.object;
		else if (node->kind == NODE_UNARY && node->unary.op == OP_DEREF)
			object = node->unary.operand;
		else
			return SPACE_KERNEL;
		if (object->type->form == FORM_PTR || object->type->form == FORM_ARGS)
			return object->type->space;
		/* *number */
		if (type_is_integer(object->type))
			return g->unit->user_memory ? SPACE_USER : SPACE_KERNEL;
		node = object;
	}
}

/* The address of what node's members start from. */
static LLVMValueRef base_address(struct gen *g, struct node *object)
{
	return object->type->form == FORM_PTR ? gen_value(g, object) : core_address(g, object);
}

static LLVMValueRef member_address(struct gen *g, struct node *node)
{
	struct node *links[CHAIN_LIMIT];
	unsigned n;

	/* What the script has defined itself is laid out as it says, on every kernel. */
	if (node->member.member->record->defined)
		return LLVMBuildAdd(g->b, base_address(g, node->member.object),
		    gen_const(g, node->member.member->bit_offset / 8), "");
	struct node *top = chain(node, links, &n);
	LLVMValueRef base = base_address(g, top->member.object);
	LLVMValueRef offset = field_info(g, chain_pointer(g, null_base(g), links, n), FIELD_BYTE_OFFSET);

	return LLVMBuildAdd(g->b, base, offset, "");
}

/* The same as core_address(), from a pointer on that is known already. */
static LLVMValueRef address_from(struct gen *g, struct node *node, const struct node *root, LLVMValueRef base)
{
	struct node *links[CHAIN_LIMIT];
	LLVMValueRef offset;
	unsigned n;

	if (node == root)
		return base;
	base = address_from(g, chain(node, links, &n)->member.object, root, base);
	offset = field_info(g, chain_pointer(g, null_base(g), links, n), FIELD_BYTE_OFFSET);
	return LLVMBuildAdd(g->b, base, offset, "");
}

LLVMValueRef core_pointer_from(
    struct gen *g, struct node *node, const struct node *root, LLVMValueRef pointer)
{
	struct node *links[CHAIN_LIMIT];
	unsigned n;

	if (node == root)
		return pointer;
	pointer = core_pointer_from(g, chain(node, links, &n)->member.object, root, pointer);
	return chain_pointer(g, pointer, links, n);
}

LLVMValueRef core_address(struct gen *g, struct node *node)
{
	LLVMValueRef base, index;

	gen_place(g, node->span);
	if (node == g->copied)
		return g->copied_address;
	switch ((int)node->kind) {
	case NODE_MEMBER:
		if (node->member.object->type->form == FORM_ARGS)
			return core_value(g, node);
		return member_address(g, node);
	case NODE_INDEX:
		base = base_address(g, node->index.object);
		index = gen_value(g, node->index.index);
		return LLVMBuildAdd(g->b, base,
		    LLVMBuildMul(g->b, index, core_stride(g, node->index.object, node->type), ""), "");
	case NODE_UNARY:
		return gen_value(g, node->unary.operand);
	}
	return gen_value(g, node);
}

static LLVMValueRef read_call(
    struct gen *g, enum helper helper, LLVMValueRef to, LLVMValueRef size, LLVMValueRef address)
{
	LLVMValueRef args[3] = { to, LLVMBuildTrunc(g->b, size, g->i32, ""), address };

	return gen_call(g, helper, g->i64, args, 3);
}

/* Kernel memory first, user memory when that fails: for an address of which only its value is known. */
static LLVMValueRef read_any(struct gen *g, enum helper kernel, enum helper user, LLVMValueRef to,
    LLVMValueRef size, LLVMValueRef address)
{
	LLVMValueRef slot = gen_alloca(g, 8, "read"), first = read_call(g, kernel, to, size, address);
	LLVMBasicBlockRef after;

	gen_store64(g, slot, first);
	gen_if(g, LLVMBuildICmp(g->b, LLVMIntSLT, first, gen_const(g, 0), ""), &after, "user");
	gen_store64(g, slot, read_call(g, user, to, size, address));
	gen_go(g, after);
	return gen_load64(g, slot);
}

static LLVMValueRef read_space(struct gen *g, enum address_space space, enum helper kernel, enum helper user,
    LLVMValueRef to, LLVMValueRef size, LLVMValueRef address)
{
	if (space == SPACE_ANY)
		return read_any(g, kernel, user, to, size, address);
	return read_call(g, space == SPACE_USER ? user : kernel, to, size, address);
}

LLVMValueRef core_read_bytes(struct gen *g, enum address_space space, LLVMValueRef to, LLVMValueRef size,
    LLVMValueRef address, struct span span)
{
	LLVMValueRef result = read_space(g, space, HELPER_READ_KERNEL, HELPER_READ_USER, to, size, address);

	loss_count_failure(g, result, LOSS_read_fault, IMAGE_NONE, span);
	return result;
}

void core_read(struct gen *g, enum address_space space, LLVMValueRef to, uint32_t size, LLVMValueRef address,
    struct span span)
{
	core_read_bytes(g, space, to, gen_const(g, size), address, span);
}

LLVMValueRef core_read_string(
    struct gen *g, enum address_space space, LLVMValueRef to, LLVMValueRef limit, LLVMValueRef address)
{
	LLVMValueRef result =
	    read_space(g, space, HELPER_READ_KERNEL_STR, HELPER_READ_USER_STR, to, limit, address);
	LLVMValueRef empty = LLVMBuildICmp(g->b, LLVMIntEQ, result, gen_const(g, 0), "");

	/* Before 6.13 strncpy_from_user_nofault() of mm/maccess.c does not count the NUL of an empty string.
	 */
	return space != SPACE_KERNEL ? LLVMBuildAdd(g->b, result, LLVMBuildZExt(g->b, empty, g->i64, ""), "")
				     : result;
}

/* The bits of a member, of which its bytes begin at the lowest bit of v. */
static LLVMValueRef cut_bits(struct gen *g, const struct member *m, LLVMValueRef v)
{
	unsigned left = 64 - m->bit_offset % 8 - m->bit_size;

	v = LLVMBuildShl(g->b, v, gen_const(g, left), "");
	return m->type->is_signed ? LLVMBuildAShr(g->b, v, gen_const(g, 64 - m->bit_size), "")
				  : LLVMBuildLShr(g->b, v, gen_const(g, 64 - m->bit_size), "");
}

static uint32_t bit_bytes(const struct member *m)
{
	return (m->bit_offset % 8 + m->bit_size + 7) / 8;
}

static LLVMValueRef defined_bitfield(struct gen *g, struct node *node)
{
	const struct member *m = node->member.member;
	LLVMValueRef address = member_address(g, node), slot = gen_temporary(g, 8);

	gen_store64(g, slot, gen_const(g, 0));
	core_read(g, core_space(g, node), slot, bit_bytes(m), address, node->span);
	return cut_bits(g, m, gen_load64(g, slot));
}

/* The shift that brings the sign along, where the field has one. */
static LLVMValueRef shift_right(struct gen *g, struct node *node, LLVMValueRef v, LLVMValueRef bits)
{
	LLVMValueRef is_signed, with, without;

	/* libbpf calls every enum signed (1.1, bpf_core_calc_field_relo()). */
	if (!g->program->portable || node->type->form == FORM_ENUM)
		return node->type->is_signed ? LLVMBuildAShr(g->b, v, bits, "")
					     : LLVMBuildLShr(g->b, v, bits, "");
	is_signed =
	    LLVMBuildICmp(g->b, LLVMIntNE, core_field_info(g, node, FIELD_SIGNED), gen_const(g, 0), "");
	with = LLVMBuildAShr(g->b, v, bits, "");
	without = LLVMBuildLShr(g->b, v, bits, "");
	return LLVMBuildSelect(g->b, is_signed, with, without, "");
}

/* What goes into a record or a variable has the size that the member had when it was compiled. */
static void note_size(struct gen *g, const struct node *node)
{
	const struct member *m = node->kind == NODE_MEMBER ? node->member.member : NULL;

	if (g->program->portable && m && !m->bit_size && m->record->name.n)
		extern_note(g, EXTERN_member_size,
		    str_format(g->arena, "%.*s:%.*s:%u", STR_ARG(type_kernel_name(g->arena, m->record)),
			STR_ARG(m->name), m->type->size));
}

/* A number of the size that it has on the kernel where the image runs. */
static LLVMValueRef field_value(struct gen *g, struct node *node)
{
	LLVMValueRef address, slot, value, left, right;

	if (node->kind == NODE_MEMBER && node->member.member->record->defined)
		return defined_bitfield(g, node);
	note_size(g, node);
	address = core_address(g, node);
	slot = gen_temporary(g, 8);
	left = core_field_info(g, node, FIELD_LSHIFT);
	right = core_field_info(g, node, FIELD_RSHIFT);
	gen_store64(g, slot, gen_const(g, 0));
	value = read_space(g, core_space(g, node), HELPER_READ_KERNEL, HELPER_READ_USER, slot,
	    core_field_info(g, node, FIELD_BYTE_SIZE), address);
	loss_count_failure(g, value, LOSS_read_fault, IMAGE_NONE, node->span);
	value = LLVMBuildShl(g->b, gen_load64(g, slot), left, "");
	return shift_right(g, node, value, right);
}

/* Of which the size is not certain. */
static bool is_field_value(const struct gen *g, const struct node *node)
{
	if (node->kind == NODE_MEMBER && node->member.member->bit_size)
		return true;
	return g->program->portable && core_is_field(node) && type_is_integer(node->type);
}

LLVMValueRef core_extend(struct gen *g, const struct type *t, LLVMValueRef v)
{
	if (LLVMTypeOf(v) == g->i64)
		return v;
	return t->is_signed ? LLVMBuildSExt(g->b, v, g->i64, "") : LLVMBuildZExt(g->b, v, g->i64, "");
}

/* A value that lies in our own memory: a variable, or what had to be copied to be looked into. */
struct place {
	LLVMValueRef at;     /* NULL: it lies elsewhere */
	uint32_t align;      /* bytes */
	LLVMValueRef inside; /* i1: an index that is not known lies in its array; NULL: yes */
};

static struct place local_place(struct gen *g, struct node *node);

static struct place offset_place(struct gen *g, struct place p, uint32_t offset)
{
	p.at = gen_offset(g, p.at, offset);
	while (offset % p.align)
		p.align /= 2;
	return p;
}

static struct place element_place(struct gen *g, struct node *node, struct place p)
{
	const struct type *array = node->index.object->type;
	LLVMValueRef index = gen_opaque(g, gen_value(g, node->index.index)), inside;
	uint32_t elements = array->form == FORM_ARRAY ? array->elements : array->size;

	inside = LLVMBuildICmp(g->b, LLVMIntULT, index, gen_const(g, elements), "");
	index = LLVMBuildSelect(g->b, inside, index, gen_const(g, 0), "");
	index = LLVMBuildMul(g->b, index, gen_const(g, node->type->size), "");
	p.at = LLVMBuildInBoundsGEP2(g->b, g->i8, p.at, &index, 1, "");
	while (node->type->size % p.align)
		p.align /= 2;
	p.inside = p.inside ? LLVMBuildAnd(g->b, p.inside, inside, "") : inside;
	return p;
}

static struct place copied_place(struct gen *g, struct node *node)
{
	LLVMValueRef at = gen_temporary(g, node->type->size);

	gen_value_to(g, node, at, node->type);
	return (struct place){ .at = at, .align = 8 };
}

static struct place part_of(struct gen *g, struct node *node, struct node *object)
{
	struct place p = { 0 };

	if (object->type->form == FORM_ARGS && node->type->form == FORM_ARRAY)
		return copied_place(g, node);
	if (object->type->form == FORM_PTR || object->type->form == FORM_ARGS)
		return p;
	p = local_place(g, object);
	if (!p.at)
		return p;
	if (node->kind == NODE_INDEX)
		return element_place(g, node, p);
	return offset_place(g, p, node->member.member->bit_offset / 8);
}

static struct place local_place(struct gen *g, struct node *node)
{
	switch ((int)node->kind) {
	case NODE_VARIABLE:
		return (struct place){ .at = g->variables[node->variable.variable->index], .align = 8 };
	case NODE_MEMBER:
		return part_of(g, node, node->member.object);
	case NODE_INDEX:
		return part_of(g, node, node->index.object);
	case NODE_UNARY: /* *pointer */
		return (struct place){ 0 };
	}
	return copied_place(g, node);
}

static LLVMValueRef local_scalar(struct gen *g, struct node *node, struct place p)
{
	const struct member *m = node->kind == NODE_MEMBER ? node->member.member : NULL;
	LLVMValueRef v;

	if (m && m->bit_size) {
		v = gen_const(g, 0);
		for (uint32_t i = 0; i < bit_bytes(m); i++) {
			LLVMValueRef byte = LLVMBuildLoad2(g->b, g->i8, gen_offset(g, p.at, i), "");

			byte = LLVMBuildZExt(g->b, byte, g->i64, "");
			v = LLVMBuildOr(g->b, v, LLVMBuildShl(g->b, byte, gen_const(g, 8 * i), ""), "");
		}
		return cut_bits(g, m, v);
	}
	v = LLVMBuildLoad2(g->b, gen_int_type(g, node->type->size), p.at, "");
	LLVMSetAlignment(v, p.align < node->type->size ? p.align : node->type->size);
	v = core_extend(g, node->type, v);
	return p.inside ? LLVMBuildSelect(g->b, p.inside, v, gen_const(g, 0), "") : v;
}

bool core_is_local(const struct node *node)
{
	const struct node *object = node;

	while (object->kind == NODE_MEMBER || object->kind == NODE_INDEX) {
		const struct node *part = object;

		object = object->kind == NODE_MEMBER ? object->member.object : object->index.object;
		/* An array in a tracepoint's record is copied before it is looked into. */
		if (object->type->form == FORM_ARGS)
			return part != node && part->type->form == FORM_ARRAY;
		if (object->type->form == FORM_PTR)
			return false;
	}
	return object->kind != NODE_UNARY || object->unary.op != OP_DEREF;
}

void core_local_copy(struct gen *g, struct node *node, LLVMValueRef to)
{
	struct place p = local_place(g, node);

	gen_copy_aligned(g, to, p.at, node->type->size, p.align);
}

static LLVMValueRef read_value(struct gen *g, struct node *node, LLVMValueRef address)
{
	uint32_t top = g->stack_top;
	LLVMValueRef slot = gen_temporary(g, 8);

	core_read(g, core_space(g, node), slot, node->type->size, address, node->span);
	g->stack_top = top;
	return gen_load(g, node->type, slot);
}

/* A 0 that was loaded may stand for a fault. */
static LLVMValueRef checked(struct gen *g, struct node *node, const struct btf_load *d)
{
	LLVMBasicBlockRef loaded = LLVMGetInsertBlock(g->b), read;
	struct rare rare;
	LLVMValueRef v;

	gen_if_rare(g, LLVMBuildICmp(g->b, LLVMIntEQ, d->value, gen_const(g, 0), ""), &rare, "zero");
	v = read_value(g, node, address_from(g, node, d->root, d->base));
	read = LLVMGetInsertBlock(g->b);
	gen_end_rare(g, &rare);
	v = gen_either(g, d->value, loaded, v, read);
	btf_load_done(g, d, v);
	return v;
}

LLVMValueRef core_value(struct gen *g, struct node *node)
{
	struct btf_load d;

	gen_place(g, node->span);
	if (node->kind == NODE_MEMBER && node->member.object->type->form == FORM_ARGS)
		return args_value(g, node);
	if (core_is_local(node))
		return local_scalar(g, node, local_place(g, node));
	if (is_field_value(g, node))
		return field_value(g, node);
	if (!btf_load_member(g, node, &d))
		return read_value(g, node, core_address(g, node));
	return d.value ? checked(g, node, &d) : read_value(g, node, address_from(g, node, d.root, d.base));
}
