/*
 * Statements, and what writes: assignments, ++ and --, map elements.
 */
#include "codegen/gen.h"

#include <linux/bpf.h>

#define EEXIST_RESULT (-17) /* -EEXIST, as BPF helpers return it */

static void update(
    struct gen *g, struct node *element, LLVMValueRef key, LLVMValueRef value, struct span span)
{
	LLVMValueRef args[4] = { g->maps.v[element->map.map->index], key, value, gen_const(g, BPF_ANY) };
	LLVMValueRef result = gen_call(g, HELPER_MAP_UPDATE, g->i64, args, 4);

	count_failure(g, result, COUNTER_MAP_FULL, element->map.map->index, span);
}

static void add_to(struct gen *g, LLVMValueRef element, LLVMValueRef by, bool per_cpu)
{
	if (per_cpu)
		gen_store64(g, element, LLVMBuildAdd(g->b, gen_load64(g, element), by, ""));
	else
		LLVMBuildAtomicRMW(g->b, LLVMAtomicRMWBinOpAdd, element, by, LLVMAtomicOrderingMonotonic, 0);
}

static LLVMValueRef lookup(struct gen *g, struct node *element, LLVMValueRef key)
{
	LLVMValueRef args[2] = { g->maps.v[element->map.map->index], key };

	return gen_call(g, HELPER_MAP_LOOKUP, g->ptr, args, 2);
}

/*
 * The element does not exist yet: make it with the value fresh, whose word at
 * offset is by. Another CPU may be faster: then add to what it made.
 */
static void insert(struct gen *g, struct node *element, LLVMValueRef key, LLVMValueRef fresh,
    LLVMValueRef offset, LLVMValueRef by)
{
	const struct map *map = element->map.map;
	LLVMValueRef args[4] = { g->maps.v[map->index], key, fresh, gen_const(g, BPF_NOEXIST) }, result, made;
	LLVMBasicBlockRef raced = gen_block(g, "raced"), failed = gen_block(g, "failed"),
			  after = gen_block(g, "after");
	LLVMBasicBlockRef none = gen_block(g, "refused"), missing;

	result = gen_call(g, HELPER_MAP_UPDATE, g->i64, args, 4);
	LLVMBuildCondBr(g->b, LLVMBuildICmp(g->b, LLVMIntSLT, result, gen_const(g, 0), ""), failed, after);
	LLVMPositionBuilderAtEnd(g->b, failed);
	LLVMBuildCondBr(g->b,
	    LLVMBuildICmp(g->b, LLVMIntEQ, result, gen_const(g, (uint64_t)EEXIST_RESULT), ""), raced, none);
	LLVMPositionBuilderAtEnd(g->b, none);
	count_loss(g, COUNTER_MAP_FULL, map->index, element->span);
	LLVMBuildBr(g->b, after);
	LLVMPositionBuilderAtEnd(g->b, raced);
	made = lookup(g, element, key);
	gen_if(g, LLVMBuildIsNotNull(g->b, made, ""), &missing, "made");
	add_to(g, LLVMBuildInBoundsGEP2(g->b, g->i8, made, &offset, 1, ""), by, map->per_cpu);
	gen_go(g, missing);
	gen_go(g, after);
}

LLVMValueRef gen_add_to_element(struct gen *g, struct node *element, LLVMValueRef by)
{
	LLVMValueRef key = gen_key(g, element), old = gen_alloca(g, 8, "old"), fresh = gen_temporary(g, 8),
		     found;
	LLVMBasicBlockRef hit = gen_block(g, "hit"), miss = gen_block(g, "miss"),
			  after = gen_block(g, "after");

	gen_store64(g, old, gen_const(g, 0));
	found = lookup(g, element, key);
	LLVMBuildCondBr(g->b, LLVMBuildIsNotNull(g->b, found, ""), hit, miss);
	LLVMPositionBuilderAtEnd(g->b, hit);
	gen_store64(g, old, gen_load64(g, found));
	add_to(g, found, by, element->map.map->per_cpu);
	LLVMBuildBr(g->b, after);
	LLVMPositionBuilderAtEnd(g->b, miss);
	gen_store64(g, fresh, by);
	insert(g, element, key, fresh, gen_const(g, 0), by);
	LLVMBuildBr(g->b, after);
	LLVMPositionBuilderAtEnd(g->b, after);
	return gen_load64(g, old);
}

void gen_add_to_bucket(struct gen *g, struct node *element, LLVMValueRef offset, uint32_t size)
{
	LLVMValueRef key = gen_key(g, element), fresh, found, one = gen_const(g, 1);
	LLVMBasicBlockRef hit = gen_block(g, "hit"), miss = gen_block(g, "miss"),
			  after = gen_block(g, "after");

	found = lookup(g, element, key);
	LLVMBuildCondBr(g->b, LLVMBuildIsNotNull(g->b, found, ""), hit, miss);
	LLVMPositionBuilderAtEnd(g->b, hit);
	add_to(g, LLVMBuildInBoundsGEP2(g->b, g->i8, found, &offset, 1, ""), one, true);
	LLVMBuildBr(g->b, after);
	LLVMPositionBuilderAtEnd(g->b, miss);
	fresh = gen_temporary(g, size);
	gen_zero(g, fresh, size);
	gen_store64(g, LLVMBuildInBoundsGEP2(g->b, g->i8, fresh, &offset, 1, ""), one);
	insert(g, element, key, fresh, offset, one);
	LLVMBuildBr(g->b, after);
	LLVMPositionBuilderAtEnd(g->b, after);
}

static LLVMValueRef variable_slot(struct gen *g, const struct node *node)
{
	return g->variables[node->variable.variable->index];
}

static void assign_variable(struct gen *g, struct node *node)
{
	const struct node *target = node->assign.target;
	const struct type *type = target->variable.variable->type;
	LLVMValueRef slot = variable_slot(g, target), v;

	if (node->assign.op == OP_NONE) {
		gen_value_to(g, node->assign.value, slot, type);
		return;
	}
	v = gen_value(g, node->assign.value);
	if (type->form == FORM_PTR)
		v = LLVMBuildMul(g->b, v, gen_const(g, type->target->size ? type->target->size : 1), "");
	gen_store(g, type, slot,
	    gen_operate(g, node->assign.op, gen_load(g, type, slot), v,
		type_common(g->program->types, type, node->assign.value->type)->is_signed));
}

static void assign_element(struct gen *g, struct node *node)
{
	struct node *target = node->assign.target;
	const struct map *map = target->map.map;
	LLVMValueRef key, value, v;

	if (node->assign.op == OP_ADD || node->assign.op == OP_SUB) {
		v = gen_value(g, node->assign.value);
		if (map->value->form == FORM_PTR)
			v = LLVMBuildMul(g->b, v,
			    gen_const(g, map->value->target->size ? map->value->target->size : 1), "");
		gen_add_to_element(g, target, node->assign.op == OP_SUB ? LLVMBuildNeg(g->b, v, "") : v);
		return;
	}
	value = gen_temporary(g, (map->value->size + 7) / 8 * 8);
	if (map->value->size % 8)
		gen_zero(g, value, (map->value->size + 7) / 8 * 8);
	if (node->assign.op == OP_NONE) {
		gen_value_to(g, node->assign.value, value, map->value);
	} else {
		LLVMValueRef old = gen_value(g, target);

		gen_store(g, map->value, value,
		    gen_operate(g, node->assign.op, old, gen_value(g, node->assign.value),
			type_common(g->program->types, map->value, node->assign.value->type)->is_signed));
	}
	key = gen_key(g, target);
	gen_place(g, node->span);
	update(g, target, key, value, node->span);
}

void gen_assign(struct gen *g, struct node *node)
{
	struct node *target = node->assign.target;

	if (target->kind == NODE_VARIABLE)
		assign_variable(g, node);
	else if (type_is_aggregation(target->map.map->value))
		gen_value(g, node->assign.value); /* count() and hist() write to their element */
	else
		assign_element(g, node);
}

LLVMValueRef gen_step(struct gen *g, struct node *node)
{
	struct node *target = node->step.target;
	const struct type *type = target->type;
	uint64_t by = type->form == FORM_PTR && type->target->size ? type->target->size : 1;
	LLVMValueRef step = gen_const(g, node->step.down ? -by : by), old, stepped;

	if (target->kind == NODE_MAP) {
		old = gen_add_to_element(g, target, step);
		return node->step.before ? LLVMBuildAdd(g->b, old, step, "") : old;
	}
	type = target->variable.variable->type;
	old = gen_load(g, type, variable_slot(g, target));
	stepped = LLVMBuildAdd(g->b, old, step, "");
	gen_store(g, type, variable_slot(g, target), stepped);
	return node->step.before ? gen_load(g, type, variable_slot(g, target)) : old;
}

static void gen_if_statement(struct gen *g, struct node *node)
{
	LLVMBasicBlockRef yes = gen_block(g, "then"), no = gen_block(g, "else"),
			  after = gen_block(g, "after");

	LLVMBuildCondBr(g->b, gen_truth(g, node->if_.condition), yes, no);
	LLVMPositionBuilderAtEnd(g->b, yes);
	gen_block_statements(g, node->if_.yes);
	if (!gen_ended(g))
		LLVMBuildBr(g->b, after);
	LLVMPositionBuilderAtEnd(g->b, no);
	if (node->if_.no)
		gen_block_statements(g, node->if_.no);
	gen_go(g, after);
}

void gen_return(struct gen *g)
{
	LLVMBuildRet(g->b, gen_const32(g, 0));
	/* What follows can't be reached; LLVM drops it, but it needs a place to be. */
	LLVMPositionBuilderAtEnd(g->b, gen_block(g, "unreachable"));
}

static void statement(struct gen *g, struct node *node)
{
	gen_place(g, node->span);
	switch ((int)node->kind) {
	case NODE_EXPR:
		gen_value(g, node->expr.expr);
		return;
	case NODE_ASSIGN:
		gen_assign(g, node);
		return;
	case NODE_IF:
		gen_if_statement(g, node);
		return;
	case NODE_BLOCK:
		gen_block_statements(g, node->block.statements);
		return;
	case NODE_RETURN:
		gen_return(g);
		return;
	}
	gen_value(g, node); /* an expression as it stands */
}

void gen_block_statements(struct gen *g, struct node *statements)
{
	for (struct node *s = statements; s; s = s->next) {
		uint32_t scratch = g->scratch_top, stack = g->stack_top;

		statement(g, s);
		/* Temporaries die with their statement. */
		g->scratch_top = scratch;
		g->stack_top = stack;
	}
}
