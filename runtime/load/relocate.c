/*
 * btrun's own relocations: loads from a tracepoint's record, whose fields tracefs describes.
 */
#include "runtime/load/relocate.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "base/message.h"
#include "image/elf.h"
#include "kernel/btf.h"

static const struct tracepoint_field *find_field(const struct tracepoint_format *f, struct str name)
{
	for (size_t i = 0; i < f->fields.n; i++)
		if (str_eq(f->fields.v[i].name, name))
			return &f->fields.v[i];
	return NULL;
}

static uint8_t size_code(uint32_t bytes)
{
	return bytes == 1 ? BPF_B : bytes == 2 ? BPF_H : bytes == 4 ? BPF_W : BPF_DW;
}

/* Writes the offset into the instruction, and the width of the number that it loads; 0 leaves that as it
 * is. */
static int patch(struct tracer *t, const struct image_reloc *r, unsigned offset, uint32_t width)
{
	struct bpf_insn insn;
	Elf64_Shdr s;
	char *at;

	if (!elf_section(t->loaded.elf, t->loaded.elf_size, r->section, &s) || s.sh_type != SHT_PROGBITS ||
	    r->insn % 8 || r->insn >= s.sh_size || s.sh_size - r->insn < 8 ||
	    offset + (uint64_t)r->delta > INT16_MAX) {
		message("the image cannot be used: a relocation lies outside its section");
		return -EINVAL;
	}
	at = (char *)t->loaded.elf + s.sh_offset + r->insn;
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

static bool is_number_size(uint32_t size)
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
	return r->width && !f->is_signed && is_number_size(f->size) && f->size < r->width;
}

bool relocate_fits(const struct image_reloc *r, const struct tracepoint_format *format)
{
	const struct tracepoint_field *f = find_field(format, r->field);
	uint32_t width;

	return f && fits(r, f, &width);
}

static int refuse_field(struct tracer *t, const struct image_reloc *r, const struct tracepoint_field *f)
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

/* Returns where the parameter begins in the trampoline's context; -ENOENT: the kernel's BTF lacks the
 * function, -ESRCH: this parameter. */
static int parameter_slot(struct tracer *t, const struct image_reloc *r)
{
	struct kernel_btf *btf = tracer_btf(t);
	struct btf_func_info function;
	uint32_t proto, type;
	struct str name;

	if (!btf || btf_find_func(btf, r->event, &function, &proto))
		return -ENOENT;
	for (uint32_t i = 0; i < function.n_params; i++) {
		btf_param(btf, proto, i, &name, &type);
		if (str_eq(name, r->field))
			return (int)btf_param_slot(btf, proto, i);
	}
	return -ESRCH;
}

bool relocate_has_parameter(struct tracer *t, const struct image_reloc *r)
{
	return parameter_slot(t, r) >= 0;
}

static int relocate_parameter(struct tracer *t, const struct image_reloc *r)
{
	int slot = parameter_slot(t, r);

	/* Without the function there is nothing to attach to, which is said then. */
	if (slot == -ENOENT)
		return 0;
	if (slot >= 0)
		return patch(t, r, 8 * (unsigned)slot, 0);
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
		return refuse_field(t, r, field);
	return patch(t, r, field->offset, width);
}
