/* Elements of maps, and what writes to these and to variables. */
#ifndef BTRUN_CODEGEN_LOWER_ASSIGN_H
#define BTRUN_CODEGEN_LOWER_ASSIGN_H

#include "codegen/lower/state.h"

/* Gives the key of a map element, packed. */
LLVMValueRef gen_key(struct function *f, struct node *node);
/* Gives the value of a map element (NODE_MAP), or writes it to the memory at to. */
LLVMValueRef gen_map_value(struct function *f, struct node *node, LLVMValueRef to);

/* A map's element, made of zeros when it is not there. The builder is then where it is present;
 * gen_go(after) leaves that. */
struct element {
	LLVMValueRef at;
	LLVMBasicBlockRef after;
	LLVMBasicBlockRef absent; /* from where after is reached when there is none */
};

void gen_element(struct function *f, struct node *element, struct element *e);
/* Adds to an element, whose old value nobody asks for. */
void gen_add(struct function *f, struct node *element, LLVMValueRef by);
void gen_assign(struct function *f, struct node *node);
/* Makes ++ or --; the expression's value. */
LLVMValueRef gen_step(struct function *f, struct node *node);
/* The same as a statement: its value goes nowhere. */
void gen_step_effect(struct function *f, struct node *node);

#endif
