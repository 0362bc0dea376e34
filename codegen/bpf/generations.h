/*
 * Maps of which there are two, so that the runtime can read one that nobody writes any more and set it back:
 * those that a script clears, or sets to zero, while its programs run. A map with keys is two maps, which an
 * array of maps holds; one without is two elements. Which of the two is written, its generation, is a bit of
 * one word in .bss: the runtime turns it over, and a program reads it once.
 */
#ifndef BTRUN_CODEGEN_BPF_GENERATIONS_H
#define BTRUN_CODEGEN_BPF_GENERATIONS_H

#include "codegen/bpf/gen.h"
#include "codegen/bpf/helpers.h"

/* Is it two maps? */
bool map_is_two(const struct map *map);
/* Gives the generation of a map that is reset: 0 or 1, throughout a program the same. */
LLVMValueRef generation_of(struct function *f, const struct map *map);
/* Reads the word, at the beginning of a program that uses it. */
void generations_read(struct function *f);

/* A map that can be given to helpers, between begin and end: in a block of its own when it is one of two. */
struct map_use {
	LLVMValueRef map;
	LLVMBasicBlockRef before, after; /* after NULL: it is one map */
};

/* generation: in a subprogram, which has no word of its own; else NULL. */
void map_use_begin(struct function *f, const struct map *map, LLVMValueRef generation, struct map_use *use);
/* Gives v where both ways meet: 0 where there was no map, which only the verifier thinks possible. */
LLVMValueRef map_use_end(struct function *f, const struct map_use *use, LLVMValueRef v);
/* Calls a helper whose first argument is the map: args[0] is filled in here. */
LLVMValueRef map_call(struct function *f, enum bpf_func_id helper, LLVMTypeRef result, const struct map *map,
    LLVMValueRef generation, LLVMValueRef *args, unsigned n);

#endif
