/*
 * The LLVM module: its types, what is declared in it, and what is made of it. This room knows nothing of BPF,
 * of the image or of the script's tree.
 */
#ifndef BTRUN_CODEGEN_LLVM_MODULE_H
#define BTRUN_CODEGEN_LLVM_MODULE_H

#include <stdio.h>

#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/TargetMachine.h>

#include "base/arena.h"
#include "base/source.h"

/* A member that relocations name, as describe_record() describes it. */
struct described_member {
	struct str record;
	LLVMMetadataRef member;
};

struct module {
	struct arena *arena;
	const struct source_map *map; /* of the texts; the debug information gives the script's lines */
	LLVMTargetMachineRef machine;
	LLVMContextRef context;
	LLVMModuleRef module;
	LLVMDIBuilderRef di;
	LLVMMetadataRef file, cu;
	LLVMTypeRef i8, i32, i64, ptr, void_;
	VEC(struct described_member) members;
	unsigned attempt; /* how many modules this process has made before */
	bool muted;       /* LLVM's errors are not printed: there will be another attempt */
	bool refused;     /* LLVM has reported an error */
	/* Gets LLVM's errors; of these a script can cause only that a function is too large. */
	void (*refuse)(struct module *m, const char *why);
};

/* Makes an empty module; arena, map, attempt and refuse must be set. Takes the machine. */
int module_begin(struct module *m, LLVMTargetMachineRef machine);
void module_end(struct module *m);
LLVMTypeRef module_int_type(struct module *m, uint32_t size);
/* Declares a function that is called and never inlined. */
LLVMValueRef module_declare(
    struct module *m, const char *name, LLVMTypeRef result, LLVMTypeRef *params, unsigned n);
/* Both return negative errno, with a message on the standard error; module_emit() optimises first. */
int module_optimise(struct module *m);
int module_emit(struct module *m, LLVMCodeGenFileType kind, LLVMMemoryBufferRef *out);
void module_dump(struct module *m, FILE *out);

#endif
