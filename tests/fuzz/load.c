/*
 * The bytes of an image, without its seal, on all their way to the kernel: what is accepted must not harm
 * libbpf, which believes much of what an object says.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>

#include "image/elf.h"
#include "runtime/load/validate_object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int quiet(enum libbpf_print_level level, const char *format, va_list ap)
{
	return 0;
}

/* As runtime/load/load.c looks at it before it loads. */
static void look(struct bpf_object *object, const struct image *image)
{
	struct bpf_program *program;
	volatile unsigned codes = 0;
	struct bpf_map *map;
	size_t n;

	bpf_object__for_each_map (map, object) {
		const void *value = bpf_map__initial_value(map, &n);
		void *copy = value ? malloc(n + 1) : NULL;

		if (copy)
			bpf_map__set_initial_value(map, memcpy(copy, value, n), n);
		free(copy);
	}
	bpf_object__for_each_program (program, object) {
		for (n = 0; n < bpf_program__insn_cnt(program); n++)
			codes += bpf_program__insns(program)[n].code;
	}
	for (size_t i = 0; i < image->programs.n; i++)
		bpf_object__find_program_by_name(object, image->programs.v[i].name.p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "btrun");
	struct arena *a = arena_new();
	struct bpf_object *object = NULL;
	struct image image;
	struct str why;

	libbpf_set_print(quiet);
	if (image_read(a, data, size, &image, &why) == 0 && !validate_object(a, data, &image).n)
		object = bpf_object__open_mem(data, size, &options);
	if (object)
		look(object, &image);
#ifdef FUZZ_LOAD_OBJECT
	if (object)
		bpf_object__load(object);
#endif
	bpf_object__close(object);
	arena_free(a);
	return 0;
}
