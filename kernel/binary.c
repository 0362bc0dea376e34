/* ELF objects, through libelf. */
#include "kernel/binary.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct binary {
	int fd;
	Elf *elf;
	GElf_Ehdr header;
	struct binary *debug; /* its separate debug file, opened when it is first needed */
	bool debug_asked;
	char *path;
};

int binary_open(const char *path, struct binary **binary)
{
	struct binary *b = calloc(1, sizeof(*b));
	int err;

	if (!b)
		return -ENOMEM;
	b->path = strdup(path);
	b->fd = open(path, O_RDONLY | O_CLOEXEC);
	err = b->fd < 0 ? -errno : !b->path ? -ENOMEM : 0;
	if (!err) {
		elf_version(EV_CURRENT);
		b->elf = elf_begin(b->fd, ELF_C_READ_MMAP, NULL);
		if (!b->elf || elf_kind(b->elf) != ELF_K_ELF || !gelf_getehdr(b->elf, &b->header))
			err = -ENOEXEC;
	}
	if (err) {
		binary_close(b);
		return err;
	}
	*binary = b;
	return 0;
}

void binary_close(struct binary *b)
{
	if (!b)
		return;
	binary_close(b->debug);
	if (b->elf)
		elf_end(b->elf);
	if (b->fd >= 0)
		close(b->fd);
	free(b->path);
	free(b);
}

static bool find_segment(const struct binary *b, bool by_address, uint64_t at, GElf_Phdr *segment)
{
	size_t n;

	if (elf_getphdrnum(b->elf, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		uint64_t begin;

		if (!gelf_getphdr(b->elf, (int)i, segment) || segment->p_type != PT_LOAD)
			continue;
		begin = by_address ? segment->p_vaddr : segment->p_offset;
		if (at >= begin && at - begin < segment->p_filesz)
			return true;
	}
	return false;
}

int64_t binary_offset(const struct binary *b, uint64_t address)
{
	GElf_Phdr segment;

	return find_segment(b, true, address, &segment)
		   ? (int64_t)(address - segment.p_vaddr + segment.p_offset)
		   : -ENOENT;
}

unsigned binary_machine(const struct binary *b)
{
	return b->header.e_machine;
}

int64_t binary_read(const struct binary *b, uint64_t address, void *bytes, size_t size)
{
	int64_t offset = binary_offset(b, address);
	ssize_t n = offset < 0 ? 0 : pread(b->fd, bytes, size, offset);

	return offset < 0 ? offset : n < 0 ? -errno : n;
}

int64_t binary_address(const struct binary *b, uint64_t offset)
{
	GElf_Phdr segment;

	return find_segment(b, false, offset, &segment)
		   ? (int64_t)(offset - segment.p_offset + segment.p_vaddr)
		   : -ENOENT;
}

typedef int symbol_found(void *context, const struct binary_symbol *symbol, int type);

static int each_of_section(struct binary *b, Elf_Scn *section, symbol_found *found, void *context)
{
	GElf_Shdr header;
	Elf_Data *data = elf_getdata(section, NULL);
	int result = 0;

	if (!data || !gelf_getshdr(section, &header) || !header.sh_entsize)
		return 0;
	for (size_t i = 0; i < header.sh_size / header.sh_entsize && !result; i++) {
		struct binary_symbol symbol;
		GElf_Sym sym;

		if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF || !sym.st_value)
			continue;
		symbol.name = elf_strptr(b->elf, header.sh_link, sym.st_name);
		symbol.address = sym.st_value;
		symbol.size = sym.st_size;
		if (symbol.name && symbol.name[0])
			result = found(context, &symbol, GELF_ST_TYPE(sym.st_info));
	}
	return result;
}

static int each_symbol(struct binary *b, symbol_found *found, void *context, bool *has_table)
{
	int result = 0;

	for (Elf_Scn *s = elf_nextscn(b->elf, NULL); s && !result; s = elf_nextscn(b->elf, s)) {
		GElf_Shdr header;

		if (!gelf_getshdr(s, &header) ||
		    (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM))
			continue;
		*has_table |= header.sh_type == SHT_SYMTAB;
		result = each_of_section(b, s, found, context);
	}
	return result;
}

/* Returns the bytes of the note of this name and type. */
static const unsigned char *find_note(struct binary *b, const char *owner, unsigned type, size_t *size)
{
	for (Elf_Scn *s = elf_nextscn(b->elf, NULL); s; s = elf_nextscn(b->elf, s)) {
		size_t at = 0, name, desc;
		GElf_Shdr header;
		Elf_Data *data;
		GElf_Nhdr note;

		if (!gelf_getshdr(s, &header) || header.sh_type != SHT_NOTE)
			continue;
		data = elf_getdata(s, NULL);
		while (data && (at = gelf_getnote(data, at, &note, &name, &desc)) > 0) {
			if (note.n_type != type || strcmp((const char *)data->d_buf + name, owner) != 0)
				continue;
			*size = note.n_descsz;
			return (const unsigned char *)data->d_buf + desc;
		}
	}
	return NULL;
}

#define GO_BUILD_ID 4

bool binary_is_go(struct binary *b)
{
	size_t n;

	return find_note(b, "Go", GO_BUILD_ID, &n);
}

/* Where Debian's debug packages have it: /usr/lib/debug/.build-id/12/3456....debug */
static struct binary *debug_by_build_id(struct binary *b)
{
	struct binary *debug;
	const unsigned char *id;
	char path[256];
	size_t n;
	int used;

	id = find_note(b, "GNU", NT_GNU_BUILD_ID, &n);
	if (!id || n < 2 || n > 64)
		return NULL;
	used = snprintf(path, sizeof(path), "/usr/lib/debug/.build-id/%02x/", id[0]);
	for (size_t i = 1; i < n; i++)
		used += snprintf(path + used, sizeof(path) - (size_t)used, "%02x", id[i]);
	snprintf(path + used, sizeof(path) - (size_t)used, ".debug");
	return binary_open(path, &debug) ? NULL : debug;
}

/* The checksum of .gnu_debuglink: CRC-32, as zlib has it. */
static uint32_t checksum(int fd)
{
	uint32_t table[256], crc = ~0U;
	unsigned char bytes[65536];
	ssize_t n;
	off_t at = 0;

	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (unsigned bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320U : 0);
	}
	while ((n = pread(fd, bytes, sizeof(bytes), at)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 0xff];
		at += n;
	}
	return ~crc;
}

static Elf_Scn *section_named(struct binary *b, const char *wanted, GElf_Shdr *header)
{
	size_t names;

	if (elf_getshdrstrndx(b->elf, &names))
		return NULL;
	for (Elf_Scn *s = elf_nextscn(b->elf, NULL); s; s = elf_nextscn(b->elf, s)) {
		const char *name =
		    gelf_getshdr(s, header) ? elf_strptr(b->elf, names, header->sh_name) : NULL;

		if (name && strcmp(name, wanted) == 0)
			return s;
	}
	return NULL;
}

/* A file of that checksum: an older one of the same name has functions elsewhere. */
static struct binary *debug_that_fits(const char *path, uint32_t crc)
{
	struct binary *debug;

	if (binary_open(path, &debug))
		return NULL;
	if (checksum(debug->fd) == crc)
		return debug;
	binary_close(debug);
	return NULL;
}

/* What .gnu_debuglink says: a name, NULs up to a multiple of 4, and a checksum. */
static const char *debug_link(struct binary *b, uint32_t *crc)
{
	GElf_Shdr header;
	Elf_Scn *section = section_named(b, ".gnu_debuglink", &header);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
	size_t length = data ? strnlen(data->d_buf, data->d_size) : 0, at = (length / 4 + 1) * 4;

	if (!length || length > NAME_MAX || data->d_size < at + sizeof(*crc) || strchr(data->d_buf, '/'))
		return NULL;
	memcpy(crc, (const char *)data->d_buf + at, sizeof(*crc));
	return data->d_buf;
}

/* Beside the binary, in .debug there, or in the same folder beneath /usr/lib/debug. */
static struct binary *debug_in(char *path, const char *name, uint32_t crc)
{
	static const char *const forms[] = { "%s/%s", "%s/.debug/%s", "/usr/lib/debug%s/%s" };
	char at[2 * PATH_MAX], *slash = strrchr(path, '/');
	struct binary *debug = NULL;

	if (!slash)
		return NULL;
	*slash = '\0';
	for (size_t i = 0; !debug && i < sizeof(forms) / sizeof(forms[0]); i++) {
		snprintf(at, sizeof(at), forms[i], path, name);
		debug = debug_that_fits(at, crc);
	}
	return debug;
}

static struct binary *debug_by_link(struct binary *b)
{
	struct binary *debug = NULL;
	char path[PATH_MAX];
	const char *name;
	uint32_t crc;

	name = debug_link(b, &crc);
	if (!name)
		return NULL;
	/* As the path says, which may lead through another root, and where links end. */
	if (snprintf(path, sizeof(path), "%s", b->path) < (int)sizeof(path))
		debug = debug_in(path, name, crc);
	return debug || !realpath(b->path, path) ? debug : debug_in(path, name, crc);
}

/* Opens the separate debug file. */
static struct binary *debug_file(struct binary *b)
{
	if (b->debug_asked)
		return b->debug;
	b->debug_asked = true;
	b->debug = debug_by_build_id(b);
	if (!b->debug)
		b->debug = debug_by_link(b);
	return b->debug;
}

static int each(struct binary *b, symbol_found *found, void *context)
{
	bool has_table = false;
	int result = each_symbol(b, found, context, &has_table);

	if (!result && !has_table && debug_file(b))
		result = each_symbol(b->debug, found, context, &has_table);
	return result;
}

struct filter {
	binary_found *found;
	void *context;
	struct str wanted;
	struct binary_symbol *symbol;
};

static int pass_function(void *context, const struct binary_symbol *symbol, int type)
{
	const struct filter *f = context;

	/* What an IFUNC's symbol points to is the function that chooses one. */
	return type == STT_FUNC ? f->found(f->context, symbol) : 0;
}

int binary_each_function(struct binary *b, binary_found *found, void *context)
{
	struct filter f = { .found = found, .context = context };

	return each(b, pass_function, &f);
}

/* "name@VERSION" stands in tables of libraries for a versioned symbol. */
static bool is_named(const char *name, struct str wanted)
{
	return strncmp(name, wanted.p, wanted.n) == 0 && (!name[wanted.n] || name[wanted.n] == '@');
}

static int pass_named(void *context, const struct binary_symbol *symbol, int type)
{
	struct filter *f = context;

	if ((type != STT_FUNC && type != STT_OBJECT && type != STT_NOTYPE && type != STT_GNU_IFUNC) ||
	    !is_named(symbol->name, f->wanted))
		return 0;
	*f->symbol = *symbol;
	return 1;
}

int binary_find(struct binary *b, struct str name, struct binary_symbol *symbol)
{
	struct filter f = { .wanted = name, .symbol = symbol };

	return each(b, pass_named, &f) == 1 ? 0 : -ENOENT;
}

static bool section_imports(struct binary *b, Elf_Scn *section, const GElf_Shdr *header, struct str name)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Sym sym;

	for (size_t i = 0; data && header->sh_entsize && i < header->sh_size / header->sh_entsize; i++) {
		const char *symbol;

		if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx != SHN_UNDEF)
			continue;
		symbol = elf_strptr(b->elf, header->sh_link, sym.st_name);
		if (symbol && str_is(name, symbol))
			return true;
	}
	return false;
}

bool binary_imports(struct binary *b, struct str name)
{
	GElf_Shdr header;

	for (Elf_Scn *s = elf_nextscn(b->elf, NULL); s; s = elf_nextscn(b->elf, s))
		if (gelf_getshdr(s, &header) && header.sh_type == SHT_DYNSYM &&
		    section_imports(b, s, &header, name))
			return true;
	return false;
}

static uint64_t section_address(struct binary *b, const char *wanted)
{
	GElf_Shdr header;

	return section_named(b, wanted, &header) ? header.sh_addr : 0;
}

static uint64_t word_at(const struct binary *b, const unsigned char *p, unsigned index)
{
	uint64_t wide;
	uint32_t narrow;

	if (b->header.e_ident[EI_CLASS] == ELFCLASS64) {
		memcpy(&wide, p + 8 * index, 8);
		return wide;
	}
	memcpy(&narrow, p + 4 * index, 4);
	return narrow;
}

/* Reads a description, which is three addresses (probe, .stapsdt.base as it was, semaphore), then three
 * texts. */
static bool read_usdt(
    struct binary *b, const unsigned char *p, size_t n, uint64_t base, struct binary_usdt *probe)
{
	unsigned width = b->header.e_ident[EI_CLASS] == ELFCLASS64 ? 8 : 4;
	const char *text = (const char *)p + 3 * width, *end = (const char *)p + n;
	uint64_t address, moved, semaphore;
	const char *texts[3];
	int64_t offset;

	for (int i = 0; i < 3; i++) {
		texts[i] = text;
		if (text >= end || !memchr(text, 0, (size_t)(end - text)))
			return false;
		text += strlen(text) + 1;
	}
	/* prelink moves addresses, and what it moved .stapsdt.base by it has moved them by. */
	moved = base ? base - word_at(b, p, 1) : 0;
	address = word_at(b, p, 0) + moved;
	semaphore = word_at(b, p, 2);
	offset = binary_offset(b, address);
	if (offset < 0)
		return false;
	*probe = (struct binary_usdt){ texts[0], texts[1], texts[2], (uint64_t)offset, 0 };
	if (semaphore && (offset = binary_offset(b, semaphore + moved)) > 0)
		probe->semaphore = (uint64_t)offset;
	return true;
}

#define STAPSDT_TYPE 3

int binary_each_usdt(struct binary *b, binary_usdt_found *found, void *context)
{
	uint64_t base = section_address(b, ".stapsdt.base");
	int result = 0;

	for (Elf_Scn *s = elf_nextscn(b->elf, NULL); s && !result; s = elf_nextscn(b->elf, s)) {
		size_t at = 0, name, desc;
		struct binary_usdt probe;
		GElf_Shdr header;
		Elf_Data *data;
		GElf_Nhdr note;

		if (!gelf_getshdr(s, &header) || header.sh_type != SHT_NOTE)
			continue;
		data = elf_getdata(s, NULL);
		while (data && !result && (at = gelf_getnote(data, at, &note, &name, &desc)) > 0) {
			if (note.n_type != STAPSDT_TYPE ||
			    strcmp((const char *)data->d_buf + name, "stapsdt") != 0)
				continue;
			if (read_usdt(
				b, (const unsigned char *)data->d_buf + desc, note.n_descsz, base, &probe))
				result = found(context, &probe);
		}
	}
	return result;
}
