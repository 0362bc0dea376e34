#include "runtime/load/halves.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <unistd.h>

#include "language/map_kinds.h"
#include "runtime/load/load_failure.h"

void halves_prepare(struct tracer *t)
{
	t->runtime.half_fds = arena_many(t->runtime.arena, int, t->image.maps.n + 1);
	for (size_t i = 0; i < t->image.maps.n; i++)
		t->runtime.half_fds[i] = -1;
}

static int make_half(struct tracer *t, size_t i)
{
	const struct image_map *m = &t->image.maps.v[i];
	const struct bpf_map *first = bpf_object__find_map_by_name(t->loaded.object, m->elf_name.p);
	struct bpf_map *both = bpf_object__find_map_by_name(t->loaded.object, m->halves.p);
	LIBBPF_OPTS(bpf_map_create_opts, options);
	int fd;

	if (!first || !both || bpf_map__type(both) != map_kinds[MAP_halves].type)
		return load_explain_map(m->name, -ENOENT);
	options.map_flags = bpf_map__map_flags(first);
	fd = bpf_map_create(bpf_map__type(first), m->elf_name.n < BPF_OBJ_NAME_LEN ? m->elf_name.p : NULL,
	    bpf_map__key_size(first), bpf_map__value_size(first), bpf_map__max_entries(first), &options);
	if (fd < 0)
		return load_explain_map(m->name, fd);
	t->runtime.half_fds[i] = fd;
	return bpf_map__set_inner_map_fd(both, fd);
}

int halves_make(struct tracer *t)
{
	int err = 0;

	for (size_t i = 0; i < t->image.maps.n && !err; i++)
		if (t->image.maps.v[i].halves.n)
			err = make_half(t, i);
	return err;
}

/* At once, where the kernel can: it waits for RCU behind each single one. */
static int join(int both, const int *halves)
{
	static const uint32_t keys[] = { 0, 1 };
	uint32_t n = 2;
	int err = bpf_map_update_batch(both, keys, halves, &n, NULL);

	for (uint32_t i = 0; i < 2 && (err || n < 2); i++)
		if (bpf_map_update_elem(both, &keys[i], &halves[i], BPF_ANY))
			return -errno;
	return 0;
}

int halves_join(struct tracer *t)
{
	for (size_t i = 0; i < t->image.maps.n; i++) {
		const struct image_map *m = &t->image.maps.v[i];
		int halves[] = { t->runtime.map_fds[i], t->runtime.half_fds[i] }, err;

		if (!m->halves.n)
			continue;
		err = join(bpf_object__find_map_fd_by_name(t->loaded.object, m->halves.p), halves);
		if (err)
			return load_explain_map(m->name, err);
	}
	return 0;
}

void halves_close(struct tracer *t)
{
	for (size_t i = 0; t->runtime.half_fds && i < t->image.maps.n; i++) {
		if (t->runtime.half_fds[i] >= 0)
			close(t->runtime.half_fds[i]);
		t->runtime.half_fds[i] = -1;
	}
}
