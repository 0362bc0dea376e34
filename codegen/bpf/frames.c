/*
 * How much stack the programs of an object take: 512 bytes are all that a chain of calls has (MAX_BPF_STACK),
 * and the kernel rounds each frame up. LLVM checks one function at a time, the kernel the whole chain.
 */
#include "codegen/bpf/frames.h"

#include <gelf.h>
#include <libelf.h>
#include <linux/bpf.h>
#include <stdlib.h>

/* kernel/bpf/verifier.c, check_max_stack_depth(): a frame without anything on it counts too. */
#define FRAME_ROUND 32

#define CALLS_MOST 8 /* MAX_CALL_FRAMES */

struct elf_function {
	size_t section, begin, size; /* bytes */
	Elf_Data *code, *calls;      /* calls: relocations of the section, or NULL */
};

struct object {
	Elf *elf;
	Elf_Data *symbols;
	struct elf_function *functions;
	size_t n;
};

static uint32_t frame_of(const struct bpf_insn *insns, size_t n)
{
	int32_t deepest = -1, at;

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

/* Returns the function that the call in f at this place of its section leads to. A call into another
 * section has a relocation, whose symbol is the function, or the section with the distance in the
 * instruction. */
static const struct elf_function *called(const struct object *o, const struct elf_function *f, size_t at)
{
	const struct bpf_insn *insn = (const void *)((const char *)f->code->d_buf + at);
	size_t distance = ((size_t)insn->imm + 1) * sizeof(*insn), section = f->section, to = at + distance;
	GElf_Sym symbol;
	GElf_Rel rel;

	for (int i = 0; f->calls && gelf_getrel(f->calls, i, &rel); i++) {
		if (rel.r_offset != at || !gelf_getsym(o->symbols, (int)GELF_R_SYM(rel.r_info), &symbol))
			continue;
		section = symbol.st_shndx;
		to = symbol.st_value + (GELF_ST_TYPE(symbol.st_info) == STT_SECTION ? distance : 0);
	}
	for (size_t i = 0; i < o->n; i++)
		if (o->functions[i].section == section && o->functions[i].begin == to)
			return &o->functions[i];
	return NULL;
}

/* Returns the bytes of stack of the function and of the deepest chain of calls that it begins. */
static uint32_t chain_of(const struct object *o, const struct elf_function *f, int depth)
{
	const struct bpf_insn *insns = (const void *)((const char *)f->code->d_buf + f->begin);
	size_t n = f->size / sizeof(*insns);
	uint32_t deepest = 0, chain;

	for (size_t i = 0; i < n && depth < CALLS_MOST; i++) {
		const struct elf_function *callee = NULL;

		if (insns[i].code == (BPF_JMP | BPF_CALL) && insns[i].src_reg == BPF_PSEUDO_CALL)
			callee = called(o, f, f->begin + i * sizeof(*insns));
		chain = callee ? chain_of(o, callee, depth + 1) : 0;
		deepest = chain > deepest ? chain : deepest;
	}
	return frame_of(insns, n) + deepest;
}

static Elf_Data *data_of(Elf *elf, uint32_t type, size_t of)
{
	GElf_Shdr header;

	for (Elf_Scn *s = elf_nextscn(elf, NULL); s; s = elf_nextscn(elf, s))
		if (gelf_getshdr(s, &header) && header.sh_type == type && (!of || header.sh_info == of))
			return elf_getdata(s, NULL);
	return NULL;
}

static void find_functions(struct object *o)
{
	GElf_Sym symbol;

	for (int i = 0; gelf_getsym(o->symbols, i, &symbol); i++) {
		struct elf_function f = {
			.section = symbol.st_shndx, .begin = symbol.st_value, .size = symbol.st_size
		};
		Elf_Scn *scn =
		    GELF_ST_TYPE(symbol.st_info) == STT_FUNC ? elf_getscn(o->elf, f.section) : NULL;

		f.code = scn ? elf_getdata(scn, NULL) : NULL;
		f.calls = data_of(o->elf, SHT_REL, f.section);
		if (f.code && f.begin + f.size <= f.code->d_size)
			o->functions[o->n++] = f;
	}
}

uint32_t frames_deepest(void *object, size_t size)
{
	struct object o = { .elf = elf_version(EV_CURRENT) == EV_NONE ? NULL : elf_memory(object, size) };
	uint32_t deepest = 0, chain;

	o.symbols = o.elf ? data_of(o.elf, SHT_SYMTAB, 0) : NULL;
	o.functions =
	    o.symbols ? calloc(o.symbols->d_size / sizeof(Elf64_Sym) + 1, sizeof(*o.functions)) : NULL;
	if (o.functions)
		find_functions(&o);
	for (size_t i = 0; i < o.n; i++) {
		chain = chain_of(&o, &o.functions[i], 1);
		deepest = chain > deepest ? chain : deepest;
	}
	free(o.functions);
	elf_end(o.elf);
	return deepest;
}
