/*
 * Statements, and what writes: assignments, ++ and --, map elements.
 */
#include "codegen/gen.h"

#include <linux/bpf.h>

static void update(
    struct gen *g, struct node *element, LLVMValueRef key, LLVMValueRef value, struct span span)
{
	LLVMValueRef args[4] = { g->maps.v[element->map.map->index], key, value, gen_const(g, BPF_ANY) };
	LLVMValueRef result = gen_call(g, HELPER_MAP_UPDATE, g->i64, args, 4);
	LLVMBasicBlockRef after;

	gen_if(g, LLVMBuildICmp(g->b, LLVMIntSLT, result, gen_const(g, 0), ""), &after, "refused");
	loss_count_update(g, result, element->map.map->index, span);
	gen_go(g, after);
	load_cse_forget(g, element->map.map);
}

void gen_add_word(struct gen *g, const struct map *map, LLVMValueRef element, LLVMValueRef by)
{
	if (map_kinds[map->kind].traits & MAP_IS_PER_CPU)
		gen_store64(g, element, LLVMBuildAdd(g->b, gen_load64(g, element), by, ""));
	else
		LLVMBuildAtomicRMW(g->b, LLVMAtomicRMWBinOpAdd, element, by, LLVMAtomicOrderingMonotonic, 0);
}

static LLVMValueRef lookup(struct gen *g, struct node *element, LLVMValueRef key)
{
	LLVMValueRef args[2] = { g->maps.v[element->map.map->index], key };

	return gen_call(g, HELPER_MAP_LOOKUP, g->ptr, args, 2);
}

void gen_element(struct gen *g, struct node *element, struct element *e)
{
	LLVMValueRef key = gen_key(g, element), found, made;
	LLVMBasicBlockRef before, inserted;
	struct rare rare;

	load_cse_forget(g, element->map.map);
	found = lookup(g, element, key);
	if (map_kinds[element->map.map->kind].traits & MAP_IS_ARRAY) {
		e->at = found;
		e->absent = LLVMGetInsertBlock(g->b);
		gen_if(g, LLVMBuildIsNotNull(g->b, found, ""), &e->after, "present");
		return;
	}
	before = LLVMGetInsertBlock(g->b);
	gen_if_rare(g, LLVMBuildIsNull(g->b, found, ""), &rare, "missing");
	made = map_upsert_element(g, element->map.map, key, element->span);
	inserted = LLVMGetInsertBlock(g->b);
	gen_end_rare(g, &rare);
	e->at = gen_either(g, found, before, made, inserted);
	e->absent = LLVMGetInsertBlock(g->b);
	gen_if(g, LLVMBuildIsNotNull(g->b, e->at, ""), &e->after, "present");
}

LLVMValueRef gen_add_to_element(struct gen *g, struct node *element, LLVMValueRef by)
{
	LLVMBasicBlockRef present;
	struct element e;
	LLVMValueRef old;

	gen_element(g, element, &e);
	old = gen_load64(g, e.at);
	gen_add_word(g, element->map.map, e.at, by);
	present = LLVMGetInsertBlock(g->b);
	gen_go(g, e.after);
	return gen_either(g, gen_const(g, 0), e.absent, old, present);
}

static LLVMValueRef variable_slot(struct gen *g, const struct node *node)
{
	return g->variables[node->variable.variable->index];
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

static void assign_variable(struct gen *g, struct node *node)
{
	const struct node *target = node->assign.target;
	const struct type *type = target->variable.variable->type;
	LLVMValueRef slot = variable_slot(g, target), v;

	if (node->assign.op == OP_NONE && !gen_is_scalar(type) &&
	    mentions(node->assign.value, target->variable.variable)) {
		/* "$x = $y ? "a" : $x": not written before it is read. */
		LLVMValueRef value = gen_temporary(g, type->size);

		gen_value_to(g, node->assign.value, value, type);
		gen_copy(g, slot, value, type->size);
		return;
	}
	if (node->assign.op == OP_NONE && type->form == FORM_PTR) {
		v = gen_value(g, node->assign.value);
		gen_store(g, type, slot, v);
		btf_load_assigned(g, target->variable.variable, node->assign.value, v);
		return;
	}
	if (node->assign.op == OP_NONE) {
		gen_value_to(g, node->assign.value, slot, type);
		return;
	}
	v = gen_value(g, node->assign.value);
	if (type->form == FORM_PTR)
		v = LLVMBuildMul(g->b, v, core_stride(g, node->assign.target, type->target), "");
	gen_store(g, type, slot,
	    gen_operate(g, node->assign.op, gen_load(g, type, slot), v,
		gen_is_signed(g, node->assign.op, type, node->assign.value->type)));
}

static void assign_element(struct gen *g, struct node *node)
{
	struct node *target = node->assign.target;
	const struct map *map = target->map.map;
	LLVMValueRef key, value, v;

	if (node->assign.op == OP_ADD || node->assign.op == OP_SUB) {
		v = gen_value(g, node->assign.value);
		if (map->value->form == FORM_PTR)
			v = LLVMBuildMul(g->b, v, core_stride(g, target, map->value->target), "");
		map_upsert_sum(g, target, node->assign.op == OP_SUB ? LLVMBuildNeg(g->b, v, "") : v);
		return;
	}
	value = gen_temporary(g, round_8(map->value->size));
	if (map->value->size % 8)
		gen_zero(g, value, round_8(map->value->size));
	if (node->assign.op == OP_NONE) {
		gen_value_to(g, node->assign.value, value, map->value);
		key = gen_key(g, target);
	} else {
		v = gen_value(g, node->assign.value);
		key = gen_key(g, target);
		gen_store(g, map->value, value,
		    gen_operate(g, node->assign.op, gen_element_value(g, map, key, NULL), v,
			gen_is_signed(g, node->assign.op, map->value, node->assign.value->type)));
	}
	gen_place(g, node->span);
	update(g, target, key, value, node->span);
}

void gen_assign(struct gen *g, struct node *node)
{
	struct node *target = node->assign.target;

	if (target->kind == NODE_VARIABLE)
		assign_variable(g, node);
	else if (type_is_aggregation(target->map.map->value))
		gen_value(g, node->assign.value); /* count(), hist() ... write to their element */
	else
		assign_element(g, node);
}

/* What ++ and -- add. */
static LLVMValueRef step_width(struct gen *g, const struct node *node)
{
	struct node *target = node->step.target;
	const struct type *type = target->type;
	LLVMValueRef step = type->form == FORM_PTR ? core_stride(g, target, type->target) : gen_const(g, 1);

	return node->step.down ? LLVMBuildNeg(g->b, step, "") : step;
}

LLVMValueRef gen_step(struct gen *g, struct node *node)
{
	struct node *target = node->step.target;
	const struct type *type;
	LLVMValueRef step = step_width(g, node), old, stepped;

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

/* What follows can't be reached; LLVM drops it, but it needs a place to be. */
static void leave(struct gen *g)
{
	LLVMPositionBuilderAtEnd(g->b, gen_block(g, "unreachable"));
}

void gen_return(struct gen *g)
{
	LLVMBuildRet(g->b, gen_const32(g, 0));
	leave(g);
}

static void jump(struct gen *g, LLVMBasicBlockRef to)
{
	LLVMBuildBr(g->b, to);
	leave(g);
}

static void loop_body(struct gen *g, struct node *body, LLVMBasicBlockRef next, LLVMBasicBlockRef after)
{
	LLVMBasicBlockRef outer_next = g->loop_next, outer_after = g->loop_after;

	g->loop_next = next;
	g->loop_after = after;
	gen_block_statements(g, body->block.statements);
	g->loop_next = outer_next;
	g->loop_after = outer_after;
	if (!gen_ended(g))
		LLVMBuildBr(g->b, next);
	LLVMPositionBuilderAtEnd(g->b, after);
}

/* A plain loop: the verifier walks through its rounds, so it has to see that they end (5.3). */
static void gen_while(struct gen *g, struct node *node)
{
	LLVMBasicBlockRef head = gen_block(g, "while"), body = gen_block(g, "body"),
			  after = gen_block(g, "after");

	load_cse_forget(g, NULL);
	gen_go(g, head);
	LLVMBuildCondBr(g->b, gen_truth(g, node->while_.condition), body, after);
	LLVMPositionBuilderAtEnd(g->b, body);
	loop_body(g, node->while_.body, head, after);
}

/* for $i : from..to { }: to is computed once, $i is the body's own to change. */
static void gen_range(struct gen *g, struct node *node)
{
	LLVMBasicBlockRef head = gen_block(g, "for"), body = gen_block(g, "body"),
			  next = gen_block(g, "next"), after = gen_block(g, "after");
	LLVMValueRef variable = g->variables[node->range.variable->variable.variable->index];
	LLVMValueRef i = gen_alloca(g, 8, "i"), end = gen_alloca(g, 8, "end"), more;

	gen_store64(g, i, gen_value(g, node->range.from));
	gen_store64(g, end, gen_value(g, node->range.to));
	load_cse_forget(g, NULL);
	gen_go(g, head);
	more = LLVMBuildICmp(g->b, LLVMIntSLT, gen_load64(g, i), gen_load64(g, end), "");
	LLVMBuildCondBr(g->b, more, body, after);
	LLVMPositionBuilderAtEnd(g->b, next);
	gen_store64(g, i, LLVMBuildAdd(g->b, gen_load64(g, i), gen_const(g, 1), ""));
	LLVMBuildBr(g->b, head);
	LLVMPositionBuilderAtEnd(g->b, body);
	gen_store64(g, variable, gen_load64(g, i));
	loop_body(g, node->range.body, next, after);
}

/* An expression as a statement: its value goes nowhere. */
static void gen_effect(struct gen *g, struct node *node)
{
	if (node->kind == NODE_STEP && node->step.target->kind == NODE_MAP)
		map_upsert_sum(g, node->step.target, step_width(g, node));
	else if (gen_is_scalar(node->type) || node->type->form == FORM_VOID)
		gen_value(g, node);
	else
		gen_value_to(g, node, gen_temporary(g, node->type->size), node->type);
}

static void statement(struct gen *g, struct node *node)
{
	gen_place(g, node->span);
	switch ((int)node->kind) {
	case NODE_EXPR:
		gen_effect(g, node->expr.expr);
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
	case NODE_WHILE:
		gen_while(g, node);
		return;
	case NODE_RANGE:
		gen_range(g, node);
		return;
	case NODE_BREAK:
		jump(g, g->loop_after);
		return;
	case NODE_CONTINUE:
		jump(g, g->loop_next);
		return;
	case NODE_RETURN:
		gen_return(g);
		return;
	}
	gen_effect(g, node); /* an expression as it stands */
}

void gen_block_statements(struct gen *g, struct node *statements)
{
	size_t typed = g->typed.n;

	for (struct node *s = statements; s; s = s->next) {
		uint32_t scratch = g->scratch_top, stack = g->stack_top;

		statement(g, s);
		/* Temporaries die with their statement. */
		g->scratch_top = scratch;
		g->stack_top = stack;
	}
	/* What was assigned here need not have been, behind it. */
	g->typed.n = typed;
}
