#include "image/codec.h"
#include "image/elf.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>

struct reader {
	struct arena *arena;
	Elf *elf;
	size_t names; /* the section of the sections' names */
	struct str *why;
};

static int refuse(struct reader *r, struct str why)
{
	*r->why = why;
	return -EINVAL;
}

/* The section with this name, or NULL. */
static Elf_Scn *find_section(const struct reader *r, struct str name, GElf_Shdr *header)
{
	for (Elf_Scn *s = elf_nextscn(r->elf, NULL); s; s = elf_nextscn(r->elf, s)) {
		const char *found =
		    gelf_getshdr(s, header) ? elf_strptr(r->elf, r->names, header->sh_name) : NULL;

		if (found && str_is(name, found))
			return s;
	}
	return NULL;
}

static bool lies_in(const GElf_Shdr *section, uint32_t offset, uint64_t size)
{
	return offset <= section->sh_size && section->sh_size - offset >= size;
}

/* What an index cannot show: do places in other sections lie inside them? */
static int check_places(struct reader *r, const struct image *image)
{
	GElf_Shdr header;

	if (find_section(r, STR(".bss"), &header) &&
	    (!lies_in(&header, image->enabled_offset, 4) ||
		(image->exit_offset != IMAGE_NONE && !lies_in(&header, image->exit_offset, 8)) ||
		(image->undone_offset != IMAGE_NONE &&
		    !lies_in(&header, image->undone_offset, IMAGE_UNDONE_ * image->maps.n)) ||
		(image->generations_offset != IMAGE_NONE && !lies_in(&header, image->generations_offset, 8))))
		return refuse(r, STR("its switch lies outside .bss"));
	if (!find_section(r, STR(".rodata"), &header))
		header.sh_size = 0;
	for (size_t i = 0; i < image->externs.n; i++) {
		const struct image_extern *s = &image->externs.v[i];

		if ((uint64_t)s->offset + s->size > header.sh_size)
			return refuse(r, str_format(r->arena, "its extern %zu lies outside .rodata", i));
	}
	for (size_t i = 0; i < image->parameters.n; i++) {
		const struct image_parameter *p = &image->parameters.v[i];

		if (p->offset != IMAGE_NONE && (uint64_t)p->offset + p->size > header.sh_size)
			return refuse(r, str_format(r->arena, "its parameter %zu lies outside .rodata", i));
	}
	for (size_t i = 0; i < image->relocs.n; i++) {
		const struct image_reloc *reloc = &image->relocs.v[i];

		if (!find_section(r, reloc->section, &header) || !(header.sh_flags & SHF_EXECINSTR) ||
		    header.sh_size < 8 || reloc->insn > header.sh_size - 8)
			return refuse(
			    r, str_format(r->arena, "its relocation %zu lies outside its section", i));
	}
	return 0;
}

static int read_section(struct reader *r, const Elf_Data *data, struct image *image)
{
	struct codec c = { .arena = r->arena, .reading = true, .in = data->d_buf, .size = data->d_size };
	struct str error;

	codec_image(&c, image);
	if (c.error.n) {
		*r->why = c.error;
		return c.other_version ? -EPROTONOSUPPORT : -EINVAL;
	}
	error = image_check(r->arena, image);
	if (error.n)
		return refuse(r, error);
	return check_places(r, image);
}

static int read_elf(struct reader *r, struct image *image)
{
	GElf_Ehdr elf_header;
	GElf_Shdr header;
	Elf_Scn *section;
	Elf_Data *data;

	if (elf_kind(r->elf) != ELF_K_ELF || !gelf_getehdr(r->elf, &elf_header) ||
	    elf_header.e_machine != EM_BPF || elf_getshdrstrndx(r->elf, &r->names) != 0)
		return refuse(r, STR("it is no ELF object of BPF programs"));
	section = find_section(r, STR(IMAGE_SECTION), &header);
	data = section && header.sh_type == SHT_PROGBITS ? elf_rawdata(section, NULL) : NULL;
	if (!data || !data->d_buf || data->d_size == 0)
		return refuse(r, STR("it has no section " IMAGE_SECTION ", so btrun did not make it"));
	return read_section(r, data, image);
}

int image_read(struct arena *a, const void *data, size_t size, struct image *image, struct str *why)
{
	struct reader r = { .arena = a, .why = why };
	int err;

	*image = (struct image){ 0 };
	*why = (struct str){ 0 };
	if (size == 0)
		return refuse(&r, STR("it is empty"));
	*why = elf_check(a, data, size);
	if (why->n)
		return -EINVAL;
	elf_version(EV_CURRENT);
	/* libelf only reads what it was given this way, its prototype does not say so. */
	r.elf = elf_memory((char *)(uintptr_t)data, size);
	if (!r.elf)
		return refuse(&r, STR("it is no ELF object"));
	err = read_elf(&r, image);
	elf_end(r.elf);
	return err;
}
