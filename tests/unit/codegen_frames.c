#include "codegen/bpf/frames.h"
#include "tests/unit/test.h"

#include <gelf.h>
#include <libelf.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <unistd.h>

/* An object with a program that calls the first of two functions, and that one calls the second. */
static const struct bpf_insn program[] = {
	{ .code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .src_reg = BPF_REG_1, .off = -200 },
	/* by a relocation against the section, whose distance says: its second instruction */
	{ .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL, .imm = 0 },
	{ .code = BPF_JMP | BPF_EXIT },
};
static const struct bpf_insn functions[] = {
	{ .code = BPF_JMP | BPF_EXIT }, /* no stack, and no caller */
	{ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -72 },
	{ .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL, .imm = 1 },
	{ .code = BPF_JMP | BPF_EXIT },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_10 },
	{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_2, .imm = -33 },
	{ .code = BPF_JMP | BPF_EXIT },
};

#define INSN sizeof(struct bpf_insn)
enum { TEXT = 1, PROGRAM, CALLS, SYMBOLS };

static void add(Elf *elf, uint32_t type, const void *bytes, size_t size, uint32_t info)
{
	Elf_Scn *scn = elf_newscn(elf);
	Elf_Data *data = elf_newdata(scn);
	GElf_Shdr header;

	gelf_getshdr(scn, &header);
	header.sh_type = type;
	header.sh_info = info;
	header.sh_link = type == SHT_REL ? SYMBOLS : 0;
	header.sh_entsize = type == SHT_SYMTAB ? sizeof(Elf64_Sym) : type == SHT_REL ? sizeof(Elf64_Rel) : 0;
	gelf_update_shdr(scn, &header);
	data->d_type = type == SHT_SYMTAB ? ELF_T_SYM : type == SHT_REL ? ELF_T_REL : ELF_T_BYTE;
	data->d_buf = (void *)bytes;
	data->d_size = size;
	data->d_align = 8;
}

static Elf64_Sym function(uint16_t section, size_t begin, size_t n)
{
	return (Elf64_Sym){
		.st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC),
		.st_shndx = section,
		.st_value = begin * INSN,
		.st_size = n * INSN,
	};
}

static uint32_t deepest(size_t n_functions)
{
	Elf64_Sym symbols[] = {
		{ 0 },
		{ .st_info = ELF64_ST_INFO(STB_LOCAL, STT_SECTION), .st_shndx = TEXT },
		function(TEXT, 0, 1),
		function(TEXT, 1, 3),
		function(TEXT, 4, 3),
		function(PROGRAM, 0, 3),
	};
	Elf64_Rel calls[] = { { .r_offset = INSN, .r_info = ELF64_R_INFO(1, 10 /* R_BPF_64_32 */) } };
	char path[] = "/tmp/btrun-frames-XXXXXX", bytes[8192];
	int fd = mkstemp(path);
	uint32_t result;
	Elf64_Ehdr *header;
	ssize_t n;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_WRITE, NULL);
	header = elf64_newehdr(elf);
	header->e_machine = EM_BPF;
	header->e_type = ET_REL;
	header->e_ident[EI_DATA] = ELFDATA2LSB;
	add(elf, SHT_PROGBITS, functions, sizeof(functions), 0);
	add(elf, SHT_PROGBITS, program, sizeof(program), 0);
	add(elf, SHT_REL, calls, sizeof(calls), PROGRAM);
	add(elf, SHT_SYMTAB, symbols, n_functions * sizeof(*symbols), 1);
	CHECK(elf_update(elf, ELF_C_WRITE) > 0);
	elf_end(elf);
	n = pread(fd, bytes, sizeof(bytes), 0);
	CHECK(n > 0 && n < (ssize_t)sizeof(bytes));
	close(fd);
	unlink(path);
	result = frames_deepest(bytes, (size_t)n);
	return result;
}

int main(void)
{
	CHECK_INT(deepest(3), 32);            /* a frame without anything counts */
	CHECK_INT(deepest(4), 96);            /* 72; what it calls is no function here */
	CHECK_INT(deepest(5), 96 + 64);       /* the function that it calls: 33 */
	CHECK_INT(deepest(6), 224 + 96 + 64); /* the program that calls both: 200 */
	CHECK_INT(frames_deepest((char[]){ "no object" }, 9), 0);
	return test_end();
}
