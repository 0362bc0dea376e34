/*
 * Members of the kernel's structs, loaded directly. A trampoline's argument, a return value and the current
 * task are pointers of which the verifier knows the type: what is read through them, from struct to struct,
 * costs an instruction, where bpf_probe_read_kernel() costs a call. The kernel catches a load that faults,
 * but gives 0 without a sign. So what is not 0 has been read; for a 0 the helper is asked (core_read.c),
 * which can tell.
 *
 * Only for the kernel that the script is compiled on, whose BTF says what the verifier will make of a load.
 * Should that refuse one all the same, the script is compiled again without them (runtime/run.c).
 */
#include "codegen/bpf/btf_load.h"

#include "codegen/bpf/core.h"
#include "codegen/bpf/gen.h"
#include "codegen/bpf/helpers.h"
#include "codegen/bpf/memory.h"

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
static uint32_t target_struct(struct function *f, uint32_t pointer)
{
	struct btf_info info;

	btf_info(f->g->program->btf, pointer, &info);
	if (info.shape != BTF_SHAPE_PTR || info.user)
		return 0;
	btf_info(f->g->program->btf, info.target, &info);
	return info.shape == BTF_SHAPE_STRUCT || info.shape == BTF_SHAPE_UNION ? info.id : 0;
}

/* The member's element that holds byte at of a member that may be an array (of arrays); *begin: where it
 * begins. */
static void enter_array(struct function *f, struct btf_info *info, uint32_t at, uint32_t *begin)
{
	while (info->shape == BTF_SHAPE_ARRAY) {
		btf_info(f->g->program->btf, info->target, info);
		if (!info->size)
			return;
		*begin += (at - *begin) / info->size * info->size;
	}
}

/* The member of a struct at byte at, as the kernel finds it: the first that does not end before. False: none.
 */
static bool member_at(struct function *f, const struct btf_info *record, uint32_t at, struct btf_info *info,
    uint32_t *begin, uint32_t *end)
{
	for (uint32_t i = 0; i < record->members; i++) {
		struct btf_member_info m;

		btf_member(f->g->program->btf, record->id, i, &m);
		if (m.bit_size && m.bit_offset / 8 <= at)
			continue;
		*begin = m.bit_offset / 8;
		if (at < *begin)
			return false;
		btf_info(f->g->program->btf, m.type, info);
		*end = *begin + info->size;
		if (at < *end)
			return true;
	}
	return false;
}

static enum walk walk(struct function *f, uint32_t record_id, uint32_t at, uint32_t size, uint32_t *next)
{
	struct btf_info record, info;
	uint32_t begin, end;

	btf_info(f->g->program->btf, record_id, &record);
	for (;;) {
		if (!member_at(f, &record, at, &info, &begin, &end))
			return WALK_REFUSED;
		enter_array(f, &info, at, &begin);
		if (info.shape != BTF_SHAPE_STRUCT && info.shape != BTF_SHAPE_UNION)
			break;
		at -= begin;
		record = info;
	}
	*next = 0;
	if (info.shape == BTF_SHAPE_PTR) {
		*next = target_struct(f, info.id);
		return at == begin && size == 8 ? WALK_POINTER : WALK_REFUSED;
	}
	return info.size && at + size <= end ? WALK_NUMBER : WALK_REFUSED;
}

static const struct typed *find(struct function *f, const struct variable *variable, LLVMValueRef value)
{
	for (size_t i = f->bpf->typed.n; i-- > 0;) {
		const struct typed *t = f->bpf->typed.v[i];

		if (variable ? t->variable == variable : t->value == value)
			return t;
	}
	return NULL;
}

static void note(struct function *f, struct typed row)
{
	struct typed *t = arena_one(f->g->arena, struct typed);

	*t = row;
	vec_push(f->g->arena, &f->bpf->typed, t);
}

/* Each parameter has one slot of the context: not when one is a struct. */
static bool externs_are_plain(struct function *f)
{
	for (uint32_t i = 0; i < f->bpf->attach->n_params; i++) {
		struct btf_info info;
		struct str name;
		uint32_t type;

		btf_param(f->g->program->btf, f->bpf->attach->proto, i, &name, &type);
		btf_info(f->g->program->btf, type, &info);
		if (info.size > 8 || info.shape == BTF_SHAPE_STRUCT || info.shape == BTF_SHAPE_UNION)
			return false;
	}
	return true;
}

static void note_slot(struct function *f, LLVMValueRef value, uint32_t slot, uint32_t type)
{
	uint32_t id = f->g->btf_loads && f->bpf->attach->in_btf ? target_struct(f, type) : 0;

	if (id && externs_are_plain(f))
		note(f, (struct typed){ .value = value, .btf_id = id, .slot = slot });
}

void btf_load_argument(struct function *f, LLVMValueRef value, uint32_t number)
{
	struct str name;
	uint32_t type;

	if (!f->g->btf_loads || !f->bpf->attach->in_btf || number >= f->bpf->attach->n_params)
		return;
	btf_param(f->g->program->btf, f->bpf->attach->proto, number, &name, &type);
	note_slot(f, value, number, type);
}

void btf_load_retval(struct function *f, LLVMValueRef value)
{
	note_slot(f, value, f->bpf->attach->n_params, f->bpf->attach->ret_type);
}

/* The verifier makes a plain number of a pointer that is negated. */
static LLVMValueRef number_of(struct function *f, LLVMValueRef pointer)
{
	LLVMValueRef v = gen_opaque(f, LLVMBuildPtrToInt(f->b, pointer, f->m->i64, ""));

	return LLVMBuildNeg(f->b, gen_opaque(f, LLVMBuildNeg(f->b, v, "")), "");
}

LLVMValueRef btf_load_task(struct function *f, const struct type *type)
{
	LLVMValueRef pointer = gen_call(f, BPF_FUNC_get_current_task_btf, f->m->ptr, NULL, 0),
		     value = number_of(f, pointer);

	note(f, (struct typed){ .value = value, .btf_id = type->target->btf_id, .pointer = pointer });
	return value;
}

bool btf_load_is_known(struct function *f, const struct variable *variable, LLVMValueRef value)
{
	return f->g->btf_loads && find(f, variable, value);
}

void btf_load_assigned(
    struct function *f, const struct variable *variable, const struct variable *from, LLVMValueRef value)
{
	struct typed row = *find(f, from, value);

	row.variable = variable;
	note(f, row);
}

static LLVMValueRef pointer_of(struct function *f, const struct typed *t)
{
	if (t->pointer)
		return t->pointer;
	return gen_volatile(f, f->m->ptr, gen_offset(f, f->bpf->context_arg, 8 * t->slot));
}

void btf_load_done(struct function *f, const struct btf_load *d, LLVMValueRef value)
{
	if (d->pointer && d->btf_id)
		note(f, (struct typed){ .value = value, .btf_id = d->btf_id, .pointer = d->pointer });
}

bool btf_load_goes_along(struct function *f, const struct field_path *path, uint32_t size)
{
	const struct type *root = path->root->type;

	if (!f->g->btf_loads || size > 8 || !path->n || path->begin != PATH_POINTER ||
	    root->form != FORM_PTR || root->space != SPACE_KERNEL || !root->target->btf_id)
		return false;
	for (unsigned i = 0; i < path->n; i++) {
		const struct member *m = path->steps[i].member;

		if (!m || m->record->defined || m->bit_size)
			return false;
	}
	return true;
}

static uint32_t offset_of(const struct field_path *path)
{
	uint32_t offset = 0;

	for (unsigned i = 0; i < path->n; i++)
		offset += path->steps[i].member->bit_offset / 8;
	return offset;
}

void btf_load_member(struct function *f, const struct field_path *path, const struct variable *variable,
    LLVMValueRef root, const struct type *type, struct btf_load *d)
{
	const struct typed *t = find(f, variable, root);
	enum walk found;
	LLVMValueRef at;

	*d = (struct btf_load){ 0 };
	if (!t || t->btf_id != path->root->type->target->btf_id)
		return;
	found = walk(f, t->btf_id, offset_of(path), type->size, &d->btf_id);
	if (found == WALK_REFUSED)
		return;
	at = core_pointer(f, path, path->n, pointer_of(f, t));
	if (found == WALK_NUMBER) {
		d->value = gen_extend(f, type, gen_volatile(f, gen_int_type(f, type->size), at));
		return;
	}
	d->pointer = gen_volatile(f, f->m->ptr, at);
	d->value = number_of(f, d->pointer);
}
