/* From the bytes of an image to loaded programs. */
#include "runtime/load/load.h"
#include "runtime/tracer/uapi.h"
#include "runtime/load/validate_object.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/message.h"
#include "image/elf.h"
#include "kernel/btf.h"
#include "kernel/features.h"
#include "language/map_kinds.h"
#include "language/program_kinds.h"
#include "runtime/load/constants.h"
#include "runtime/load/data_section.h"
#include "runtime/load/halves.h"
#include "runtime/load/load_failure.h"
#include "runtime/load/relocate.h"
#include "runtime/load/same_kernel.h"
#include "runtime/tracer/builtin_needs.h"

/* A ring of N bytes costs 2N of memory: it is mapped twice. So it is sized to the script. */
#define RING_RECORDS 65536 /* of the script's largest record */
#define RING_LEAST (1u << 20)
#define RING_MOST (8u << 20)
#define PREALLOC_LIMIT (1u << 20)
/* Of counters and times: an element that is made when it is first needed costs ten times the rest of the
 * event, so maps of them are made whole as long as memory is not a question. */
#define SMALL_VALUE 64
#define PREALLOC_SMALL_LIMIT (128u << 20)

int load_map(struct tracer *t, int fd)
{
	struct str why = { 0 };
	int err = image_load(fd, &t->loaded.elf, &t->loaded.elf_size, &t->loaded.elf_room, &why);

	if (!err)
		err = image_read(t->runtime.arena, t->loaded.elf, t->loaded.elf_size, &t->image, &why);
	if (!err)
		why = validate_object(t->runtime.arena, t->loaded.elf, &t->image);
	err = why.n ? -EINVAL : err;
	if (!err && !str_is(t->image.machine, arch_native()->name)) {
		why = str_format(t->runtime.arena, "it was compiled for %.*s, and this machine is %s",
		    STR_ARG(t->image.machine), arch_native()->name);
		err = -EINVAL;
	}
	if (err)
		message("the image cannot be used: %.*s", STR_ARG(why));
	return err;
}

uint64_t load_buffer_size(const struct tracer *t)
{
	uint64_t pages = t->options->buffer_pages;

	if (t->options->buffer_size || !pages)
		return t->options->buffer_size;
	/* The ring buffer is one for all CPUs. */
	return pages * (uint64_t)sysconf(_SC_PAGESIZE) * (t->arriving.perf ? 1 : t->runtime.n_cpus);
}

static uint64_t power_of_two(uint64_t size)
{
	uint64_t n = (uint64_t)sysconf(_SC_PAGESIZE);

	while (n < size)
		n *= 2;
	return n;
}

static uint64_t ring_size(const struct tracer *t)
{
	uint64_t size = RING_LEAST;

	for (size_t i = 0; i < t->image.records.n; i++) {
		const struct image_record *r = &t->image.records.v[i];
		uint64_t wanted = (uint64_t)(r->size + r->tail_size) * RING_RECORDS;

		size = wanted > size ? wanted : size;
	}
	return size < RING_MOST ? size : RING_MOST;
}

static void size_events(struct tracer *t, struct bpf_map *map)
{
	const struct map_kind *kind = &map_kinds[MAP_perf_events];
	uint64_t size = load_buffer_size(t);

	if (t->arriving.perf) {
		bpf_map__set_type(map, (enum bpf_map_type)kind->type);
		bpf_map__set_key_size(map, kind->key);
		bpf_map__set_value_size(map, kind->value);
		bpf_map__set_max_entries(map, t->runtime.n_cpus);
		return;
	}
	bpf_map__set_max_entries(map, (uint32_t)power_of_two(size ? size : ring_size(t)));
}

/* Preallocation of a per-CPU map of histograms can take hundreds of megabytes. Before 6.1 the
 * alternative allocates in a way that is unsafe in some contexts (kernel/bpf/memalloc.c came with 6.1). */
static void size_maps(struct tracer *t)
{
	struct bpf_map *map;

	bpf_object__for_each_map (map, t->loaded.object) {
		const struct map_kind *kind = map_kind_of(bpf_map__name(map), bpf_map__type(map));
		uint64_t size = (uint64_t)bpf_map__value_size(map) * bpf_map__max_entries(map);

		if (kind && kind->traits & MAP_IS_FOR_EACH_CPU)
			bpf_map__set_max_entries(map, bpf_map__max_entries(map) * t->runtime.n_cpus);
		if (!kind || !(kind->traits & MAP_IS_SIZED))
			continue;
		if (kind->traits & MAP_IS_PER_CPU)
			size *= t->runtime.n_cpus;
		if (size >
			(bpf_map__value_size(map) <= SMALL_VALUE ? PREALLOC_SMALL_LIMIT : PREALLOC_LIMIT) &&
		    t->facts.version >= FEATURES_VERSION(6, 1, 0))
			bpf_map__set_map_flags(map, bpf_map__map_flags(map) | BPF_F_NO_PREALLOC);
	}
	map = bpf_object__find_map_by_name(t->loaded.object, map_kinds[MAP_events].symbol);
	if (map)
		size_events(t, map);
}

static int choose_program(struct tracer *t, struct probe *p)
{
	const struct image_program *info = p->programs[p->kind];

	p->program = bpf_object__find_program_by_name(t->loaded.object, info->name.p);
	if (!p->program) {
		message("the image cannot be used: it lacks program %.*s", STR_ARG(info->name));
		return -EINVAL;
	}
	if (p->n_methods && p->methods[p->method] == ATTACH_MULTI)
		bpf_program__set_expected_attach_type(p->program, BPF_TRACE_KPROBE_MULTI);
	if (p->n_methods && p->methods[p->method] == ATTACH_UPROBE_MULTI)
		bpf_program__set_expected_attach_type(
		    p->program, (enum bpf_attach_type)UAPI_TRACE_UPROBE_MULTI);
	if (program_kinds[p->kind].traits & PROGRAM_IS_TRAMPOLINE) {
		int err = same_kernel_set_target(t, p);

		if (err) {
			t->attachment.failed = p;
			return tracer_refuse(t, p, err, "the kernel's BTF lacks the function");
		}
	}
	bpf_program__set_autoload(p->program, !p->off);
	return 0;
}

static int choose_programs(struct tracer *t)
{
	struct bpf_program *program;
	int err;

	bpf_object__for_each_program (program, t->loaded.object)
		bpf_program__set_autoload(program, false);
	for (size_t i = 0; i < t->attachment.probes.n; i++) {
		if (t->attachment.probes.v[i].off)
			continue;
		err = choose_program(t, &t->attachment.probes.v[i]);
		if (err)
			return err;
	}
	return 0;
}

static struct tracer *loading; /* libbpf's print function has no context */

/* Takes what libbpf prints: only here it names the program that failed, and gives the verifier's log. */
static int take_log(enum libbpf_print_level level, const char *format, va_list ap)
{
	struct arena *arena;
	struct str text, rest;

	if (!loading || level != LIBBPF_WARN)
		return 0;
	arena = loading->runtime.arena;
	text = str_vformat(arena, format, ap);
	loading->loaded.log = str_format(arena, "%.*s%.*s", STR_ARG(loading->loaded.log), STR_ARG(text));
	str_split(text, '\'', &rest);
	rest = str_split(rest, '\'', &rest);
	for (size_t i = 0; i < loading->attachment.probes.n; i++) {
		struct probe *p = &loading->attachment.probes.v[i];

		if (!p->off && p->programs[p->kind] && str_eq(p->programs[p->kind]->name, rest))
			loading->attachment.failed = p;
	}
	return 0;
}

static int find_maps(struct tracer *t)
{
	struct runtime *r = &t->runtime;
	struct bpf_map *map;

	for (size_t i = 0; i < t->image.maps.n; i++) {
		map = bpf_object__find_map_by_name(t->loaded.object, t->image.maps.v[i].elf_name.p);
		if (!map) {
			message("the image cannot be used: it lacks the map of %.*s",
			    STR_ARG(t->image.maps.v[i].name));
			return -EINVAL;
		}
		r->map_fds[i] = bpf_map__fd(map);
	}
	map = bpf_object__find_map_by_name(t->loaded.object, map_kinds[MAP_stacks].symbol);
	r->stacks_fd = map ? bpf_map__fd(map) : -1;
	map = bpf_object__find_map_by_name(t->loaded.object, map_kinds[MAP_usdt].symbol);
	t->attachment.usdt_fd = map ? bpf_map__fd(map) : -1;
	map = bpf_object__find_map_by_name(t->loaded.object, map_kinds[MAP_counters].symbol);
	t->loss.counters_fd = map ? bpf_map__fd(map) : -1;
	return 0;
}

static int find_enabled(struct tracer *t)
{
	struct bpf_map *bss = load_internal_map(t, ".bss");
	void *bytes;

	if (!bss || t->image.enabled_offset % 4 || bpf_map__value_size(bss) < 4 ||
	    t->image.enabled_offset > bpf_map__value_size(bss) - 4) {
		message("the image cannot be used: it lacks btrun_enabled");
		return -EINVAL;
	}
	bytes = mmap(NULL, bpf_map__value_size(bss), PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(bss), 0);
	if (bytes == MAP_FAILED)
		return -errno;
	t->loaded.enabled = (volatile uint32_t *)((char *)bytes + t->image.enabled_offset);
	if (t->image.exit_offset != IMAGE_NONE)
		t->runtime.exit = (volatile uint64_t *)((char *)bytes + t->image.exit_offset);
	if (t->image.undone_offset != IMAGE_NONE)
		t->runtime.undone = (volatile uint8_t *)bytes + t->image.undone_offset;
	if (t->image.generations_offset != IMAGE_NONE && t->image.generations_offset % 8 == 0)
		t->runtime.generations = (volatile uint64_t *)((char *)bytes + t->image.generations_offset);
	return 0;
}

static int open_object(struct tracer *t)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "btrun");

	libbpf_set_print(take_log);
	same_kernel_begin(t);
	t->loaded.object = bpf_object__open_mem(t->loaded.elf, t->loaded.elf_size, &options);
	if (!t->loaded.object) {
		message("the image cannot be used: libbpf cannot open it: %s", strerror(errno));
		fprintf(stderr, "%.*s", STR_ARG(t->loaded.log));
		return -EINVAL;
	}
	return 0;
}

/* A perf event's size has 16 bits (include/uapi/linux/perf_event.h), its header and the sample's length
 * included. */
#define PERF_RECORD_LIMIT 65512

static int check_records(struct tracer *t)
{
	for (size_t i = 0; t->arriving.perf && i < t->image.records.n; i++) {
		const struct image_record *r = &t->image.records.v[i];

		if (r->size + r->tail_size <= PERF_RECORD_LIMIT)
			continue;
		diag_error(&t->diag, r->actions[0].span,
		    "this would send up to %u bytes at once; %u are possible in a perf buffer",
		    r->size + r->tail_size, PERF_RECORD_LIMIT);
		diag_hint(&t->diag, "print fewer strings at once, limit their length: str(address, 200), or "
				    "use --buffer ring");
		return -E2BIG;
	}
	return 0;
}

/* Tells whether the instruction calls a helper that changes the system. */
static bool is_unsafe(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == 0 &&
	       (insn->imm == BPF_FUNC_override_return || insn->imm == BPF_FUNC_send_signal ||
		   insn->imm == BPF_FUNC_send_signal_thread || insn->imm == BPF_FUNC_probe_write_user);
}

static bool has_unsafe_call(const struct bpf_program *program)
{
	const struct bpf_insn *insns = bpf_program__insns(program);

	for (size_t i = 0; i < bpf_program__insn_cnt(program); i++)
		if (is_unsafe(&insns[i]))
			return true;
	return false;
}

const char *load_unsafe_part(struct tracer *t)
{
	struct bpf_program *program;

	for (size_t i = 0; i < t->image.records.n; i++)
		for (uint32_t k = 0; k < t->image.records.v[i].n_actions; k++)
			if (builtin_is_unsafe(t->image.records.v[i].actions[k].builtin))
				return "runs commands";
	bpf_object__for_each_program (program, t->loaded.object)
		if (has_unsafe_call(program))
			return "sends signals or changes what the kernel does";
	return NULL;
}

/* Checks that the person allows what the image does; of a script the compiler has checked it. */
static int check_safety(struct tracer *t)
{
	const char *part = t->options->fresh || t->options->unsafe ? NULL : load_unsafe_part(t);

	if (!part)
		return 0;
	message_error("this image %s: run it with --unsafe if that is wanted", part);
	return -EPERM;
}

static int load_opened(struct tracer *t)
{
	int err = choose_programs(t);

	if (!err)
		err = constants_fill(t);
	if (!err && t->options->max_programs && t->attachment.probes.n > t->options->max_programs) {
		message_error("the script has %zu programs, and BPFTRACE_MAX_BPF_PROGS allows %llu",
		    t->attachment.probes.n, (unsigned long long)t->options->max_programs);
		err = -E2BIG;
	}
	if (err)
		return err;
	err = check_records(t);
	if (!err)
		err = check_safety(t);
	if (err)
		return err;
	size_maps(t);
	err = load_check_descriptors(t);
	if (!err)
		err = halves_make(t);
	if (err)
		return err;
	err = bpf_object__load(t->loaded.object);
	if (err)
		return load_explain(t, err);
	err = find_maps(t);
	if (!err)
		err = halves_join(t);
	return err ? err : find_enabled(t);
}

int load_object(struct tracer *t)
{
	int err = 0;

	t->attachment.failed = NULL;
	t->loaded.log = (struct str){ 0 };
	t->loaded.refused_by_verifier = false;
	t->loaded.remedy = NULL;
	loading = t;
	for (size_t i = 0; i < t->image.relocs.n && !err; i++)
		err = relocate(t, &t->image.relocs.v[i]);
	if (!err)
		err = open_object(t);
	if (!err)
		err = load_opened(t);
	loading = NULL;
	return err;
}

int load_unloaded(struct tracer *t)
{
	int err = open_object(t);

	if (!err)
		size_maps(t);
	return err;
}

void load_done(struct tracer *t)
{
	if (t->loaded.elf)
		munmap(t->loaded.elf, t->loaded.elf_room);
	t->loaded.elf = NULL;
	kernel_btf_free(t->facts.btf);
	t->facts.btf = NULL;
	t->facts.btf_asked = false;
}

void load_close(struct tracer *t)
{
	bpf_object__close(t->loaded.object);
	t->loaded.object = NULL;
	t->loaded.enabled = NULL;
	t->runtime.undone = NULL;
	t->runtime.exit = NULL;
	t->runtime.generations = NULL;
	halves_close(t);
}
