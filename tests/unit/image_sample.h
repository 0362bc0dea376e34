/* An image that uses every struct, and an ELF object to put it into. */
#ifndef BTRUN_TESTS_UNIT_IMAGE_SAMPLE_H
#define BTRUN_TESTS_UNIT_IMAGE_SAMPLE_H

#include "image/image.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char sample_program[] =
    "typedef unsigned int u32;\n"
    "#define SEC(name) __attribute__((section(name), used))\n"
    "struct { int (*type)[27]; int (*max_entries)[4096]; } events SEC(\".maps\");\n"
    "volatile const u32 slots[4] SEC(\".rodata\");\n"
    "u32 btrun_enabled SEC(\".bss\");\n"
    "SEC(\"tracepoint/sched/sched_switch\") int first(void *ctx)\n"
    "{ return btrun_enabled ? slots[1] : *(int *)(ctx + 8); }\n"
    "char _license[] SEC(\"license\") = \"GPL\";\n";

/* A descriptor of the compiled sample_program, or -1 when this machine has no clang for BPF. */
static inline int sample_object(void)
{
	char path[64], command[200];
	int fd = memfd_create("sample", 0);
	FILE *compiler;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), fd);
	snprintf(command, sizeof(command),
	    "$(command -v clang clang-19 clang-16 clang-14 | head -1) -target bpf -g -O2 -fno-addrsig -c -x "
	    "c - -o - > %s",
	    path);
	compiler = popen(command, "w");
	if (!compiler)
		return -1;
	fwrite(sample_program, 1, sizeof(sample_program) - 1, compiler);
	if (pclose(compiler) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Everything in fd, in the arena. */
static inline struct str sample_bytes(struct arena *a, int fd)
{
	struct stat st;
	char *bytes;

	if (fstat(fd, &st))
		return (struct str){ 0 };
	bytes = arena_alloc(a, st.st_size + 1);
	return (struct str){ bytes, pread(fd, bytes, st.st_size, 0) };
}

static inline void sample_types(struct arena *a, struct image *m)
{
	static const struct image_item items[] = { { .type = 0 }, { .type = 1, .offset = 8 } };

	vec_push(a, &m->types,
	    ((struct image_type){ .kind = TYPE_int, .size = 8, .is_signed = true, .element = IMAGE_NONE }));
	vec_push(
	    a, &m->types, ((struct image_type){ .kind = TYPE_string, .size = 16, .element = IMAGE_NONE }));
	vec_push(a, &m->types,
	    ((struct image_type){
		.kind = TYPE_tuple, .size = 24, .element = IMAGE_NONE, .n_items = 2, .items = items }));
	vec_push(
	    a, &m->types, ((struct image_type){ .kind = TYPE_array, .size = 32, .element = 0, .count = 4 }));
	vec_push(
	    a, &m->types, ((struct image_type){ .kind = TYPE_hist, .size = 65 * 8, .element = IMAGE_NONE }));
	vec_push(a, &m->types,
	    ((struct image_type){
		.kind = TYPE_enum, .size = 4, .element = IMAGE_NONE, .name = STR("color") }));
}

static inline void sample_image(struct arena *a, struct image *m)
{
	static struct image_field fields[] = { { .type = 0, .offset = 8 },
		{ .type = 1, .offset = 16, .tail = true } };
	static struct image_action actions[] = { { .builtin = { "printf", 6 },
	    .span = { 0, 5 },
	    .format = { "%d %s\n", 6 },
	    .map = IMAGE_NONE,
	    .numbers = { -1, INT64_MIN },
	    .n_fields = 2,
	    .fields = fields } };
	static struct image_param params[] = { { 0, 4 }, { 3, 8 } };

	*m = (struct image){ .script_name = STR("x.bt"),
		.script_text = STR("BEGIN { printf(); }"),
		.compiler = STR("btrun, LLVM"),
		.machine = STR("x86_64"),
		.kernel = STR("6.1.0"),
		.kernel_id = STR("0a1b"),
		.exit_offset = IMAGE_NONE,
		.undone_offset = IMAGE_NONE,
		.generations_offset = IMAGE_NONE };
	sample_types(a, m);
	vec_push(a, &m->records,
	    ((struct image_record){ .size = 24, .tail_size = 1024, .n_actions = 1, .actions = actions }));
	vec_push(a, &m->maps,
	    ((struct image_map){ .name = STR("@h"),
		.generation = IMAGE_NONE,
		.elf_name = STR("map_h"),
		.key_type = 2,
		.value_type = 4,
		.kind = MAP_percpu_hash,
		.span = { 1, 2 } }));
	vec_push(a, &m->attaches,
	    ((struct image_attach){ .probe = PROBE_kprobe,
		.text = STR("kprobe:m:f+8"),
		.span = { 0, 5 },
		.action = 7,
		.module = STR("m"),
		.function = STR("f"),
		.offset = UINT64_MAX,
		.condition = STR("g"),
		.condition_negated = true,
		.is_open = true,
		.parameter = 0 }));
	vec_push(a, &m->attaches,
	    ((struct image_attach){ .probe = PROBE_tracepoint,
		.text = STR("tracepoint:sched:*"),
		.glob = true,
		.category = STR("sched"),
		.event = STR("*"),
		.period_ns = 5,
		.parameter = IMAGE_NONE }));
	vec_push(a, &m->programs,
	    ((struct image_program){ .name = STR("first"),
		.kind = PROGRAM_fexit,
		.n_attach = 2,
		.needs_retval = true,
		.btf_id = 77,
		.n_params = 2,
		.params = params }));
	vec_push(a, &m->counters,
	    ((struct image_counter){
		.kind = LOSS_map_full, .attach = IMAGE_NONE, .map = 0, .span = { 3, 9 } }));
	vec_push(a, &m->externs,
	    ((struct image_extern){ .kind = EXTERN_func_exists, .offset = 4, .size = 4, .name = STR("f") }));
	vec_push(a, &m->parameters,
	    ((struct image_parameter){ .kind = PARAMETER_NUMBER,
		.name = STR("limit"),
		.description = STR("the most"),
		.fallback = STR("-5"),
		.offset = 0,
		.size = 8,
		.span = { 2, 3 } }));
	vec_push(a, &m->parameters,
	    ((struct image_parameter){
		.kind = PARAMETER_TEXT, .number = 3, .offset = 8, .size = 7, .skip = 2 }));
	m->n_fixed = 1;
	vec_push(a, &m->relocs,
	    ((struct image_reloc){ .section = STR("tracepoint/sched/sched_switch"),
		.insn = 8,
		.category = STR("sched"),
		.event = STR("sched_switch"),
		.field = STR("prev_pid"),
		.size = 4,
		.delta = 1,
		.span = { 0, 1 } }));
}

#endif
