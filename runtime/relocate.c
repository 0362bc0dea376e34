/*
 * btrun's own relocations: loads from a tracepoint's record, whose fields tracefs describes.
 */
#include "runtime/tracer.h"

#include <elf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "kernel/btf.h"

/* Checked bounds: the ELF is untrusted, and image_read() looked only at our section. */
static const Elf64_Shdr *find_section(const struct tracer *t, struct str name)
{
	const Elf64_Ehdr *e = t->elf;
	const char *base = t->elf;
	const Elf64_Shdr *sections, *names;

	if (t->elf_size < sizeof(*e) || e->e_shoff > t->elf_size || e->e_shoff % 8 ||
	    e->e_shstrndx >= e->e_shnum || (t->elf_size - e->e_shoff) / sizeof(*sections) < e->e_shnum)
		return NULL;
	sections = (const void *)(base + e->e_shoff);
	names = &sections[e->e_shstrndx];
	for (unsigned i = 1; i < e->e_shnum; i++) {
		uint64_t at = names->sh_offset + sections[i].sh_name;

		if (at >= t->elf_size || t->elf_size - at <= name.n)
			continue;
		if (memcmp(base + at, name.p, name.n) == 0 && base[at + name.n] == '\0')
			return &sections[i];
	}
	return NULL;
}

static const struct tracepoint_field *find_field(const struct tracepoint_format *f, struct str name)
{
	for (size_t i = 0; i < f->fields.n; i++)
		if (str_eq(f->fields.v[i].name, name))
			return &f->fields.v[i];
	return NULL;
}

static bool lies_in_section(const struct tracer *t, const Elf64_Shdr *s, const struct image_reloc *r)
{
	return s && s->sh_type == SHT_PROGBITS && s->sh_offset <= t->elf_size &&
	       s->sh_size <= t->elf_size - s->sh_offset && r->insn % 8 == 0 && r->insn < s->sh_size &&
	       s->sh_size - r->insn >= 8;
}

static uint8_t size_code(uint32_t bytes)
{
	return bytes == 1 ? BPF_B : bytes == 2 ? BPF_H : bytes == 4 ? BPF_W : BPF_DW;
}

/* width: of the number, 0: as it is. */
static int patch(struct tracer *t, const struct image_reloc *r, unsigned offset, uint32_t width)
{
	const Elf64_Shdr *s = find_section(t, r->section);
	struct bpf_insn insn;
	char *at;

	if (!lies_in_section(t, s, r) || offset + (uint64_t)r->delta > INT16_MAX) {
		fprintf(stderr, "btrun: the image cannot be used: a relocation lies outside its section\n");
		return -EINVAL;
	}
	at = (char *)t->elf + s->sh_offset + r->insn;
	memcpy(&insn, at, sizeof(insn));
	insn.off = (int16_t)(offset + r->delta);
	if (width)
		insn.code = (uint8_t)(BPF_LDX | BPF_MEM | size_code(width));
	memcpy(at, &insn, sizeof(insn));
	return 0;
}

static enum image_loc loc_of(const struct tracepoint_field *f)
{
	return f->data_loc ? LOC_DATA : f->rel_loc ? LOC_REL : LOC_NONE;
}

static bool is_number(uint32_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

/* Of another size than when the script was compiled: a number without a sign can be read all the same, as
 * long as it fits what it was. *width: 0: nothing changes. */
static bool fits(const struct image_reloc *r, const struct tracepoint_field *f, uint32_t *width)
{
	*width = 0;
	if (loc_of(f) != r->loc)
		return false;
	if (f->size == r->size)
		return true;
	*width = f->size;
	return r->width && !f->is_signed && is_number(f->size) && f->size < r->width;
}

static int refuse(struct tracer *t, const struct image_reloc *r, const struct tracepoint_field *f)
{
	if (!f)
		diag_error(&t->diag, r->span, "on this kernel tracepoint:%.*s:%.*s has no field %.*s",
		    STR_ARG(r->category), STR_ARG(r->event), STR_ARG(r->field));
	else if (loc_of(f) != r->loc)
		diag_error(&t->diag, r->span,
		    "on this kernel field %.*s of tracepoint:%.*s:%.*s %s, and the image is made for one "
		    "that does "
		    "not",
		    STR_ARG(r->field), STR_ARG(r->category), STR_ARG(r->event),
		    loc_of(f) ? "only says where its bytes lie" : "lies in the record itself");
	else
		diag_error(&t->diag, r->span,
		    "on this kernel field %.*s of tracepoint:%.*s:%.*s has %u bytes, and the image is made "
		    "for %u",
		    STR_ARG(r->field), STR_ARG(r->category), STR_ARG(r->event), f->size, r->size);
	tracer_hint_kernel(t);
	return -ENOENT;
}

/* The context of a trampoline has 8 bytes for each parameter. */
static int relocate_parameter(struct tracer *t, const struct image_reloc *r)
{
	struct kernel_btf *btf = tracer_btf(t);
	struct btf_func_info function;
	uint32_t proto, type;
	struct str name;

	/* Without the function there is nothing to attach to, which is said then. */
	if (!btf || btf_find_func(btf, r->event, &function, &proto))
		return 0;
	for (uint32_t i = 0; i < function.n_params; i++) {
		btf_param(btf, proto, i, &name, &type);
		if (str_eq(name, r->field))
			return patch(t, r, 8 * i, 0);
	}
	diag_error(&t->diag, r->span, "this kernel's BTF has no function %.*s with a parameter %.*s",
	    STR_ARG(r->event), STR_ARG(r->field));
	tracer_hint_kernel(t);
	return -ENOENT;
}

int relocate(struct tracer *t, const struct image_reloc *r)
{
	struct tracepoint_format format = { 0 };
	const struct tracepoint_field *field;
	uint32_t width;
	int err;

	if (!r->category.n)
		return t->options->fresh ? 0 : relocate_parameter(t, r);
	err = tracepoint_format(t->runtime.kernel, t->runtime.arena, r->category, r->event, &format);

	/* Without the tracepoint there is nothing to attach to, which is said then. */
	if (err == -ENOENT)
		return 0;
	if (err) {
		diag_error(&t->diag, r->span, "cannot read the fields of tracepoint:%.*s:%.*s: %s",
		    STR_ARG(r->category), STR_ARG(r->event), strerror(-err));
		return err;
	}
	field = find_field(&format, r->field);
	if (!field || !fits(r, field, &width))
		return refuse(t, r, field);
	return patch(t, r, field->offset, width);
}
