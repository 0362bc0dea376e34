/* What an action does to a map by calling a global function of that map. */
#ifndef BTRUN_CODEGEN_BPF_MAP_UPSERT_H
#define BTRUN_CODEGEN_BPF_MAP_UPSERT_H

#include "codegen/bpf/gen.h"

void map_upsert_begin(struct gen *g);
/* Is the next addition to an element, whose old value nobody asks for, a call? */
bool map_upsert_is_call(struct function *f, const struct map *map);
/* Makes that call; key: the key's only word. */
void map_upsert_add(
    struct function *f, const struct map *map, LLVMValueRef key, LLVMValueRef by, struct span span);
/* Gives the address of an element that was not there and is now, made of zeros, or NULL. */
LLVMValueRef map_upsert_element(
    struct function *f, const struct map *map, LLVMValueRef key, struct span span);
/* Defines the functions that do it, when all that want one are known. */
void map_upsert_define(struct gen *g);

#endif
