/*
 * Elements of maps, and what writes to these and to variables: assignments, ++ and --.
 */
#include "codegen/lower/assign.h"

#include "base/round.h"
#include "codegen/bpf/btf_load.h"
#include "codegen/bpf/core.h"
#include "codegen/bpf/generations.h"
#include "codegen/bpf/helpers.h"
#include "codegen/bpf/loss_counters.h"
#include "codegen/bpf/map_upsert.h"
#include "codegen/bpf/memory.h"
#include "codegen/bpf/percpu.h"
#include "codegen/llvm/blocks.h"
#include "codegen/lower/expr.h"
#include "codegen/lower/load_cse.h"
#include "codegen/lower/member.h"
#include "codegen/lower/operate.h"

/* Keys are compared byte by byte by the kernel, so every byte of them is written. */
LLVMValueRef gen_key(struct function *f, struct node *node)
{
	const struct type *key = node->map.map->key;
	uint32_t size = key ? round_8(key->size) : 8, i = 0;
	LLVMValueRef to = gen_temporary(f, size);

	gen_zero(f, to, size);
	if (!key && node->map.map->is_reset)
		gen_store64(f, to, generation_of(f, node->map.map));
	for (struct node *k = node->map.keys; k && key; k = k->next, i++)
		gen_value_to(f, k, gen_offset(f, to, key->offsets[i]), key->items[i]);
	return to;
}

static LLVMValueRef element_value(
    struct function *f, const struct map *map, LLVMValueRef key, LLVMValueRef to)
{
	LLVMValueRef args[2] = { NULL, key }, element, v = NULL;
	const struct type *type = map->value;
	LLVMBasicBlockRef after, before, found;
	struct map_use use;

	if (type_is_aggregation(type)) {
		map_use_begin(f, map, NULL, &use);
		args[0] = use.map;
		return map_use_end(f, &use, gen_aggregate_value(f, type, args));
	}
	element = map_call(f, BPF_FUNC_map_lookup_elem, f->m->ptr, map, NULL, args, 2);
	if (to)
		gen_zero(f, to, type->size);
	before = LLVMGetInsertBlock(f->b);
	gen_if(f, LLVMBuildIsNotNull(f->b, element, ""), &after, "found");
	if (to)
		gen_copy(f, to, element, type->size);
	else
		v = gen_load(f, type, element);
	found = LLVMGetInsertBlock(f->b);
	gen_go(f, after);
	return to ? NULL : gen_either(f, gen_const(f, 0), before, v, found);
}

LLVMValueRef gen_map_value(struct function *f, struct node *node, LLVMValueRef to)
{
	LLVMValueRef v = to ? NULL : load_cse_read(f, node), key;

	if (v)
		return v;
	key = gen_key(f, node);
	gen_place(f, node->span);
	v = element_value(f, node->map.map, key, to);
	if (v)
		load_cse_add(f, node, v);
	return v;
}

static void update(
    struct function *f, struct node *element, LLVMValueRef key, LLVMValueRef value, struct span span)
{
	LLVMValueRef args[4] = { NULL, key, value, gen_const(f, BPF_ANY) }, result;
	LLVMBasicBlockRef after;

	result = map_call(f, BPF_FUNC_map_update_elem, f->m->i64, element->map.map, NULL, args, 4);
	gen_if(f, LLVMBuildICmp(f->b, LLVMIntSLT, result, gen_const(f, 0), ""), &after, "refused");
	loss_count_update(f, result, element->map.map->index, span);
	gen_go(f, after);
	load_cse_forget(f, element->map.map);
}

static LLVMValueRef lookup(struct function *f, struct node *element, LLVMValueRef key)
{
	LLVMValueRef args[2] = { NULL, key };

	return map_call(f, BPF_FUNC_map_lookup_elem, f->m->ptr, element->map.map, NULL, args, 2);
}

void gen_element(struct function *f, struct node *element, struct element *e)
{
	LLVMValueRef key = gen_key(f, element), found, made;
	LLVMBasicBlockRef before, inserted;
	struct rare rare;

	load_cse_forget(f, element->map.map);
	found = lookup(f, element, key);
	if (map_kinds[element->map.map->kind].traits & MAP_IS_ARRAY) {
		e->at = found;
		e->absent = LLVMGetInsertBlock(f->b);
		gen_if(f, LLVMBuildIsNotNull(f->b, found, ""), &e->after, "present");
		return;
	}
	before = LLVMGetInsertBlock(f->b);
	gen_if_rare(f, LLVMBuildIsNull(f->b, found, ""), &rare, "missing");
	made = map_upsert_element(f, element->map.map, key, element->span);
	inserted = LLVMGetInsertBlock(f->b);
	gen_end_rare(f, &rare);
	e->at = gen_either(f, found, before, made, inserted);
	e->absent = LLVMGetInsertBlock(f->b);
	gen_if(f, LLVMBuildIsNotNull(f->b, e->at, ""), &e->after, "present");
}

static LLVMValueRef add_to_element(struct function *f, struct node *element, LLVMValueRef by)
{
	LLVMBasicBlockRef present;
	struct element e;
	LLVMValueRef old;

	gen_element(f, element, &e);
	old = gen_load64(f, e.at);
	gen_add_word(f, element->map.map, e.at, by);
	present = LLVMGetInsertBlock(f->b);
	gen_go(f, e.after);
	return gen_either(f, gen_const(f, 0), e.absent, old, present);
}

void gen_add(struct function *f, struct node *element, LLVMValueRef by)
{
	const struct map *map = element->map.map;
	LLVMValueRef key;

	if (!map_upsert_is_call(f, map)) {
		add_to_element(f, element, by);
		return;
	}
	key = gen_load64(f, gen_key(f, element));
	load_cse_forget(f, map);
	map_upsert_add(f, map, key, by, element->span);
}

static LLVMValueRef variable_slot(struct function *f, const struct node *node)
{
	return f->lower->variables[node->variable.variable->index];
}

static bool mentions(const struct node *list, const struct variable *variable)
{
	struct node *children[AST_CHILDREN];

	for (; list; list = list->next) {
		unsigned n = ast_children(list, children);

		if (list->kind == NODE_VARIABLE && list->variable.variable == variable)
			return true;
		for (unsigned i = 0; i < n; i++)
			if (mentions(children[i], variable))
				return true;
	}
	return false;
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

/* A variable has got a value; when it is its only one, what is known of the value holds for the variable. */
static void note_assigned(
    struct function *f, const struct variable *variable, const struct node *from, LLVMValueRef value)
{
	const struct unit *unit = f->lower->unit;

	if (btf_load_is_known(f, gen_variable_of(from), value) &&
	    times_assigned(unit->predicate, variable) + times_assigned(unit->body, variable) == 1)
		btf_load_assigned(f, variable, gen_variable_of(from), value);
}

static void assign_variable(struct function *f, struct node *node)
{
	const struct node *target = node->assign.target;
	const struct type *type = target->variable.variable->type;
	LLVMValueRef slot = variable_slot(f, target), v;

	if (node->assign.op == OP_NONE && !gen_is_scalar(type) &&
	    mentions(node->assign.value, target->variable.variable)) {
		/* "$x = $y ? "a" : $x": not written before it is read. */
		LLVMValueRef value = gen_temporary(f, type->size);

		gen_value_to(f, node->assign.value, value, type);
		gen_copy(f, slot, value, type->size);
		return;
	}
	if (node->assign.op == OP_NONE && type->form == FORM_PTR) {
		v = gen_value(f, node->assign.value);
		gen_store(f, type, slot, v);
		note_assigned(f, target->variable.variable, node->assign.value, v);
		return;
	}
	if (node->assign.op == OP_NONE) {
		gen_value_to(f, node->assign.value, slot, type);
		return;
	}
	v = gen_value(f, node->assign.value);
	if (type->form == FORM_PTR)
		v = LLVMBuildMul(f->b, v, core_stride(f, type->target), "");
	gen_store(f, type, slot,
	    gen_operate(f, node->assign.op, gen_load(f, type, slot), v,
		gen_is_signed(f, node->assign.op, type, node->assign.value->type)));
}

static void assign_element(struct function *f, struct node *node)
{
	struct node *target = node->assign.target;
	const struct map *map = target->map.map;
	LLVMValueRef key, value, v;

	if (node->assign.op == OP_ADD || node->assign.op == OP_SUB) {
		v = gen_value(f, node->assign.value);
		if (map->value->form == FORM_PTR)
			v = LLVMBuildMul(f->b, v, core_stride(f, map->value->target), "");
		gen_add(f, target, node->assign.op == OP_SUB ? LLVMBuildNeg(f->b, v, "") : v);
		return;
	}
	value = gen_temporary(f, round_8(map->value->size));
	if (map->value->size % 8)
		gen_zero(f, value, round_8(map->value->size));
	if (node->assign.op == OP_NONE) {
		gen_value_to(f, node->assign.value, value, map->value);
		key = gen_key(f, target);
	} else {
		v = gen_value(f, node->assign.value);
		key = gen_key(f, target);
		gen_store(f, map->value, value,
		    gen_operate(f, node->assign.op, element_value(f, map, key, NULL), v,
			gen_is_signed(f, node->assign.op, map->value, node->assign.value->type)));
	}
	gen_place(f, node->span);
	update(f, target, key, value, node->span);
}

void gen_assign(struct function *f, struct node *node)
{
	struct node *target = node->assign.target;

	if (target->kind == NODE_VARIABLE)
		assign_variable(f, node);
	else if (type_is_aggregation(target->map.map->value))
		gen_value(f, node->assign.value); /* count(), hist() ... write to their element */
	else
		assign_element(f, node);
}

/* What ++ and -- add. */
static LLVMValueRef step_width(struct function *f, const struct node *node)
{
	struct node *target = node->step.target;
	const struct type *type = target->type;
	LLVMValueRef step = type->form == FORM_PTR ? core_stride(f, type->target) : gen_const(f, 1);

	return node->step.down ? LLVMBuildNeg(f->b, step, "") : step;
}

LLVMValueRef gen_step(struct function *f, struct node *node)
{
	struct node *target = node->step.target;
	const struct type *type;
	LLVMValueRef step = step_width(f, node), old, stepped;

	if (target->kind == NODE_MAP) {
		old = add_to_element(f, target, step);
		return node->step.before ? LLVMBuildAdd(f->b, old, step, "") : old;
	}
	type = target->variable.variable->type;
	old = gen_load(f, type, variable_slot(f, target));
	stepped = LLVMBuildAdd(f->b, old, step, "");
	gen_store(f, type, variable_slot(f, target), stepped);
	return node->step.before ? gen_load(f, type, variable_slot(f, target)) : old;
}

void gen_step_effect(struct function *f, struct node *node)
{
	if (node->step.target->kind == NODE_MAP)
		gen_add(f, node->step.target, step_width(f, node));
	else
		gen_step(f, node);
}
