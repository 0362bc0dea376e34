/* See Documentation/bpf/btf.rst for the kinds, and for the layout of the string section that find_name()
 * reads. */
#include "kernel/btf.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A chain of typedefs and qualifiers longer than this is a loop in a broken file. */
#define CHAIN_MAX 64

struct kernel_btf {
	struct kernel_btf *base; /* of a module: vmlinux */
	struct btf *btf;
	uint32_t begin, end; /* the ids of this file's own types */
};

static const struct btf_type *type_of(const struct kernel_btf *b, uint32_t id)
{
	return btf__type_by_id(b->btf, id);
}

static struct str name_of(const struct kernel_btf *b, uint32_t offset)
{
	const char *name = btf__name_by_offset(b->btf, offset);

	return str_of(name ? name : "");
}

/* How much there was, up to size. */
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

/* sysfs maps only since 6.16; before, the copy that libbpf makes is a second one. */
static struct btf *parse_whole(int fd, size_t size)
{
	void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	bool mapped = bytes != MAP_FAILED;
	size_t n = size;

	if (!mapped) {
		bytes = malloc(size);
		n = bytes ? read_whole(fd, bytes, size) : 0;
	}
	struct btf *btf = bytes ? btf__new(bytes, (uint32_t)n) : NULL;
	int err = errno;
	if (mapped)
		munmap(bytes, size);
	else
		free(bytes);
	errno = err;
	return btf;
}

/* libbpf 1.1 declares btf__new_split() and does not export it; what it exports wants a path. */
static struct btf *parse_split(int fd, struct btf *base)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return btf__parse_raw_split(path, base);
}

static int load(struct kernel *k, struct str module, struct kernel_btf *b)
{
	struct stat st;
	int err = 0, fd = kernel_open(k, KERNEL_BTF, module);

	if (fd < 0)
		return fd;
	errno = 0;
	if (fstat(fd, &st))
		err = -errno;
	else if (st.st_size <= 0 || st.st_size > UINT32_MAX)
		err = -EBADMSG;
	else if (b->base)
		b->btf = parse_split(fd, b->base->btf);
	else
		b->btf = parse_whole(fd, (size_t)st.st_size);
	if (!err && !b->btf)
		err = errno ? -errno : -ENOMEM;
	close(fd);
	if (err)
		return err;
	b->begin = b->base ? b->base->end : 1;
	b->end = btf__type_cnt(b->btf);
	return 0;
}

int kernel_btf_new(struct kernel *k, struct str module, struct kernel_btf **btf)
{
	struct kernel_btf *b = calloc(1, sizeof(*b));
	int err = b ? 0 : -ENOMEM;

	if (!err && !str_is(module, "vmlinux"))
		err = kernel_btf_new(k, STR("vmlinux"), &b->base);
	if (!err)
		err = load(k, module, b);
	if (err) {
		kernel_btf_free(b);
		return err;
	}
	*btf = b;
	return 0;
}

int kernel_btf_add(struct kernel *k, struct str module, struct kernel_btf **btf)
{
	struct kernel_btf *b = calloc(1, sizeof(*b));
	int err = -ENOMEM;

	if (b) {
		b->base = *btf;
		err = load(k, module, b);
	}
	if (err) {
		free(b);
		return err;
	}
	*btf = b;
	return 0;
}

int kernel_btf_parse(const void *bytes, size_t size, struct kernel_btf **btf)
{
	struct kernel_btf *b = calloc(1, sizeof(*b));
	int err;

	errno = 0;
	if (b)
		b->btf = btf__new(bytes, (uint32_t)size);
	if (!b || !b->btf) {
		err = errno ? -errno : -ENOMEM;
		free(b);
		return err;
	}
	b->begin = 1;
	b->end = btf__type_cnt(b->btf);
	*btf = b;
	return 0;
}

struct str btf_string(const struct kernel_btf *b, uint32_t offset)
{
	return name_of(b, offset);
}

void kernel_btf_free(struct kernel_btf *b)
{
	if (!b)
		return;
	btf__free(b->btf);
	kernel_btf_free(b->base);
	free(b);
}

/* Takes qualifiers, typedefs and tags off; *user tells of a "user" tag among them. NULL for void. */
static const struct btf_type *strip(const struct kernel_btf *b, uint32_t *id, bool *user)
{
	for (int i = 0; i < CHAIN_MAX; i++) {
		const struct btf_type *t = *id ? type_of(b, *id) : NULL;

		if (!t || !(btf_is_mod(t) || btf_is_typedef(t)))
			return t;
		if (btf_is_type_tag(t) && str_is(name_of(b, t->name_off), "user"))
			*user = true;
		*id = t->type;
	}
	return NULL;
}

static void int_info(const struct btf_type *t, struct btf_info *info)
{
	int encoding = btf_int_encoding(t);

	info->shape = encoding & BTF_INT_BOOL ? BTF_SHAPE_BOOL : BTF_SHAPE_INT;
	info->is_signed = encoding & BTF_INT_SIGNED;
	info->is_char = t->size == 1 && (str_is(info->name, "char") || encoding & BTF_INT_CHAR);
}

static void array_info(const struct kernel_btf *b, const struct btf_type *t, struct btf_info *info)
{
	const struct btf_array *array = btf_array(t);
	int64_t size = btf__resolve_size(b->btf, array->type);

	info->shape = BTF_SHAPE_ARRAY;
	info->target = array->type;
	info->elements = array->nelems;
	info->size = size > 0 ? (uint32_t)size * array->nelems : 0;
}

static void pointer_info(const struct kernel_btf *b, const struct btf_type *t, struct btf_info *info)
{
	uint32_t target = t->type;

	info->shape = BTF_SHAPE_PTR;
	info->target = t->type;
	info->size = 8;
	strip(b, &target, &info->user);
}

static void sized_info(const struct btf_type *t, enum btf_shape shape, struct btf_info *info)
{
	info->shape = shape;
	info->size = t->size;
	if (shape == BTF_SHAPE_ENUM)
		info->is_signed = btf_kflag(t);
	else if (shape != BTF_SHAPE_FLOAT)
		info->members = btf_vlen(t);
}

void btf_info(const struct kernel_btf *b, uint32_t id, struct btf_info *info)
{
	bool user = false;
	const struct btf_type *t = strip(b, &id, &user);

	*info = (struct btf_info){ .shape = BTF_SHAPE_VOID, .name = STR("") };
	if (!t)
		return;
	info->id = id;
	info->name = name_of(b, t->name_off);
	switch (btf_kind(t)) {
	case BTF_KIND_INT:
		info->size = t->size;
		int_info(t, info);
		break;
	case BTF_KIND_PTR:
		pointer_info(b, t, info);
		break;
	case BTF_KIND_ARRAY:
		array_info(b, t, info);
		break;
	case BTF_KIND_STRUCT:
		sized_info(t, BTF_SHAPE_STRUCT, info);
		break;
	case BTF_KIND_UNION:
		sized_info(t, BTF_SHAPE_UNION, info);
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		sized_info(t, BTF_SHAPE_ENUM, info);
		break;
	case BTF_KIND_FLOAT:
		sized_info(t, BTF_SHAPE_FLOAT, info);
		break;
	case BTF_KIND_FWD:
		info->shape = BTF_SHAPE_FWD;
		break;
	case BTF_KIND_FUNC_PROTO:
		info->shape = BTF_SHAPE_FUNC_PROTO;
		break;
	}
}

void btf_member(const struct kernel_btf *b, uint32_t id, uint32_t index, struct btf_member_info *member)
{
	bool user = false;
	const struct btf_type *t = strip(b, &id, &user);

	*member = (struct btf_member_info){ .name = STR("") };
	if (!t || !btf_is_composite(t) || index >= btf_vlen(t))
		return;
	const struct btf_member *m = btf_members(t) + index;
	member->name = name_of(b, m->name_off);
	member->type = m->type;
	member->bit_offset = btf_member_bit_offset(t, index);
	member->bit_size = btf_member_bitfield_size(t, index);
}

/*
 * The offset of a name in this file's string section, or -1. (A module's begins
 * with a name, not with the empty one.) pahole writes every
 * string once, so that types can be compared by offset: one pass over 1.5 MB of
 * text and one over the types, in place of 100,000 comparisons of strings.
 */
static int64_t find_name(const struct kernel_btf *b, struct str name)
{
	uint32_t size;
	const void *raw = btf__raw_data(b->btf, &size);
	const struct btf_header *header = raw;

	if (!raw || name.n == 0)
		return -1;
	const char *begin = (const char *)raw + header->hdr_len + header->str_off;
	const char *end = begin + header->str_len, *p = begin;
	while ((p = memmem(p, (size_t)(end - p), name.p, name.n))) {
		const char *after = p + name.n;

		if ((p == begin || !p[-1]) && after < end && !*after)
			return p - begin;
		p++;
	}
	return -1;
}

/* In a module's file, offsets go on where vmlinux's strings end. */
static uint32_t strings_before(const struct kernel_btf *b)
{
	uint32_t size;
	const struct btf_header *header = b->base ? btf__raw_data(b->base->btf, &size) : NULL;

	return header ? header->str_len : 0;
}

/* offset: of the name, as types of b would have it. Tells whether there is any. */
static bool name_offset(const struct kernel_btf *b, struct str name, uint32_t *offset)
{
	/* A module reuses the strings of vmlinux. */
	int64_t at = b->base ? find_name(b->base, name) : -1;
	uint32_t before = 0;

	if (at < 0) {
		at = find_name(b, name);
		before = strings_before(b);
	}
	*offset = at < 0 ? 0 : (uint32_t)at + before;
	return at >= 0;
}

static bool of_shape(const struct btf_type *t, enum btf_shape tag)
{
	switch (tag) {
	case BTF_SHAPE_STRUCT:
		return btf_is_struct(t);
	case BTF_SHAPE_UNION:
		return btf_is_union(t);
	case BTF_SHAPE_ENUM:
		return btf_is_any_enum(t);
	case BTF_SHAPE_VOID:
		return btf_is_typedef(t) || btf_is_int(t) || btf_is_float(t);
	case BTF_SHAPE_FUNC_PROTO:
		return btf_is_func(t);
	case BTF_SHAPE_INT:
	case BTF_SHAPE_BOOL:
	case BTF_SHAPE_FLOAT:
	case BTF_SHAPE_PTR:
	case BTF_SHAPE_ARRAY:
	case BTF_SHAPE_FWD:
		break;
	}
	return false;
}

static uint32_t next_named(const struct kernel_btf *b, uint32_t id, enum btf_shape tag, uint32_t offset)
{
	for (; id < b->end; id++) {
		const struct btf_type *t = type_of(b, id);

		if (t && t->name_off == offset && of_shape(t, tag))
			return id;
	}
	return 0;
}

/* A module's own types first. */
int btf_find(const struct kernel_btf *b, enum btf_shape tag, struct str name)
{
	uint32_t offset, id;

	for (; b; b = b->base) {
		if (!name_offset(b, name, &offset))
			continue;
		id = next_named(b, b->begin, tag, offset);
		if (id)
			return (int)id;
	}
	return -ENOENT;
}

static bool is_variadic(const struct btf_type *proto)
{
	uint16_t n = btf_vlen(proto);

	/* The "..." is a last parameter without name and type. */
	return n > 0 && btf_params(proto)[n - 1].type == 0;
}

int btf_find_func(const struct kernel_btf *b, struct str name, struct btf_func_info *func, uint32_t *proto)
{
	uint32_t offset, id;

	while (b && (!name_offset(b, name, &offset) ||
			!(id = next_named(b, b->begin, BTF_SHAPE_FUNC_PROTO, offset))))
		b = b->base;
	if (!b)
		return -ENOENT;
	*proto = type_of(b, id)->type;
	const struct btf_type *t = type_of(b, *proto);
	if (!t || !btf_is_func_proto(t))
		return -EBADMSG;
	*func = (struct btf_func_info){ .ret = t->type, .variadic = is_variadic(t) };
	func->n_params = btf_vlen(t) - func->variadic;
	/* Equal prototypes were made one by the deduplication. */
	while ((id = next_named(b, id + 1, BTF_SHAPE_FUNC_PROTO, offset)))
		func->ambiguous |= type_of(b, id)->type != *proto;
	return 0;
}

void btf_param(const struct kernel_btf *b, uint32_t proto, uint32_t index, struct str *name, uint32_t *type)
{
	const struct btf_type *t = type_of(b, proto);

	*name = STR("");
	*type = 0;
	if (!t || !btf_is_func_proto(t) || index >= btf_vlen(t))
		return;
	*name = name_of(b, btf_params(t)[index].name_off);
	*type = btf_params(t)[index].type;
}

static bool enum_value(const struct btf_type *t, uint32_t name, int64_t *value)
{
	bool wide = btf_is_enum64(t);

	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		if (wide && btf_enum64(t)[i].name_off == name) {
			*value = (int64_t)btf_enum64_value(&btf_enum64(t)[i]);
			return true;
		}
		if (!wide && btf_enum(t)[i].name_off == name) {
			int32_t narrow = btf_enum(t)[i].val;

			*value = btf_kflag(t) ? narrow : (int64_t)(uint32_t)narrow;
			return true;
		}
	}
	return false;
}

int btf_find_enum_value(const struct kernel_btf *b, struct str name, int64_t *value, uint32_t *type)
{
	uint32_t offset;

	for (; b; b = b->base) {
		if (!name_offset(b, name, &offset))
			continue;
		for (*type = b->begin; *type < b->end; (*type)++) {
			const struct btf_type *t = type_of(b, *type);

			if (t && btf_is_any_enum(t) && enum_value(t, offset, value))
				return 0;
		}
	}
	return -ENOENT;
}

void btf_each_name(const struct kernel_btf *b, enum btf_shape tag, kernel_found *found, void *context)
{
	for (uint32_t id = 1; id < b->end; id++) {
		const struct btf_type *t = type_of(b, id);

		if (t && t->name_off && of_shape(t, tag) && found(context, name_of(b, t->name_off), STR("")))
			return;
	}
}

void btf_each_func(const struct kernel_btf *b, kernel_found *found, void *context)
{
	btf_each_name(b, BTF_SHAPE_FUNC_PROTO, found, context);
}

static void print_dump(void *out, const char *format, va_list ap)
{
	vfprintf(out, format, ap);
}

/* libbpf prints what the type needs before it. What is ours comes last, behind an empty line. */
static void print_last(const char *text, FILE *out)
{
	const char *last = text, *next;

	while ((next = strstr(last, "\n\n")) && next[2])
		last = next + 2;
	fputs(last, out);
}

int btf_print(const struct kernel_btf *k, enum btf_shape tag, struct str name, FILE *out)
{
	int id = btf_find(k, tag, name);
	char *text = NULL;
	size_t size;
	FILE *whole;
	struct btf_dump *dump;

	if (id < 0)
		return -ENOENT;
	whole = open_memstream(&text, &size);
	dump = whole ? btf_dump__new(k->btf, print_dump, whole, NULL) : NULL;
	if (dump && btf_dump__dump_type(dump, (uint32_t)id) == 0 && fflush(whole) == 0)
		print_last(text, out);
	btf_dump__free(dump);
	if (whole)
		fclose(whole);
	free(text);
	return 0;
}
