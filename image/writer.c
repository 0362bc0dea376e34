#include "image/codec.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>

struct writer {
	struct arena *arena;
	Elf *elf;
	Elf_Scn *names; /* the section of the sections' names */
};

static int open_elf(struct writer *w)
{
	GElf_Ehdr header;
	size_t names;

	if (elf_kind(w->elf) != ELF_K_ELF || !gelf_getehdr(w->elf, &header) || header.e_machine != EM_BPF ||
	    elf_getshdrstrndx(w->elf, &names) != 0)
		return -ENOEXEC;
	w->names = elf_getscn(w->elf, names);
	for (Elf_Scn *s = elf_nextscn(w->elf, NULL); s; s = elf_nextscn(w->elf, s)) {
		GElf_Shdr section;
		const char *name =
		    gelf_getshdr(s, &section) ? elf_strptr(w->elf, names, section.sh_name) : NULL;

		if (name && str_is(STR(IMAGE_SECTION), name))
			return -EEXIST;
	}
	return w->names ? 0 : -ENOEXEC;
}

/*
 * LLVM keeps the names of sections and symbols in one table, so what is there
 * keeps its offset and ours is appended. *offset: where it stands.
 */
static int add_name(struct writer *w, size_t *offset)
{
	GElf_Shdr header;
	Elf_Data *data;

	if (!gelf_getshdr(w->names, &header))
		return -ENOEXEC;
	*offset = header.sh_size;
	data = elf_newdata(w->names);
	if (!data)
		return -ENOMEM;
	data->d_buf = arena_copy(w->arena, IMAGE_SECTION, sizeof(IMAGE_SECTION));
	data->d_size = sizeof(IMAGE_SECTION);
	data->d_align = 1;
	data->d_type = ELF_T_BYTE;
	data->d_version = EV_CURRENT;
	data->d_off = *offset;
	return 0;
}

static int add_section(struct writer *w, size_t name, void *bytes, size_t size)
{
	Elf_Scn *section = elf_newscn(w->elf);
	Elf_Data *data = section ? elf_newdata(section) : NULL;
	GElf_Shdr header;

	if (!data || !gelf_getshdr(section, &header))
		return -ENOMEM;
	data->d_buf = bytes;
	data->d_size = size;
	data->d_align = 1;
	data->d_type = ELF_T_BYTE;
	data->d_version = EV_CURRENT;
	header.sh_name = name;
	header.sh_type = SHT_PROGBITS;
	header.sh_flags = 0; /* not SHF_ALLOC: libbpf would take it for data of the programs */
	header.sh_addralign = 1;
	return gelf_update_shdr(section, &header) ? 0 : -ENOMEM;
}

static int write_elf(struct writer *w, const struct image *image)
{
	struct image copy = *image;
	struct codec c = { .arena = w->arena };
	size_t name;
	int err = open_elf(w);

	if (err)
		return err;
	if (image_check(w->arena, image).n)
		return -EINVAL;
	codec_image(&c, &copy);
	err = add_name(w, &name);
	if (!err)
		err = add_section(w, name, c.out.v, c.out.n);
	if (!err && elf_update(w->elf, ELF_C_WRITE) < 0)
		err = -EIO;
	return err;
}

int image_write(int fd, const struct image *image)
{
	struct writer w = { 0 };
	int err;

	elf_version(EV_CURRENT);
	w.elf = elf_begin(fd, ELF_C_RDWR, NULL);
	if (!w.elf)
		return -ENOEXEC;
	w.arena = arena_new();
	err = write_elf(&w, image);
	elf_end(w.elf);
	arena_free(w.arena);
	return err ? err : image_seal(fd);
}
