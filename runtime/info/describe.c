/*
 * --info of an image: everything here is read from the image and from what any user may read of this kernel.
 */
#include "runtime/info/describe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "kernel/binary.h"
#include "kernel/btf.h"
#include "kernel/features.h"
#include "language/map_kinds.h"
#include "language/program_kinds.h"
#include "runtime/load/externs.h"
#include "runtime/load/load.h"
#include "runtime/load/relocate.h"
#include "runtime/process/drop_capabilities.h"
#include "runtime/info/parameters.h"

static void describe_origin(struct tracer *t, FILE *out)
{
	const struct image *m = &t->image;

	fprintf(out, "Image\n  script: %.*s (%zu bytes)\n  compiled by: %.*s\n", STR_ARG(m->script_name),
	    m->script_text.n, STR_ARG(m->compiler));
	fprintf(out, "  compiled for: %.*s %.*s, and other kernels as below\n", STR_ARG(m->machine),
	    STR_ARG(m->kernel.n ? m->kernel : STR("an unnamed kernel")));
	fprintf(out, "  size: %zu bytes, %zu programs\n", t->loaded.elf_size, m->programs.n);
}

static struct str kinds_of(struct tracer *t, uint32_t attach)
{
	struct str text = STR("");

	for (enum program_kind_id kind = 0; kind < PROGRAM_KINDS_; kind++)
		for (size_t i = 0; i < t->image.programs.n; i++) {
			const struct image_program *p = &t->image.programs.v[i];

			if (p->kind == kind && attach >= p->attach && attach < p->attach + p->n_attach)
				text = str_format(t->runtime.arena, "%.*s%s%s", STR_ARG(text),
				    text.n ? ", else " : "", program_kinds[kind].methods);
		}
	return text;
}

static enum presence has_tracepoint(
    struct tracer *t, struct str category, struct str event, struct tracepoint_format *format)
{
	int err = tracepoint_format(t->runtime.kernel, t->runtime.arena, category, event, format);
	struct str tracefs;

	if (!err)
		return IS_THERE;
	/* Is it this one that is missing, or all of tracefs? */
	return err == -ENOENT && kernel_tracefs(t->runtime.kernel, &tracefs) == 0 ? IS_NOT_THERE : IS_UNKNOWN;
}

static int found_file(void *context, const char *path)
{
	*(bool *)context = true;
	return 1;
}

/* Functions that the kernel's BTF lacks are looked for in its list of functions: in one pass for all of them.
 */
struct wanted {
	struct str name;
	bool found;
};

struct functions {
	VEC(struct wanted) v; /* sorted */
};

static int compare_wanted(const void *a, const void *b)
{
	return str_compare(((const struct wanted *)a)->name, ((const struct wanted *)b)->name);
}

static struct wanted *find_wanted(struct functions *f, struct str name)
{
	struct wanted wanted = { .name = name };

	return f->v.n ? bsearch(&wanted, f->v.v, f->v.n, sizeof(wanted), compare_wanted) : NULL;
}

static int note_function(void *functions, struct str name, struct str module)
{
	struct wanted *wanted = find_wanted(functions, name);

	if (wanted)
		wanted->found = true;
	return 0;
}

static bool names_function(const struct image_attach *a)
{
	return !a->is_open && !a->binary.n && !a->glob && !a->address && a->function.n;
}

static void find_functions(struct tracer *t, struct functions *f)
{
	struct kernel_btf *btf = tracer_btf(t);
	struct btf_func_info info;
	size_t kept = 1;
	uint32_t proto;

	for (size_t i = 0; i < t->image.attaches.n; i++) {
		const struct image_attach *a = &t->image.attaches.v[i];

		if (names_function(a) && (!btf || btf_find_func(btf, a->function, &info, &proto)))
			vec_push(t->runtime.arena, &f->v, ((struct wanted){ .name = a->function }));
	}
	if (!f->v.n)
		return;
	qsort(f->v.v, f->v.n, sizeof(*f->v.v), compare_wanted);
	for (size_t i = 1; i < f->v.n; i++)
		if (!str_eq(f->v.v[i].name, f->v.v[kept - 1].name))
			f->v.v[kept++] = f->v.v[i];
	f->v.n = kept;
	kernel_functions(t->runtime.kernel, STR(""), STR("*"), note_function, f);
}

/* What an attach point names, when it names one thing. False: nothing can be said. */
static bool look_for(
    struct tracer *t, struct functions *f, const struct image_attach *a, enum presence *presence)
{
	const struct wanted *wanted = find_wanted(f, a->function);
	struct tracepoint_format format = { 0 };
	bool found = false;

	if (a->is_open)
		return false;
	if (a->binary.n && a->probe != PROBE_iter) {
		binary_paths(t->options->pid, a->binary, found_file, &found);
		*presence = found ? IS_THERE : IS_NOT_THERE;
		return true;
	}
	if (a->glob || a->address)
		return false;
	if (a->function.n)
		*presence = !wanted || wanted->found ? IS_THERE : IS_NOT_THERE;
	else if (a->category.n && a->event.n)
		*presence = has_tracepoint(t, a->category, a->event, &format);
	else
		return false;
	return true;
}

static void describe_probes(struct tracer *t, FILE *out)
{
	static const char *const words[] = { "; here: yes", "; here: no",
		"; here: unknown, it cannot be read" };
	struct functions functions = { 0 };

	fputs("\nProbes\n", out);
	find_functions(t, &functions);
	for (size_t i = 0; i < t->image.attaches.n; i++) {
		const struct image_attach *a = &t->image.attaches.v[i];
		struct str kinds = kinds_of(t, (uint32_t)i);
		enum presence presence;

		if (!kinds.n)
			kinds = STR("with the one before");
		fprintf(out, "  %.*s: %.*s", STR_ARG(a->text), STR_ARG(kinds));
		if (a->condition.n)
			fprintf(out, "; where the kernel has %s%.*s()", a->condition_negated ? "no " : "",
			    STR_ARG(a->condition));
		fprintf(out, "%s\n", look_for(t, &functions, a, &presence) ? words[presence] : "");
	}
}

static void describe_fields(struct tracer *t, FILE *out)
{
	for (size_t i = 0; i < t->image.relocs.n; i++) {
		const struct image_reloc *r = &t->image.relocs.v[i];
		struct tracepoint_format format = { 0 };
		enum presence presence = has_tracepoint(t, r->category, r->event, &format);
		bool told = false;

		for (size_t n = 0; n < i; n++)
			told |= str_eq(t->image.relocs.v[n].event, r->event) &&
				str_eq(t->image.relocs.v[n].field, r->field);
		if (!told && !r->category.n)
			describe_need(out,
			    str_format(t->runtime.arena, "parameter %.*s of %.*s()", STR_ARG(r->field),
				STR_ARG(r->event)),
			    relocate_has_parameter(t, r) ? IS_THERE : IS_NOT_THERE);
		else if (!told)
			describe_need(out,
			    str_format(t->runtime.arena, "tracepoint field %.*s:%.*s.%.*s of %u bytes",
				STR_ARG(r->category), STR_ARG(r->event), STR_ARG(r->field), r->size),
			    presence == IS_THERE && !relocate_fits(r, &format) ? IS_NOT_THERE : presence);
	}
}

/* What the machine tells about a name, as enum_value ENUM:CONSTANT or kaddr SYMBOL. */
static void describe_externs(struct tracer *t, FILE *out)
{
	static const char *const names[EXTERNS_] = {
#define EXTERN(name, ...) [EXTERN_##name] = #name,
#include "language/externs.def"
#undef EXTERN
	};

	for (size_t i = 0; i < t->image.externs.n; i++) {
		const struct image_extern *row = &t->image.externs.v[i];
		struct str what =
		    str_format(t->runtime.arena, "%s %.*s", names[row->kind], STR_ARG(row->name));

		/* Of a function that is not there, 0 is the answer. */
		if (image_extern_is_named(row->kind) && row->kind != EXTERN_func_exists)
			describe_need(out, what,
			    externs_has(t, row)         ? IS_THERE
			    : row->kind == EXTERN_kaddr ? IS_UNKNOWN
							: IS_NOT_THERE);
	}
}

/* By the kernel's own list of names: its enum bpf_func_id is in its BTF, which anybody may read. */
static void describe_helpers(struct tracer *t, FILE *out)
{
	static const char *const names[] = {
#define HELPER(name) [BPF_FUNC_##name] = "BPF_FUNC_" #name
		__BPF_FUNC_MAPPER(HELPER)
#undef HELPER
	};
	static const size_t prefix = sizeof("BPF_FUNC_") - 1;
	struct kernel_btf *btf = tracer_btf(t);
	struct str all[3] = { STR(""), STR(""), STR("") };
	bool seen[sizeof(names) / sizeof(names[0])] = { false };
	struct bpf_program *program;
	uint32_t type;
	int64_t value;

	bpf_object__for_each_program (program, t->loaded.object) {
		for (size_t i = 0; i < bpf_program__insn_cnt(program); i++) {
			const struct bpf_insn *insn = &bpf_program__insns(program)[i];

			if (insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == 0 && insn->imm > 0 &&
			    (size_t)insn->imm < sizeof(seen))
				seen[insn->imm] = true;
		}
	}
	for (size_t i = 1; i < sizeof(seen); i++) {
		enum presence p = !btf ? IS_UNKNOWN
				  : btf_find_enum_value(btf, STR(""), str_of(names[i]), &value, &type)
				      ? IS_NOT_THERE
				      : IS_THERE;

		if (seen[i])
			all[p] = str_format(t->runtime.arena, "%.*s%s%s", STR_ARG(all[p]),
			    all[p].n ? ", " : "", names[i] + prefix);
	}
	for (enum presence p = IS_THERE; p <= IS_UNKNOWN; p++)
		if (all[p].n)
			describe_need(out, str_format(t->runtime.arena, "helpers %.*s", STR_ARG(all[p])), p);
}

/* Has the image programs with one of the traits? */
static bool has_programs(const struct tracer *t, unsigned traits)
{
	for (size_t i = 0; i < t->image.programs.n; i++)
		if (program_kinds[t->image.programs.v[i].kind].traits & traits)
			return true;
	return false;
}

static void describe_permissions(struct tracer *t, FILE *out)
{
	bool kprobes = has_programs(t, PROGRAM_IS_KPROBE);
	struct str missing = features_missing_capabilities(t->runtime.arena, kprobes || t->image.relocs.n);
	const char *part = load_unsafe_part(t);

	fprintf(out, "  --unsafe: %s\n", part ? part : "no");
	fprintf(out, "  root, or CAP_BPF and CAP_PERFMON%s: ",
	    kprobes || t->image.relocs.n ? " and what tracefs wants (its files are root's)" : "");
	if (missing.n)
		fprintf(out, "this process lacks %.*s\n", STR_ARG(missing));
	else
		fputs("yes\n", out);
	capabilities_describe(t, out);
}

static void describe_kernel(struct tracer *t, FILE *out)
{
	struct kernel_btf *btf = tracer_btf(t);
	uint32_t type;
	int64_t value;

	describe_need(out, STR("Linux 5.10 or newer"),
	    t->facts.version >= FEATURES_VERSION(5, 10, 0) ? IS_THERE : IS_NOT_THERE);
	describe_need(out, STR("BTF of the kernel"), btf ? IS_THERE : IS_NOT_THERE);
	if (bpf_object__find_map_by_name(t->loaded.object, map_kinds[MAP_events].symbol))
		describe_need(out, STR("ring buffer (else a perf buffer)"),
		    !btf ? IS_UNKNOWN
		    : btf_find_enum_value(btf, STR(""), STR("BPF_MAP_TYPE_RINGBUF"), &value, &type)
			? IS_NOT_THERE
			: IS_THERE);
	if (has_programs(t, PROGRAM_IS_KPROBE))
		describe_need(out, STR("kprobes"),
		    t->facts.refusals & (REFUSED_NO_TRACEFS | REFUSED_NO_PERMISSION) ? IS_UNKNOWN
		    : t->facts.refusals                                              ? IS_NOT_THERE
										     : IS_THERE);
	if (has_programs(t, PROGRAM_IS_TRAMPOLINE))
		describe_need(out, STR("fentry (BTF, and no lockdown for confidentiality)"),
		    !btf                                                               ? IS_NOT_THERE
		    : features_lockdown(t->runtime.kernel) == LOCKDOWN_CONFIDENTIALITY ? IS_NOT_THERE
										       : IS_THERE);
}

int describe_opened(struct tracer *t, FILE *out)
{
	int err = load_unloaded(t);

	if (err)
		return err;
	t->map = (struct source_map){ .script = { t->image.script_name, t->image.script_text } };
	t->diag = (struct diag){ .map = &t->map, .out = stderr };
	describe_origin(t, out);
	describe_probes(t, out);
	if (t->image.parameters.n) {
		fputs("\nParameters\n", out);
		describe_parameters(t->runtime.arena, &t->image, out);
	}
	describe_maps(t, out);
	fputs("\nNeeds, and whether they are here\n", out);
	describe_permissions(t, out);
	describe_kernel(t, out);
	describe_helpers(t, out);
	describe_fields(t, out);
	describe_externs(t, out);
	describe_core(t, out);
	return 0;
}
