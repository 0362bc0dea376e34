#include "image/elf.h"
#include "image/image.h"

#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT_LIMIT 4096

/* Headers are read by copying: nothing says that they are aligned. */
struct elf {
	struct arena *arena;
	const char *bytes;
	size_t size;
	Elf64_Ehdr header;
	Elf64_Shdr *sections;
	uint32_t symbols; /* the section of them; 0: none yet */
	struct str error;
};

#define refuse(k, ...) ((k)->error.n ? false : ((k)->error = str_format((k)->arena, __VA_ARGS__), false))

static const char *const part = "its ELF object is damaged";

static bool read_header(const void *object, size_t size, Elf64_Ehdr *h)
{
	if (size < sizeof(*h))
		return false;
	memcpy(h, object, sizeof(*h));
	return memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 && h->e_ident[EI_CLASS] == ELFCLASS64 &&
	       h->e_ident[EI_DATA] == ELFDATA2LSB && h->e_ident[EI_VERSION] == EV_CURRENT &&
	       h->e_version == EV_CURRENT && h->e_type == ET_REL && h->e_machine == EM_BPF &&
	       h->e_phnum == 0 && h->e_shentsize == sizeof(Elf64_Shdr) && h->e_shnum > 0 &&
	       h->e_shnum < SHN_LORESERVE && h->e_shstrndx < h->e_shnum && h->e_shoff % 8 == 0 &&
	       h->e_shoff <= size && (size - h->e_shoff) / sizeof(Elf64_Shdr) >= h->e_shnum;
}

static bool lies_inside(const struct elf *k, const Elf64_Shdr *s)
{
	return s->sh_type == SHT_NOBITS || (s->sh_offset <= k->size && s->sh_size <= k->size - s->sh_offset);
}

/* Returns a string of a table; NULL when it is none, or goes beyond the table. */
static const char *string_at(const struct elf *k, uint32_t table, uint64_t offset)
{
	const Elf64_Shdr *s = &k->sections[table];

	/* check_section() has seen that the table ends with a NUL. */
	return s->sh_type == SHT_STRTAB && offset < s->sh_size ? k->bytes + s->sh_offset + offset : NULL;
}

static const char *name_of(const struct elf *k, uint32_t i)
{
	return string_at(k, k->header.e_shstrndx, k->sections[i].sh_name);
}

static bool is_program(const Elf64_Shdr *s)
{
	return s->sh_type == SHT_PROGBITS && (s->sh_flags & SHF_EXECINSTR);
}

/* Tells whether the section is one that images have: other names may ask libbpf for more than an image is
 * for. */
static bool is_expected(const struct elf *k, uint32_t i)
{
	static const char *const names[] = { "license", ".rodata", ".bss", ".maps", ".BTF", ".BTF.ext",
		IMAGE_SECTION, ".symtab", ".strtab", ".eh_frame" };
	struct str name = str_of(name_of(k, i));

	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
		if (str_is(name, names[n]))
			return true;
	return is_program(&k->sections[i]) || str_starts(name, ".debug_") || str_starts(name, ".rel");
}

static bool check_table(struct elf *k, uint32_t i)
{
	const Elf64_Shdr *s = &k->sections[i];

	if (s->sh_type == SHT_STRTAB)
		return s->sh_size && k->bytes[s->sh_offset + s->sh_size - 1] == '\0'
			   ? true
			   : refuse(k, "%s: a table of names has no end", part);
	if (s->sh_type == SHT_SYMTAB) {
		if (k->symbols || s->sh_entsize != sizeof(Elf64_Sym) || s->sh_size % sizeof(Elf64_Sym))
			return refuse(k, "%s: its symbols are no table", part);
		k->symbols = i;
	}
	if (s->sh_type == SHT_REL && (s->sh_entsize != sizeof(Elf64_Rel) || s->sh_size % sizeof(Elf64_Rel) ||
					 s->sh_info >= k->header.e_shnum))
		return refuse(k, "%s: its relocations are no table", part);
	return true;
}

static bool check_section(struct elf *k, uint32_t i)
{
	const Elf64_Shdr *s = &k->sections[i];
	bool is_known = s->sh_type == SHT_PROGBITS || s->sh_type == SHT_NOBITS || s->sh_type == SHT_STRTAB ||
			s->sh_type == SHT_SYMTAB || s->sh_type == SHT_REL;

	if (i == 0)
		return s->sh_type == SHT_NULL && !s->sh_size && !s->sh_link
			   ? true
			   : refuse(k, "%s: its first section is not the empty one", part);
	if (!is_known || !lies_inside(k, s) || s->sh_link >= k->header.e_shnum || s->sh_size > UINT32_MAX / 2)
		return refuse(k, "%s: section %u has an impossible place", part, i);
	if (s->sh_addralign > ALIGNMENT_LIMIT || (s->sh_addralign & (s->sh_addralign - 1)) ||
	    (s->sh_addralign && s->sh_offset % s->sh_addralign))
		return refuse(k, "%s: section %u has an impossible alignment", part, i);
	if (s->sh_flags & SHF_COMPRESSED)
		return refuse(k, "%s: section %u is compressed", part, i);
	return check_table(k, i);
}

static int compare_section_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Looks for two sections of one name, by sorting: a script with hundreds of probes has thousands of
 * sections. */
static bool check_twice(struct elf *k)
{
	const char **names = arena_many(k->arena, const char *, k->header.e_shnum);

	for (uint32_t i = 0; i < k->header.e_shnum; i++)
		names[i] = name_of(k, i);
	qsort(names, k->header.e_shnum, sizeof(*names), compare_section_names);
	for (uint32_t i = 1; i < k->header.e_shnum; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			return refuse(k, "%s: two sections have the name %.40s", part, names[i]);
	return true;
}

static bool check_names(struct elf *k)
{
	for (uint32_t i = 1; i < k->header.e_shnum; i++) {
		const char *name = name_of(k, i);

		if (!name)
			return refuse(k, "%s: section %u has no name", part, i);
		if (!is_expected(k, i))
			return refuse(k, "it has a section that no image has: %.40s", name);
	}
	return name_of(k, 0) ? check_twice(k) : refuse(k, "%s: section 0 has no name", part);
}

static Elf64_Sym symbol_at(const struct elf *k, uint64_t i)
{
	Elf64_Sym symbol;

	memcpy(&symbol, k->bytes + k->sections[k->symbols].sh_offset + i * sizeof(symbol), sizeof(symbol));
	return symbol;
}

static bool check_symbol(struct elf *k, uint64_t i)
{
	Elf64_Sym symbol = symbol_at(k, i);
	const Elf64_Shdr *s = &k->sections[symbol.st_shndx < k->header.e_shnum ? symbol.st_shndx : 0];

	if (!string_at(k, k->sections[k->symbols].sh_link, symbol.st_name))
		return refuse(k, "%s: a symbol has no name", part);
	if (ELF64_ST_TYPE(symbol.st_info) == STT_FILE && symbol.st_shndx == SHN_ABS)
		return true;
	if (symbol.st_shndx >= k->header.e_shnum || (i && symbol.st_shndx == SHN_UNDEF))
		return refuse(k, "%s: a symbol is nowhere in it", part);
	if (symbol.st_value > s->sh_size || symbol.st_size > s->sh_size - symbol.st_value)
		return refuse(k, "%s: a symbol goes beyond its section", part);
	if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC &&
	    (!is_program(s) || symbol.st_value % 8 || symbol.st_size % 8 || !symbol.st_size))
		return refuse(k, "%s: a program lies beside the instructions", part);
	return true;
}

static bool check_symbols(struct elf *k)
{
	if (!k->symbols)
		return refuse(k, "%s: it has no symbols", part);
	for (uint64_t i = 0; i < k->sections[k->symbols].sh_size / sizeof(Elf64_Sym); i++)
		if (!check_symbol(k, i))
			return false;
	return true;
}

/* Checks the relocations of a section. libbpf follows those of instructions, and those of maps, which an
 * image has none of. */
static bool check_relocations(struct elf *k, const Elf64_Shdr *s)
{
	const Elf64_Shdr *target = &k->sections[s->sh_info];
	const char *name = name_of(k, s->sh_info);

	if (!is_program(target))
		return strcmp(name, ".maps") == 0 ? refuse(k, "it has maps of maps or of programs") : true;
	if (s->sh_link != k->symbols)
		return refuse(k, "%s: relocations are of other symbols", part);
	for (uint64_t i = 0; i < s->sh_size / sizeof(Elf64_Rel); i++) {
		Elf64_Rel r;

		memcpy(&r, k->bytes + s->sh_offset + i * sizeof(r), sizeof(r));
		if (ELF64_R_SYM(r.r_info) >= k->sections[k->symbols].sh_size / sizeof(Elf64_Sym))
			return refuse(k, "%s: a relocation has no symbol", part);
		if (r.r_offset % 8 || r.r_offset > target->sh_size - 8)
			return refuse(k, "%s: a relocation lies outside its section", part);
	}
	return true;
}

/* Checks that the two halves of each 64-bit constant are there: libbpf writes to the second without
 * another look. */
static bool check_instructions(struct elf *k, const Elf64_Shdr *s)
{
	if (s->sh_size % 8)
		return refuse(k, "%s: its instructions have no whole number", part);
	for (uint64_t at = 0; at < s->sh_size; at += 8) {
		const char *code = k->bytes + s->sh_offset + at;

		if (*code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		at += 8;
		if (at >= s->sh_size || code[8])
			return refuse(k, "%s: half of an instruction is missing", part);
	}
	return true;
}

/* Checks that no program ends between the halves of a constant. */
static bool check_program_ends(struct elf *k)
{
	for (uint64_t i = 0; i < k->sections[k->symbols].sh_size / sizeof(Elf64_Sym); i++) {
		Elf64_Sym symbol = symbol_at(k, i);
		const Elf64_Shdr *s;

		if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC)
			continue;
		s = &k->sections[symbol.st_shndx];
		if (k->bytes[s->sh_offset + symbol.st_value + symbol.st_size - 8] ==
		    (BPF_LD | BPF_IMM | BPF_DW))
			return refuse(k, "%s: a program ends within an instruction", part);
	}
	return true;
}

static bool check_all(struct elf *k)
{
	for (uint32_t i = 0; i < k->header.e_shnum; i++)
		if (!check_section(k, i))
			return false;
	if (!check_names(k) || !check_symbols(k))
		return false;
	for (uint32_t i = 0; i < k->header.e_shnum; i++) {
		const Elf64_Shdr *s = &k->sections[i];

		if ((is_program(s) && !check_instructions(k, s)) ||
		    (s->sh_type == SHT_REL && !check_relocations(k, s)))
			return false;
	}
	return check_program_ends(k);
}

struct str elf_check(struct arena *a, const void *object, size_t size)
{
	struct elf k = { .arena = a, .bytes = object, .size = size };

	if (!read_header(object, size, &k.header))
		return STR("it is no ELF object of BPF programs, or a damaged one");
	k.sections = arena_copy(a, k.bytes + k.header.e_shoff, k.header.e_shnum * sizeof(Elf64_Shdr));
	check_all(&k);
	return k.error;
}

bool elf_section(const void *object, size_t size, struct str name, Elf64_Shdr *header)
{
	const char *bytes = object;
	Elf64_Shdr names;
	Elf64_Ehdr h;

	if (!read_header(object, size, &h))
		return false;
	memcpy(&names, bytes + h.e_shoff + h.e_shstrndx * sizeof(names), sizeof(names));
	for (unsigned i = 1; i < h.e_shnum; i++) {
		uint64_t at;

		memcpy(header, bytes + h.e_shoff + i * sizeof(*header), sizeof(*header));
		at = names.sh_offset + header->sh_name;
		if (at < names.sh_offset || at >= size || size - at <= name.n)
			continue;
		if (memcmp(bytes + at, name.p, name.n) == 0 && bytes[at + name.n] == '\0')
			return header->sh_type == SHT_NOBITS ||
			       (header->sh_offset <= size && header->sh_size <= size - header->sh_offset);
	}
	return false;
}
