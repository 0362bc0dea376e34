/*
 * An image on the very kernel that it was compiled for. Its code has the offsets of that kernel's BTF, and
 * the image notes which functions its trampolines are for: there is nothing to relocate and nothing to look
 * up, so that libbpf need not read the kernel's BTF, which takes it longer than all the rest of a start.
 */
#include "runtime/load/same_kernel.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/btf.h>
#include <stddef.h>
#include <string.h>

#include "image/btf_ext.h"
#include "image/elf.h"
#include "language/program_kinds.h"

static void drop_relocations(struct tracer *t)
{
	char *ext;
	struct btf_ext_head head;
	Elf64_Shdr s;

	if (!elf_section(t->loaded.elf, t->loaded.elf_size, STR(".BTF.ext"), &s) || s.sh_size < sizeof(head))
		return;
	ext = (char *)t->loaded.elf + s.sh_offset;
	memcpy(&head, ext, sizeof(head));
	head.of[BTF_EXT_RELOCATIONS].size = 0;
	if (head.size >= sizeof(head))
		memcpy(ext, &head, sizeof(head));
}

static bool is_known(const struct tracer *t, const struct probe *p)
{
	return t->facts.same_kernel && !tracer_attach(t, p)->is_open &&
	       program_kinds[p->kind].traits & PROGRAM_IS_TRAMPOLINE && p->programs[p->kind]->btf_id;
}

static struct tracer *loading; /* what libbpf calls has no context of ours */

/* At the last moment before a program is loaded: of one of this type, libbpf would have read the BTF. */
static int prepare(struct bpf_program *program, struct bpf_prog_load_opts *options, long type)
{
	for (size_t i = 0; i < loading->attachment.probes.n; i++) {
		const struct probe *p = &loading->attachment.probes.v[i];

		if (p->off || p->program != program || !is_known(loading, p))
			continue;
		bpf_program__set_type(program, BPF_PROG_TYPE_TRACING);
		options->attach_btf_id = p->programs[p->kind]->btf_id;
	}
	return 0;
}

void same_kernel_begin(struct tracer *t)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, options, .prog_prepare_load_fn = prepare);
	static bool registered;

	if (t->facts.same_kernel)
		drop_relocations(t);
	loading = t;
	if (registered)
		return;
	libbpf_register_prog_handler("fentry+", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, &options);
	libbpf_register_prog_handler("fexit+", BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, &options);
	registered = true;
}

int same_kernel_set_target(struct tracer *t, struct probe *p)
{
	const struct image_attach *a = tracer_attach(t, p);

	if (is_known(t, p))
		return bpf_program__set_type(p->program, BPF_PROG_TYPE_KPROBE);
	return bpf_program__set_attach_target(
	    p->program, 0, str_copy(t->runtime.arena, a->function.p, a->function.n).p);
}
