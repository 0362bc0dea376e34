/*
 * Statements, and what writes: assignments, ++ and --, map elements.
 */
#include "codegen/lower/stmt.h"

#include <linux/bpf.h>

#include "codegen/bpf/memory.h"
#include "codegen/llvm/blocks.h"
#include "codegen/lower/assign.h"
#include "codegen/lower/expr.h"
#include "codegen/lower/load_cse.h"

static void gen_if_statement(struct function *f, struct node *node)
{
	LLVMBasicBlockRef yes = gen_block(f, "then"), no = gen_block(f, "else"),
			  after = gen_block(f, "after");

	LLVMBuildCondBr(f->b, gen_truth(f, node->if_.condition), yes, no);
	LLVMPositionBuilderAtEnd(f->b, yes);
	gen_block_statements(f, node->if_.yes);
	if (!gen_ended(f))
		LLVMBuildBr(f->b, after);
	LLVMPositionBuilderAtEnd(f->b, no);
	if (node->if_.no)
		gen_block_statements(f, node->if_.no);
	gen_go(f, after);
}

/* What follows can't be reached; LLVM drops it, but it needs a place to be. */
static void leave(struct function *f)
{
	LLVMPositionBuilderAtEnd(f->b, gen_block(f, "unreachable"));
}

void gen_return(struct function *f)
{
	LLVMBuildRet(f->b, gen_const32(f, 0));
	leave(f);
}

static void jump(struct function *f, LLVMBasicBlockRef to)
{
	LLVMBuildBr(f->b, to);
	leave(f);
}

static void loop_body(struct function *f, struct node *body, LLVMBasicBlockRef next, LLVMBasicBlockRef after)
{
	LLVMBasicBlockRef outer_next = f->lower->loop_next, outer_after = f->lower->loop_after;

	f->lower->loop_next = next;
	f->lower->loop_after = after;
	gen_block_statements(f, body->block.statements);
	f->lower->loop_next = outer_next;
	f->lower->loop_after = outer_after;
	if (!gen_ended(f))
		LLVMBuildBr(f->b, next);
	LLVMPositionBuilderAtEnd(f->b, after);
}

/* A plain loop: the verifier walks through its rounds, so it has to see that they end (5.3). */
static void gen_while(struct function *f, struct node *node)
{
	LLVMBasicBlockRef head = gen_block(f, "while"), body = gen_block(f, "body"),
			  after = gen_block(f, "after");

	load_cse_forget(f, NULL);
	gen_go(f, head);
	LLVMBuildCondBr(f->b, gen_truth(f, node->while_.condition), body, after);
	LLVMPositionBuilderAtEnd(f->b, body);
	loop_body(f, node->while_.body, head, after);
}

/* for $i : from..to { }: to is computed once, $i is the body's own to change. */
static void gen_range(struct function *f, struct node *node)
{
	LLVMBasicBlockRef head = gen_block(f, "for"), body = gen_block(f, "body"),
			  next = gen_block(f, "next"), after = gen_block(f, "after");
	LLVMValueRef variable = f->lower->variables[node->range.variable->variable.variable->index];
	LLVMValueRef i = gen_alloca(f, 8, "i"), end = gen_alloca(f, 8, "end"), more;

	gen_store64(f, i, gen_value(f, node->range.from));
	gen_store64(f, end, gen_value(f, node->range.to));
	load_cse_forget(f, NULL);
	gen_go(f, head);
	more = LLVMBuildICmp(f->b, LLVMIntSLT, gen_load64(f, i), gen_load64(f, end), "");
	LLVMBuildCondBr(f->b, more, body, after);
	LLVMPositionBuilderAtEnd(f->b, next);
	gen_store64(f, i, LLVMBuildAdd(f->b, gen_load64(f, i), gen_const(f, 1), ""));
	LLVMBuildBr(f->b, head);
	LLVMPositionBuilderAtEnd(f->b, body);
	gen_store64(f, variable, gen_load64(f, i));
	loop_body(f, node->range.body, next, after);
}

/* An expression as a statement: its value goes nowhere. */
static void gen_effect(struct function *f, struct node *node)
{
	if (node->kind == NODE_STEP)
		gen_step_effect(f, node);
	else if (gen_is_scalar(node->type) || node->type->form == FORM_VOID)
		gen_value(f, node);
	else
		gen_value_to(f, node, gen_temporary(f, node->type->size), node->type);
}

static void statement(struct function *f, struct node *node)
{
	gen_place(f, node->span);
	switch (node->kind) {
	case NODE_EXPR:
		gen_effect(f, node->expr.expr);
		return;
	case NODE_ASSIGN:
		gen_assign(f, node);
		return;
	case NODE_IF:
		gen_if_statement(f, node);
		return;
	case NODE_BLOCK:
		gen_block_statements(f, node->block.statements);
		return;
	case NODE_WHILE:
		gen_while(f, node);
		return;
	case NODE_RANGE:
		gen_range(f, node);
		return;
	case NODE_BREAK:
		jump(f, f->lower->loop_after);
		return;
	case NODE_CONTINUE:
		jump(f, f->lower->loop_next);
		return;
	case NODE_RETURN:
		gen_return(f);
		return;
	case NODE_INT:
	case NODE_STRING:
	case NODE_IDENT:
	case NODE_PARAM:
	case NODE_VARIABLE:
	case NODE_MAP:
	case NODE_CALL:
	case NODE_UNARY:
	case NODE_BINARY:
	case NODE_STEP:
	case NODE_TERNARY:
	case NODE_CAST:
	case NODE_MEMBER:
	case NODE_INDEX:
	case NODE_TUPLE:
	case NODE_SIZEOF:
		gen_effect(f, node); /* an expression as it stands */
		return;
	case NODE_UNROLL: /* analysis has unrolled it */
		return;
	}
}

void gen_block_statements(struct function *f, struct node *statements)
{
	size_t typed = f->bpf->typed.n;

	for (struct node *s = statements; s; s = s->next) {
		uint32_t scratch = f->bpf->scratch_top, stack = f->bpf->stack_top;

		statement(f, s);
		/* Temporaries die with their statement. */
		f->bpf->scratch_top = scratch;
		f->bpf->stack_top = stack;
	}
	/* What was assigned here need not have been, behind it. */
	f->bpf->typed.n = typed;
}
