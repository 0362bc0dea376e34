/*
 * Members, elements and dereferences. Where they lie is a value, made by analysis (analysis/field_path.h);
 * what is left here is to evaluate what such a path begins at, and the numbers of elements.
 */
#include "codegen/lower/member.h"

#include "analysis/field_path.h"
#include "codegen/bpf/args.h"
#include "codegen/bpf/btf_load.h"
#include "codegen/bpf/core.h"
#include "codegen/bpf/core_read.h"
#include "codegen/bpf/memory.h"
#include "codegen/llvm/blocks.h"
#include "codegen/lower/expr.h"

/* The address of what the first n steps of a path lead to. */
static LLVMValueRef address_behind(
    struct function *f, const struct field_path *path, unsigned n, LLVMValueRef root)
{
	const struct node *copied = f->lower->copied;
	unsigned begin;
	LLVMValueRef base;

	if (copied && copied->path && copied->path->n == n && copied->path->root == path->root) {
		gen_place(f, copied->span);
		return f->lower->copied_address;
	}
	if (!n)
		return root ? root : gen_value(f, path->root);
	if (!path->steps[n - 1].member) {
		base = address_behind(f, path, n - 1, root);
		return core_element_address(f, path, n, base, gen_value(f, path->steps[n - 1].index));
	}
	begin = core_run(path, n);
	return core_member_address(f, path, begin, n, address_behind(f, path, begin, root));
}

LLVMValueRef gen_address(struct function *f, struct node *node)
{
	gen_place(f, node->span);
	if (!node->path)
		return gen_value(f, node);
	if (node->path->begin == PATH_ARGS)
		return args_value(f, node->member.member);
	return address_behind(f, node->path, node->path->n, NULL);
}

enum address_space gen_space(const struct node *node)
{
	return node->path ? node->path->space : SPACE_KERNEL;
}

/* A value that lies in our own memory: a variable, or what had to be copied to be looked into. */
struct place {
	LLVMValueRef at;
	uint32_t align;      /* bytes */
	LLVMValueRef inside; /* i1: an index that is not known lies in its array; NULL: yes */
};

static struct place offset_place(struct function *f, struct place p, uint32_t offset)
{
	p.at = gen_offset(f, p.at, offset);
	while (offset % p.align)
		p.align /= 2;
	return p;
}

static struct place element_place(struct function *f, const struct field_step *step, struct place p)
{
	const struct type *array = step->from;
	LLVMValueRef index = gen_opaque(f, gen_value(f, step->index)), inside;
	uint32_t elements = array->form == FORM_ARRAY ? array->elements : array->size;

	inside = LLVMBuildICmp(f->b, LLVMIntULT, index, gen_const(f, elements), "");
	index = LLVMBuildSelect(f->b, inside, index, gen_const(f, 0), "");
	index = LLVMBuildMul(f->b, index, gen_const(f, step->type->size), "");
	p.at = LLVMBuildInBoundsGEP2(f->b, f->m->i8, p.at, &index, 1, "");
	while (step->type->size % p.align)
		p.align /= 2;
	p.inside = p.inside ? LLVMBuildAnd(f->b, p.inside, inside, "") : inside;
	return p;
}

static struct place root_place(struct function *f, struct node *root)
{
	LLVMValueRef at;

	if (root->kind == NODE_VARIABLE)
		return (
		    struct place){ .at = f->lower->variables[root->variable.variable->index], .align = 8 };
	at = gen_temporary(f, root->type->size);
	gen_bytes_to(f, root, at, root->type);
	return (struct place){ .at = at, .align = 8 };
}

static struct place local_place(struct function *f, struct node *node)
{
	const struct field_path *path = node->path;
	struct place p = root_place(f, path ? path->root : node);

	for (unsigned i = 0; path && i < path->n; i++)
		p = path->steps[i].member ? offset_place(f, p, path->steps[i].member->bit_offset / 8)
					  : element_place(f, &path->steps[i], p);
	return p;
}

static LLVMValueRef local_bits(struct function *f, const struct member *m, LLVMValueRef at)
{
	LLVMValueRef v = gen_const(f, 0), byte;

	for (uint32_t i = 0; i < core_bit_bytes(m); i++) {
		byte = LLVMBuildLoad2(f->b, f->m->i8, gen_offset(f, at, i), "");
		byte = LLVMBuildZExt(f->b, byte, f->m->i64, "");
		v = LLVMBuildOr(f->b, v, LLVMBuildShl(f->b, byte, gen_const(f, 8 * i), ""), "");
	}
	return core_cut_bits(f, m, v);
}

static LLVMValueRef local_scalar(struct function *f, struct node *node)
{
	const struct member *m = node->kind == NODE_MEMBER ? node->member.member : NULL;
	struct place p = local_place(f, node);
	LLVMValueRef v;

	if (m && m->bit_size)
		return local_bits(f, m, p.at);
	v = LLVMBuildLoad2(f->b, gen_int_type(f, node->type->size), p.at, "");
	LLVMSetAlignment(v, p.align < node->type->size ? p.align : node->type->size);
	v = gen_extend(f, node->type, v);
	return p.inside ? LLVMBuildSelect(f->b, p.inside, v, gen_const(f, 0), "") : v;
}

bool gen_is_local(const struct node *node)
{
	return !node->path || node->path->begin == PATH_OWN;
}

void gen_local_copy(struct function *f, struct node *node, LLVMValueRef to)
{
	struct place p = local_place(f, node);

	gen_copy_aligned(f, to, p.at, node->type->size, p.align);
}

/* A number of the size that it has on the kernel where the image runs. */
static LLVMValueRef field_value(struct function *f, struct node *node)
{
	const struct member *m = node->kind == NODE_MEMBER ? node->member.member : NULL;

	if (m && m->record->defined)
		return core_read_bits(f, gen_space(node), m, gen_address(f, node), node->span);
	core_note_size(f, node->path);
	return core_read_field(f, node->path, node->type, gen_address(f, node), node->span);
}

/* Is it a number of which the size or the place in its bytes is not certain? */
static bool is_field_value(const struct function *f, const struct node *node)
{
	if (node->kind == NODE_MEMBER && node->member.member->bit_size)
		return true;
	return f->g->program->portable && field_path_is_kernels(node->path) && type_is_integer(node->type);
}

static LLVMValueRef read_value(struct function *f, struct node *node, LLVMValueRef address)
{
	return core_read_scalar(f, gen_space(node), node->type, address, node->span);
}

/* A 0 that was loaded may stand for a fault. */
static LLVMValueRef checked(
    struct function *f, struct node *node, LLVMValueRef root, const struct btf_load *d)
{
	LLVMBasicBlockRef loaded = LLVMGetInsertBlock(f->b), read;
	struct rare rare;
	LLVMValueRef v;

	gen_if_rare(f, LLVMBuildICmp(f->b, LLVMIntEQ, d->value, gen_const(f, 0), ""), &rare, "zero");
	v = read_value(f, node, address_behind(f, node->path, node->path->n, root));
	read = LLVMGetInsertBlock(f->b);
	gen_end_rare(f, &rare);
	v = gen_either(f, d->value, loaded, v, read);
	btf_load_done(f, d, v);
	return v;
}

const struct variable *gen_variable_of(const struct node *node)
{
	while (node->kind == NODE_CAST && node->cast.operand->type->size == 8)
		node = node->cast.operand;
	return node->kind == NODE_VARIABLE ? node->variable.variable : NULL;
}

LLVMValueRef gen_member_value(struct function *f, struct node *node)
{
	struct btf_load d;
	LLVMValueRef root;

	gen_place(f, node->span);
	if (node->path->begin == PATH_ARGS)
		return args_value(f, node->member.member);
	if (gen_is_local(node))
		return local_scalar(f, node);
	if (is_field_value(f, node))
		return field_value(f, node);
	if (!btf_load_goes_along(f, node->path, node->type->size))
		return read_value(f, node, gen_address(f, node));
	root = gen_value(f, node->path->root);
	btf_load_member(f, node->path, gen_variable_of(node->path->root), root, node->type, &d);
	if (d.value)
		return checked(f, node, root, &d);
	return read_value(f, node, address_behind(f, node->path, node->path->n, root));
}

/* An iterator's object may be none: the verifier wants to see that asked of the very pointer that is used. */
static LLVMValueRef present(struct function *f, LLVMValueRef object, LLVMBasicBlockRef missing)
{
	LLVMBasicBlockRef there = gen_block(f, "there");

	LLVMBuildCondBr(f->b, LLVMBuildIsNull(f->b, object, ""), missing, there);
	LLVMPositionBuilderAtEnd(f->b, there);
	return object;
}

static LLVMValueRef args_pointer(struct function *f, const struct member *m, LLVMBasicBlockRef missing)
{
	if (f->bpf->program_kind != PROGRAM_iter)
		return args_typed_load(f, m);
	return present(f, LLVMBuildIntToPtr(f->b, args_iter_load(f, m), f->m->ptr, ""), missing);
}

LLVMValueRef gen_kernel_pointer(struct function *f, struct node *node, LLVMBasicBlockRef missing)
{
	const struct field_path *path = node->path;
	LLVMValueRef at;

	if (node->kind != NODE_MEMBER)
		return LLVMBuildIntToPtr(f->b, gen_value(f, node), f->m->ptr, "");
	if (path->begin == PATH_ARGS)
		return args_pointer(f, node->member.member, missing);
	at = core_pointer(f, path, path->n, gen_kernel_pointer(f, path->root, missing));
	return node->type->form == FORM_PTR ? gen_volatile(f, f->m->ptr, at) : at;
}
