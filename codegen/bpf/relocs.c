/*
 * What has to be read from the finished object: where the externs lie, and btrun's own
 * relocations. LLVM wrote those as CO-RE records against structs named
 * btrun_tp__CATEGORY__EVENT and btrun_fn__FUNCTION, which no kernel has; they are taken out of .BTF.ext,
 * so that libbpf never sees them, and go to the image's table.
 */
#include "codegen/bpf/relocs.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codegen/bpf/bss.h"
#include "codegen/bpf/externs.h"
#include "image/btf_ext.h"

#define RECORD_PREFIX "btrun_tp__"
#define FUNCTION_PREFIX "btrun_fn__"

/* A CO-RE record is struct bpf_core_relo of Documentation/bpf/llvm_reloc.rst. */
struct relo {
	uint32_t insn, type, access, kind;
};

struct object {
	struct gen *g;
	Elf *elf;
	size_t names;
	struct kernel_btf *btf;
};

static Elf_Data *section(struct object *o, const char *wanted, Elf_Scn **scn)
{
	for (Elf_Scn *s = elf_nextscn(o->elf, NULL); s; s = elf_nextscn(o->elf, s)) {
		GElf_Shdr header;
		const char *name =
		    gelf_getshdr(s, &header) ? elf_strptr(o->elf, o->names, header.sh_name) : NULL;

		if (name && str_is(str_of(name), wanted)) {
			if (scn)
				*scn = s;
			return elf_getdata(s, NULL);
		}
	}
	return NULL;
}

/* Reads the number behind prefix in a symbol's name. False: it is another symbol. */
static bool numbered(const char *name, const char *prefix, size_t *number)
{
	size_t n = strlen(prefix);
	char *end;

	if (strncmp(name, prefix, n) != 0)
		return false;
	*number = strtoul(name + n, &end, 10);
	return !*end;
}

static void note_symbol(struct object *o, const char *name, uint64_t value)
{
	struct image *image = o->g->image;
	size_t i;

	if (str_is(str_of(name), BSS_ENABLED))
		image->enabled_offset = (uint32_t)value;
	else if (str_is(str_of(name), BSS_EXIT))
		image->exit_offset = (uint32_t)value;
	else if (str_is(str_of(name), BSS_UNDONE))
		image->undone_offset = (uint32_t)value;
	else if (str_is(str_of(name), BSS_GENERATIONS))
		image->generations_offset = (uint32_t)value;
	else if (numbered(name, EXTERN_SYMBOL, &i) && i < image->externs.n)
		image->externs.v[i].offset = (uint32_t)value;
	else if (numbered(name, PARAMETER_SYMBOL, &i) && i < image->parameters.n)
		image->parameters.v[i].offset = (uint32_t)value;
}

static void read_symbols(struct object *o)
{
	Elf_Scn *scn = NULL;
	Elf_Data *data = section(o, ".symtab", &scn);
	GElf_Shdr header;
	GElf_Sym symbol;

	if (!data || !gelf_getshdr(scn, &header))
		return;
	for (int i = 0; gelf_getsym(data, i, &symbol); i++) {
		const char *name = elf_strptr(o->elf, header.sh_link, symbol.st_name);

		if (name)
			note_symbol(o, name, symbol.st_value);
	}
}

static struct span attach_span(struct object *o, struct str category, struct str event)
{
	const struct image *image = o->g->image;

	for (size_t i = 0; i < image->attaches.n; i++) {
		const struct image_attach *a = &image->attaches.v[i];

		if (category.n ? str_eq(a->category, category) && str_eq(a->event, event)
			       : str_eq(a->function, event))
			return a->span;
	}
	return (struct span){ 0, 0 };
}

/* Returns the name that the record was given; describe_record() puts ___N behind it. */
static struct str given_name(struct str name)
{
	size_t end = name.n;

	while (end && name.p[end - 1] >= '0' && name.p[end - 1] <= '9')
		end--;
	if (end == name.n || end < 3 || memcmp(name.p + end - 3, "___", 3) != 0)
		return name;
	return str_slice(name, 0, end - 3);
}

static bool split_record(struct str name, struct image_reloc *row, struct arena *a)
{
	struct str rest;

	if (str_starts(name, FUNCTION_PREFIX)) {
		row->event =
		    str_copy(a, name.p + sizeof(FUNCTION_PREFIX) - 1, name.n - sizeof(FUNCTION_PREFIX) + 1);
		return true;
	}
	if (!str_starts(name, RECORD_PREFIX))
		return false;
	rest = str_slice(name, sizeof(RECORD_PREFIX) - 1, name.n);
	for (size_t i = 0; i + 1 < rest.n; i++) {
		if (rest.p[i] != '_' || rest.p[i + 1] != '_')
			continue;
		row->category = str_copy(a, rest.p, i);
		row->event = str_copy(a, rest.p + i + 2, rest.n - i - 2);
		return true;
	}
	return false;
}

/* Reads a member's name as args.c writes it, "field+at+size+width+loc", into the row. */
static void split_member(struct str name, struct image_reloc *row, struct arena *a)
{
	uint32_t *numbers[] = { &row->delta, &row->size, &row->width, &row->loc };
	struct str rest, one;

	name = str_split(name, '+', &rest);
	row->field = str_copy(a, name.p, name.n);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		one = str_split(rest, '+', &rest);
		*numbers[i] = (uint32_t)strtoul(str_copy(a, one.p, one.n).p, NULL, 10);
	}
}

/* Moves a record to the image's table when it is one of ours, and tells whether it was. */
static bool take(struct object *o, struct str section_name, const struct relo *r)
{
	struct arena *a = o->g->arena;
	struct image_reloc row = { 0 };
	struct btf_member_info member;
	struct btf_info info;

	btf_info(o->btf, r->type, &info);
	if (info.shape != BTF_SHAPE_STRUCT || !info.members || !split_record(given_name(info.name), &row, a))
		return false;
	btf_member(o->btf, r->type, 0, &member);
	split_member(member.name, &row, a);
	row.section = str_copy(a, section_name.p, section_name.n);
	row.insn = r->insn;
	row.span = attach_span(o, row.category, row.event);
	vec_push(a, &o->g->image->relocs, row);
	return true;
}

/* Drops the relocations of .BTF.ext's own bytes between begin and end: these have moved, and their values
 * are in place already. */
static void drop_relocations(struct object *o, size_t begin, size_t end)
{
	Elf_Scn *scn = NULL;
	Elf_Data *data = section(o, ".rel.BTF.ext", &scn);
	GElf_Rel rel;

	for (int i = 0; data && gelf_getrel(data, i, &rel); i++) {
		if (rel.r_offset < begin || rel.r_offset >= end)
			continue;
		rel.r_info = 0;
		gelf_update_rel(data, i, &rel);
		elf_flagdata(data, ELF_C_SET, ELF_F_DIRTY);
	}
}

/* Copies the records of one section of programs that are not ours to where to is. */
static unsigned char *rewrite_section(struct object *o, const struct btf_ext_section *in, unsigned char *to)
{
	uint32_t head[2] = { in->name, 0 };
	unsigned char *begin = to;
	struct relo r;

	to += sizeof(head);
	for (uint32_t i = 0; i < in->n; i++) {
		memcpy(&r, in->records + i * sizeof(r), sizeof(r));
		if (take(o, btf_string(o->btf, in->name), &r))
			continue;
		memcpy(to, &r, sizeof(r));
		to += sizeof(r);
		head[1]++;
	}
	/* A section without records must not be named. */
	if (!head[1])
		return begin;
	memcpy(begin, head, sizeof(head));
	return to;
}

/* Copies what is not ours over itself. The records lie last in the section, so what is
 * left over at its end is out of reach of the header's sizes. */
static int rewrite(struct object *o, Elf_Data *data)
{
	struct btf_ext_head *head = data->d_buf;
	struct btf_ext_walk walk;
	struct btf_ext_section section;
	size_t before = o->g->image->relocs.n, begin;
	int got = btf_ext_begin(&walk, data->d_buf, data->d_size, BTF_EXT_RELOCATIONS);
	unsigned char *to;

	if (got <= 0)
		return 0;
	if (walk.record_size != sizeof(struct relo))
		return -ENOEXEC;
	to = (unsigned char *)data->d_buf + (walk.at - (const char *)data->d_buf);
	while ((got = btf_ext_next(&walk, &section)) > 0)
		to = rewrite_section(o, &section, to);
	if (got < 0)
		return -ENOEXEC;
	if (o->g->image->relocs.n == before)
		return 0;
	begin = head->size + head->of[BTF_EXT_RELOCATIONS].offset;
	drop_relocations(o, begin, data->d_size);
	head->of[BTF_EXT_RELOCATIONS].size = (uint32_t)((size_t)(to - (unsigned char *)data->d_buf) - begin);
	if (head->of[BTF_EXT_RELOCATIONS].size <= sizeof(walk.record_size))
		head->of[BTF_EXT_RELOCATIONS].size = 0;
	elf_flagdata(data, ELF_C_SET, ELF_F_DIRTY);
	return 0;
}

static int read_object(struct object *o)
{
	Elf_Data *btf = section(o, ".BTF", NULL), *ext = section(o, ".BTF.ext", NULL);
	int error;

	read_symbols(o);
	if (!btf || !ext)
		return 0;
	error = kernel_btf_parse(btf->d_buf, btf->d_size, &o->btf);
	if (error)
		return error;
	error = rewrite(o, ext);
	kernel_btf_free(o->btf);
	return error;
}

int relocs_take(struct gen *g, int fd)
{
	struct object o = { .g = g };
	int error;

	elf_version(EV_CURRENT);
	o.elf = elf_begin(fd, ELF_C_RDWR, NULL);
	if (!o.elf || elf_getshdrstrndx(o.elf, &o.names))
		return -ENOEXEC;
	/* The bytes stay where LLVM put them. */
	elf_flagelf(o.elf, ELF_C_SET, ELF_F_LAYOUT);
	error = read_object(&o);
	if (!error && elf_update(o.elf, ELF_C_WRITE) < 0)
		error = -EIO;
	elf_end(o.elf);
	return error;
}
