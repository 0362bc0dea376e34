#include "kernel/btf_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A chain of arrays, typedefs and qualifiers longer than this is a loop in a broken file. */
#define CHAIN_MAX 64
#define HUGE_PAGE (2u << 20)

/* Returns how much there was, up to size. */
static size_t read_whole(int fd, char *bytes, size_t size)
{
	size_t n = 0;

	while (n < size) {
		ssize_t got = read(fd, bytes + n, size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return n;
}

/* Allocates few large pages where the kernel has them, instead of 1,400 that are made one by one. */
static void *make_room(size_t size)
{
	void *room = size >= HUGE_PAGE ? aligned_alloc(HUGE_PAGE, (size + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1ul))
				       : malloc(size);

	if (room && size >= HUGE_PAGE)
		madvise(room, size, MADV_HUGEPAGE);
	return room;
}

/* sysfs maps only since 6.16. */
static int take_bytes(struct btf_file *f, int fd, size_t size)
{
	f->bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	f->mapped = f->bytes != MAP_FAILED;
	f->size = size;
	if (f->mapped)
		return 0;
	f->bytes = make_room(size);
	if (!f->bytes)
		return -ENOMEM;
	f->size = read_whole(fd, f->bytes, size);
	return 0;
}

static bool find_sections(struct btf_file *f)
{
	const struct btf_header *h = f->bytes;

	if (f->size < sizeof(*h) || h->magic != BTF_MAGIC || h->version != BTF_VERSION ||
	    h->hdr_len < sizeof(*h) || h->hdr_len > f->size)
		return false;
	if ((uint64_t)h->hdr_len + h->type_off + h->type_len > f->size ||
	    (uint64_t)h->hdr_len + h->str_off + h->str_len > f->size)
		return false;
	f->types = (const char *)f->bytes + h->hdr_len + h->type_off;
	f->types_size = h->type_len;
	f->strings = (const char *)f->bytes + h->hdr_len + h->str_off;
	f->strings_size = h->str_len;
	return h->type_off % 4 == 0 && h->hdr_len % 4 == 0 && f->strings_size &&
	       !f->strings[f->strings_size - 1];
}

/* Returns how much follows the struct btf_type; -1 of a kind that is not known: nothing behind it can be
 * found. */
static int64_t bytes_behind(const struct btf_type *t)
{
	uint32_t n = btf_vlen(t);

	switch (btf_kind(t)) {
	case BTF_KIND_FWD:
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_PTR:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return 0;
	case BTF_KIND_INT:
		return sizeof(uint32_t);
	case BTF_KIND_ENUM:
		return n * (int64_t)sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return n * (int64_t)sizeof(struct btf_enum64);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return n * (int64_t)sizeof(struct btf_member);
	case BTF_KIND_FUNC_PROTO:
		return n * (int64_t)sizeof(struct btf_param);
	case BTF_KIND_VAR:
		return sizeof(struct btf_var);
	case BTF_KIND_DATASEC:
		return n * (int64_t)sizeof(struct btf_var_secinfo);
	case BTF_KIND_DECL_TAG:
		return sizeof(struct btf_decl_tag);
	}
	return -1;
}

static int number_types(struct btf_file *f)
{
	/* A type has at least its 12 bytes; the room that is not used costs nothing. */
	f->offsets = malloc((f->types_size / sizeof(struct btf_type) + 1) * sizeof(*f->offsets));
	if (!f->offsets)
		return -ENOMEM;
	f->begin = f->end = f->base ? f->base->end : 1;
	f->strings_begin = f->base ? f->base->strings_size : 0;
	for (uint64_t at = 0; at < f->types_size;) {
		const struct btf_type *t = (const void *)(f->types + at);
		int64_t behind = f->types_size - at >= sizeof(*t) ? bytes_behind(t) : -1;

		if (behind < 0 || (uint64_t)behind > f->types_size - at - sizeof(*t))
			return -EBADMSG;
		f->offsets[f->end++ - f->begin] = (uint32_t)at;
		at += sizeof(*t) + (uint64_t)behind;
	}
	return 0;
}

static int index_file(struct btf_file *f)
{
	int err = find_sections(f) ? number_types(f) : -EBADMSG;

	if (err)
		btf_file_close(f);
	return err;
}

int btf_file_open(struct btf_file *f, const struct btf_file *base, int fd, size_t size)
{
	int err;

	*f = (struct btf_file){ .base = base };
	err = take_bytes(f, fd, size);
	return err ? err : index_file(f);
}

int btf_file_copy(struct btf_file *f, const void *bytes, size_t size)
{
	*f = (struct btf_file){ .bytes = malloc(size + 1), .size = size };
	if (!f->bytes)
		return -ENOMEM;
	memcpy(f->bytes, bytes, size);
	return index_file(f);
}

void btf_file_close(struct btf_file *f)
{
	if (f->mapped)
		munmap(f->bytes, f->size);
	else
		free(f->bytes);
	free(f->offsets);
	*f = (struct btf_file){ 0 };
}

const struct btf_type *btf_file_type(const struct btf_file *f, uint32_t id)
{
	for (; f; f = f->base) {
		if (id >= f->end)
			return NULL;
		if (id >= f->begin)
			return (const void *)(f->types + f->offsets[id - f->begin]);
	}
	return NULL;
}

struct str btf_file_string(const struct btf_file *f, uint32_t offset)
{
	while (f->base && offset < f->strings_begin)
		f = f->base;
	offset -= f->strings_begin;
	return str_of(offset < f->strings_size ? f->strings + offset : "");
}

int64_t btf_file_find_string(const struct btf_file *f, struct str name)
{
	const char *end = f->strings + f->strings_size, *p = f->strings;

	while (name.n && (p = memmem(p, (size_t)(end - p), name.p, name.n))) {
		const char *after = p + name.n;

		if ((p == f->strings || !p[-1]) && after < end && !*after)
			return p - f->strings;
		p++;
	}
	return -1;
}

uint64_t btf_file_size_of(const struct btf_file *f, uint32_t id)
{
	uint64_t elements = 1;

	for (int i = 0; i < CHAIN_MAX; i++) {
		const struct btf_type *t = btf_file_type(f, id);

		if (!t)
			return 0;
		if (btf_is_array(t)) {
			elements *= btf_array(t)->nelems;
			if (elements > UINT32_MAX)
				return 0;
			id = btf_array(t)->type;
		} else if (btf_is_mod(t) || btf_is_typedef(t)) {
			id = t->type;
		} else {
			return elements * (btf_is_ptr(t)                               ? 8
					      : btf_is_func(t) || btf_is_func_proto(t) ? 0
										       : t->size);
		}
	}
	return 0;
}
