/*
 * Members of the kernel's structs, loaded directly. A trampoline's argument, a return value and the current
 * task are pointers of which the verifier knows the type: what is read through them, from struct to struct,
 * costs an instruction, where bpf_probe_read_kernel() costs a call. The kernel catches a load that faults,
 * but gives 0 without a sign. So what is not 0 has been read; for a 0 the helper is asked (core.c), which can
 * tell.
 *
 * Only for the kernel that the script is compiled on, whose BTF says what the verifier will make of a load.
 * Should that refuse one all the same, the script is compiled again without them (runtime/run.c).
 */
#include "codegen/gen.h"

/* A value that is a pointer to a struct as the verifier knows it too. */
struct typed {
	LLVMValueRef value;              /* i64: the same as a number */
	const struct variable *variable; /* that has the value; NULL: none */
	uint32_t btf_id;                 /* of the struct */
	LLVMValueRef pointer;            /* NULL: it is loaded from the context, where it stays */
	uint32_t slot;
};

/* What kernel/bpf/btf.c, btf_struct_walk(), makes of a load. */
enum walk { WALK_REFUSED, WALK_NUMBER, WALK_POINTER };

/* The struct that a pointer points to; 0: no struct, or none that may be looked into. */
static uint32_t target_struct(struct gen *g, uint32_t pointer)
{
	struct btf_info info;

	btf_info(g->program->btf, pointer, &info);
	if (info.shape != BTF_SHAPE_PTR || info.user)
		return 0;
	btf_info(g->program->btf, info.target, &info);
	return info.shape == BTF_SHAPE_STRUCT || info.shape == BTF_SHAPE_UNION ? info.id : 0;
}

/* The member's element that holds byte at of a member that may be an array (of arrays); *begin: where it
 * begins. */
static void enter_array(struct gen *g, struct btf_info *info, uint32_t at, uint32_t *begin)
{
	while (info->shape == BTF_SHAPE_ARRAY) {
		btf_info(g->program->btf, info->target, info);
		if (!info->size)
			return;
		*begin += (at - *begin) / info->size * info->size;
	}
}

/* The member of a struct at byte at, as the kernel finds it: the first that does not end before. False: none.
 */
static bool member_at(struct gen *g, const struct btf_info *record, uint32_t at, struct btf_info *info,
    uint32_t *begin, uint32_t *end)
{
	for (uint32_t i = 0; i < record->members; i++) {
		struct btf_member_info m;

		btf_member(g->program->btf, record->id, i, &m);
		if (m.bit_size && m.bit_offset / 8 <= at)
			continue;
		*begin = m.bit_offset / 8;
		if (at < *begin)
			return false;
		btf_info(g->program->btf, m.type, info);
		*end = *begin + info->size;
		if (at < *end)
			return true;
	}
	return false;
}

static enum walk walk(struct gen *g, uint32_t record_id, uint32_t at, uint32_t size, uint32_t *next)
{
	struct btf_info record, info;
	uint32_t begin, end;

	btf_info(g->program->btf, record_id, &record);
	for (;;) {
		if (!member_at(g, &record, at, &info, &begin, &end))
			return WALK_REFUSED;
		enter_array(g, &info, at, &begin);
		if (info.shape != BTF_SHAPE_STRUCT && info.shape != BTF_SHAPE_UNION)
			break;
		at -= begin;
		record = info;
	}
	*next = 0;
	if (info.shape == BTF_SHAPE_PTR) {
		*next = target_struct(g, info.id);
		return at == begin && size == 8 ? WALK_POINTER : WALK_REFUSED;
	}
	return info.size && at + size <= end ? WALK_NUMBER : WALK_REFUSED;
}

/* The pointer that node's members start from. NULL: not only named members lie in between. */
static struct node *root_of(struct node *node, uint32_t *offset)
{
	*offset = 0;
	for (;;) {
		if (node->kind != NODE_MEMBER || node->member.member->record->defined ||
		    node->member.member->bit_size)
			return NULL;
		*offset += node->member.member->bit_offset / 8;
		node = node->member.object;
		if (node->type->form == FORM_PTR)
			return node->type->space == SPACE_KERNEL ? node : NULL;
		if (node->type->form != FORM_STRUCT && node->type->form != FORM_UNION)
			return NULL;
	}
}

static const struct typed *find(struct gen *g, const struct node *root, LLVMValueRef value)
{
	while (root->kind == NODE_CAST && root->cast.operand->type->size == 8)
		root = root->cast.operand;
	for (size_t i = g->typed.n; i-- > 0;) {
		const struct typed *t = g->typed.v[i];

		if (root->kind == NODE_VARIABLE ? t->variable == root->variable.variable : t->value == value)
			return t;
	}
	return NULL;
}

static void note(struct gen *g, struct typed row)
{
	struct typed *t = arena_one(g->arena, struct typed);

	*t = row;
	vec_push(g->arena, &g->typed, t);
}

/* Each parameter has one slot of the context: not when one is a struct. */
static bool externs_are_plain(struct gen *g)
{
	for (uint32_t i = 0; i < g->attach->n_params; i++) {
		struct btf_info info;
		struct str name;
		uint32_t type;

		btf_param(g->program->btf, g->attach->proto, i, &name, &type);
		btf_info(g->program->btf, type, &info);
		if (info.size > 8 || info.shape == BTF_SHAPE_STRUCT || info.shape == BTF_SHAPE_UNION)
			return false;
	}
	return true;
}

static void note_slot(struct gen *g, LLVMValueRef value, uint32_t slot, uint32_t type)
{
	uint32_t id = g->btf_loads && g->attach->in_btf ? target_struct(g, type) : 0;

	if (id && externs_are_plain(g))
		note(g, (struct typed){ .value = value, .btf_id = id, .slot = slot });
}

void btf_load_argument(struct gen *g, LLVMValueRef value, uint32_t number)
{
	struct str name;
	uint32_t type;

	if (!g->btf_loads || !g->attach->in_btf || number >= g->attach->n_params)
		return;
	btf_param(g->program->btf, g->attach->proto, number, &name, &type);
	note_slot(g, value, number, type);
}

void btf_load_retval(struct gen *g, LLVMValueRef value)
{
	note_slot(g, value, g->attach->n_params, g->attach->ret_type);
}

/* The verifier makes a plain number of a pointer that is negated. */
static LLVMValueRef number_of(struct gen *g, LLVMValueRef pointer)
{
	LLVMValueRef v = gen_opaque(g, LLVMBuildPtrToInt(g->b, pointer, g->i64, ""));

	return LLVMBuildNeg(g->b, gen_opaque(g, LLVMBuildNeg(g->b, v, "")), "");
}

LLVMValueRef btf_load_task(struct gen *g, const struct type *type)
{
	LLVMValueRef pointer = gen_call(g, HELPER_CURRENT_TASK_BTF, g->ptr, NULL, 0),
		     value = number_of(g, pointer);

	note(g, (struct typed){ .value = value, .btf_id = type->target->btf_id, .pointer = pointer });
	return value;
}

static uint32_t times_assigned(const struct node *list, const struct variable *variable)
{
	struct node *children[AST_CHILDREN];
	uint32_t times = 0;

	for (; list; list = list->next) {
		const struct node *target = list->kind == NODE_ASSIGN  ? list->assign.target
					    : list->kind == NODE_STEP  ? list->step.target
					    : list->kind == NODE_RANGE ? list->range.variable
								       : NULL;
		unsigned n = ast_children(list, children);

		times += target && target->kind == NODE_VARIABLE && target->variable.variable == variable;
		for (unsigned i = 0; i < n; i++)
			times += times_assigned(children[i], variable);
	}
	return times;
}

void btf_load_assigned(
    struct gen *g, const struct variable *variable, const struct node *from, LLVMValueRef value)
{
	const struct typed *t =
	    g->btf_loads && variable->type->form == FORM_PTR ? find(g, from, value) : NULL;
	struct typed row;

	if (!t || times_assigned(g->unit->predicate, variable) + times_assigned(g->unit->body, variable) != 1)
		return;
	row = *t;
	row.variable = variable;
	note(g, row);
}

static LLVMValueRef pointer_of(struct gen *g, const struct typed *t)
{
	if (t->pointer)
		return t->pointer;
	return gen_volatile(g, g->ptr, gen_offset(g, g->context_arg, 8 * t->slot));
}

bool btf_load_member(struct gen *g, struct node *node, struct btf_load *d)
{
	const struct typed *t;
	uint32_t offset, size = node->type->size;
	enum walk found;
	LLVMValueRef at;

	*d = (struct btf_load){ .root = g->btf_loads && size <= 8 ? root_of(node, &offset) : NULL };
	if (!d->root || !d->root->type->target->btf_id)
		return false;
	d->base = gen_value(g, d->root);
	t = find(g, d->root, d->base);
	if (!t || t->btf_id != d->root->type->target->btf_id)
		return true;
	found = walk(g, t->btf_id, offset, size, &d->btf_id);
	if (found == WALK_REFUSED)
		return true;
	at = core_pointer_from(g, node, d->root, pointer_of(g, t));
	if (found == WALK_NUMBER) {
		d->value = core_extend(g, node->type, gen_volatile(g, gen_int_type(g, size), at));
		return true;
	}
	d->pointer = gen_volatile(g, g->ptr, at);
	d->value = number_of(g, d->pointer);
	return true;
}

void btf_load_done(struct gen *g, const struct btf_load *d, LLVMValueRef value)
{
	if (d->pointer && d->btf_id)
		note(g, (struct typed){ .value = value, .btf_id = d->btf_id, .pointer = d->pointer });
}

/* An iterator's object may be none: the verifier wants to see that asked of the very pointer that is used. */
static LLVMValueRef present(struct gen *g, LLVMValueRef object, LLVMBasicBlockRef missing)
{
	LLVMBasicBlockRef there = gen_block(g, "there");

	LLVMBuildCondBr(g->b, LLVMBuildIsNull(g->b, object, ""), missing, there);
	LLVMPositionBuilderAtEnd(g->b, there);
	return object;
}

LLVMValueRef btf_load_pointer(struct gen *g, struct node *node, LLVMBasicBlockRef missing)
{
	struct node *root;
	LLVMValueRef at;

	if (node->kind != NODE_MEMBER)
		return LLVMBuildIntToPtr(g->b, gen_value(g, node), g->ptr, "");
	if (node->member.object->type->form == FORM_ARGS && g->program_kind == PROGRAM_iter)
		return present(
		    g, LLVMBuildIntToPtr(g->b, args_iter_load(g, node->member.member), g->ptr, ""), missing);
	if (node->member.object->type->form == FORM_ARGS)
		return args_typed_load(g, node->member.member);
	for (root = node->member.object; root->type->form != FORM_PTR && root->kind == NODE_MEMBER;)
		root = root->member.object;
	at = core_pointer_from(g, node, root, btf_load_pointer(g, root, missing));
	return node->type->form == FORM_PTR ? gen_volatile(g, g->ptr, at) : at;
}
