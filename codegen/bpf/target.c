#include "codegen/bpf/target.h"

#include <llvm-c/Support.h>
#include <llvm-c/Target.h>

/* Bytes of a script from which on LLVM's usual scheduler of instructions, which takes time by the square of a
 * block's length, is not worth it: a thousand statements take 0.08 s instead of 0.2. */
#define LONG_SCRIPT (8 << 10)

LLVMTargetMachineRef target_machine(size_t script_bytes)
{
	LLVMTargetRef target;
	char *error;

	/* Blocks stay in the order that they were made in. Rotated, a loop's end may fall through to its
	 * head, which 6.1's verifier takes for an endless loop (kernel/bpf/verifier.c, visit_insn()). */
	static const char *const words[] = { "btrun-compile", "-disable-block-placement",
		"-pre-RA-sched=fast" };

	LLVMParseCommandLineOptions(script_bytes > LONG_SCRIPT ? 3 : 2, words, "");
	LLVMInitializeBPFTargetInfo();
	LLVMInitializeBPFTarget();
	LLVMInitializeBPFTargetMC();
	LLVMInitializeBPFAsmPrinter();
	if (LLVMGetTargetFromTriple("bpfel", &target, &error))
		return NULL;
	/* v3: 32-bit jumps and ALU, which every kernel that we support has (5.1). Less: with None the
	 * verifier refuses what comes out. */
	return LLVMCreateTargetMachine(
	    target, "bpfel", "v3", "", LLVMCodeGenLevelLess, LLVMRelocDefault, LLVMCodeModelDefault);
}

void target_too_large(struct module *m, const char *why)
{
	if (!m->muted && !m->refused)
		fprintf(stderr,
		    "%s: error: an action is too large for a BPF program: %s\n"
		    "    hint: split the action, or use fewer variables and keys in it\n",
		    m->map->script.name.p, why);
	m->refused = true;
}
