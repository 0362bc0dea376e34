/*
 * What a compile has beside its LLVM module, and what this room keeps of a function that is open. Everything
 * but LLVM's own objects lives in the compile's arena.
 */
#ifndef BTRUN_CODEGEN_BPF_GEN_H
#define BTRUN_CODEGEN_BPF_GEN_H

#include "analysis/program.h"
#include "codegen/llvm/function.h"
#include "image/image.h"
#include "language/loss_counters.h"
#include "language/map_kinds.h"
#include "language/program_kinds.h"

struct gen {
	struct module m;
	struct arena *arena;
	const struct program *program;
	struct image *image;

	LLVMValueRef events, counters, scratch, large, enabled;
	VEC(LLVMValueRef) maps;               /* of program.maps */
	VEC(LLVMValueRef) halves;             /* the same, where a map is two: see generations.c */
	LLVMValueRef generations;             /* the word that says which are written; NULL: no map is two */
	LLVMValueRef *upserts, *adders;       /* the same, where there is one: see map_upsert.c */
	LLVMValueRef loss_function;           /* the subprogram that adds to a counter */
	LLVMValueRef loss_update_function;    /* the same of an update that was refused, by its result */
	LLVMValueRef stacks, stack_id;        /* the map, and the subprogram; NULL: no use for them */
	LLVMValueRef entry_stack_id;          /* the same for a function's entry */
	LLVMValueRef packets;                 /* only with skboutput() */
	LLVMValueRef usdt_map, usdt_function; /* the same */

	uint32_t stack_region; /* bytes for temporaries: STACK_REGION, or 0 when that was too much */
	bool one_kind;         /* see struct generate_options */
	bool btf_loads;        /* see btf_load.c */
	uint32_t programs;     /* how many functions there are */
	uint32_t small_size;   /* the largest region of a program so far that fits a per-CPU map */
	uint32_t large_size;   /* and of those that don't */
	unsigned n_large;      /* how many they are */
	unsigned depth;        /* of structs in structs that image_tables_type() is in */
};

struct typed;

/* What belongs to an open program: where it is attached, its temporaries. A subprogram has none of it. */
struct bpf_state {
	const struct attach *attach;
	enum program_kind_id program_kind;
	LLVMValueRef context_arg;
	bool user_memory; /* a number that is used as an address is one of user memory */

	LLVMValueRef ids; /* alloca: tgid << 32 | pid, once somebody has asked */
	bool ids_used;
	LLVMValueRef generations; /* alloca: the word of generations.h, read when the program began */
	bool generations_used;
	LLVMValueRef scratch_slot; /* alloca: the scratch region's address */
	bool scratch_used, scratch_large;
	LLVMValueRef stack;         /* alloca of STACK_REGION bytes: what helpers are given the address of */
	uint32_t stack_top;         /* bytes of it that are taken */
	uint32_t scratch_top;       /* bytes of the region that are taken */
	uint32_t scratch_size;      /* the most that were */
	uint32_t record_statements; /* that the record has which is open */
	unsigned *adds;             /* by map: statements of this program that add to an element */
	VEC(struct typed *) typed;  /* see btf_load.c */
};

#endif
