/*
 * How much stack the programs of an object take: 512 bytes are all that a chain of calls has (MAX_BPF_STACK),
 * and the kernel rounds each frame up. LLVM checks one function at a time, the kernel the whole chain.
 */
#include "codegen/gen.h"

#include <gelf.h>
#include <libelf.h>
#include <linux/bpf.h>
#include <string.h>

#define FRAME_ROUND 32 /* kernel/bpf/verifier.c, check_max_stack_depth() */

static uint32_t frame_of(const struct bpf_insn *insns, size_t n)
{
	int32_t deepest = 0, at;

	for (size_t i = 0; i < n; i++) {
		const struct bpf_insn *insn = &insns[i];
		unsigned class = BPF_CLASS(insn->code);

		at = 0;
		if ((class == BPF_STX || class == BPF_ST) && insn->dst_reg == BPF_REG_10)
			at = insn->off;
		else if (class == BPF_LDX && insn->src_reg == BPF_REG_10)
			at = insn->off;
		/* rN = r10; rN += -264 */
		else if (insn->code == (BPF_ALU64 | BPF_MOV | BPF_X) && insn->src_reg == BPF_REG_10 &&
			 i + 1 < n && insns[i + 1].code == (BPF_ALU64 | BPF_ADD | BPF_K) &&
			 insns[i + 1].dst_reg == insn->dst_reg)
			at = insns[i + 1].imm;
		deepest = at < deepest ? at : deepest;
	}
	return ((uint32_t)-deepest + FRAME_ROUND - 1) / FRAME_ROUND * FRAME_ROUND;
}

/* The frame of the function that the symbol names, and whether it is a subprogram. 0: it is none. */
static uint32_t frame_of_symbol(Elf *elf, const GElf_Sym *symbol, bool *is_subprogram)
{
	Elf_Scn *scn = GELF_ST_TYPE(symbol->st_info) == STT_FUNC ? elf_getscn(elf, symbol->st_shndx) : NULL;
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;
	size_t names;
	GElf_Shdr header;

	if (!data || symbol->st_value + symbol->st_size > data->d_size || !gelf_getshdr(scn, &header) ||
	    elf_getshdrstrndx(elf, &names))
		return 0;
	*is_subprogram = strcmp(elf_strptr(elf, names, header.sh_name), ".text") == 0;
	return frame_of((const struct bpf_insn *)((const char *)data->d_buf + symbol->st_value),
	    symbol->st_size / sizeof(struct bpf_insn));
}

uint32_t frames_deepest(void *object, size_t size)
{
	Elf *elf = elf_version(EV_CURRENT) == EV_NONE ? NULL : elf_memory(object, size);
	uint32_t deepest[2] = { 0 }; /* of programs, of subprograms: these call no others */
	GElf_Shdr header;

	for (Elf_Scn *s = elf ? elf_nextscn(elf, NULL) : NULL; s; s = elf_nextscn(elf, s)) {
		Elf_Data *data;

		if (!gelf_getshdr(s, &header) || header.sh_type != SHT_SYMTAB || !header.sh_entsize)
			continue;
		data = elf_getdata(s, NULL);
		for (size_t i = 0; data && i < header.sh_size / header.sh_entsize; i++) {
			bool is_subprogram = false;
			uint32_t frame;
			GElf_Sym symbol;

			if (!gelf_getsym(data, (int)i, &symbol))
				continue;
			frame = frame_of_symbol(elf, &symbol, &is_subprogram);
			if (frame > deepest[is_subprogram])
				deepest[is_subprogram] = frame;
		}
	}
	elf_end(elf);
	return deepest[0] + deepest[1];
}
