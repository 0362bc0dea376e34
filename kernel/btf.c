/* See Documentation/bpf/btf.rst for the kinds. */
#include "kernel/btf.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/btf_file.h"

/* A chain of typedefs and qualifiers longer than this is a loop in a broken file. */
#define CHAIN_MAX 64

struct kernel_btf {
	struct kernel_btf *base; /* of a module: vmlinux */
	struct btf_file file;
};

static const struct btf_type *type_of(const struct kernel_btf *b, uint32_t id)
{
	return btf_file_type(&b->file, id);
}

static struct str name_of(const struct kernel_btf *b, uint32_t offset)
{
	return btf_file_string(&b->file, offset);
}

static int load(struct kernel *k, struct str module, struct kernel_btf *b)
{
	struct stat st;
	int err = 0, fd = kernel_open(k, KERNEL_BTF, module);

	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		err = -errno;
	else if (st.st_size <= 0 || st.st_size > UINT32_MAX)
		err = -EBADMSG;
	else
		err = btf_file_open(&b->file, b->base ? &b->base->file : NULL, fd, (size_t)st.st_size);
	close(fd);
	return err;
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
	int err = b ? btf_file_copy(&b->file, bytes, size) : -ENOMEM;

	if (err) {
		free(b);
		return err;
	}
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
	btf_file_close(&b->file);
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
	uint64_t size = btf_file_size_of(&b->file, array->type);

	info->shape = BTF_SHAPE_ARRAY;
	info->target = array->type;
	info->elements = array->nelems;
	info->size = size * array->nelems <= UINT32_MAX ? (uint32_t)(size * array->nelems) : 0;
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
	case BTF_KIND_FUNC:
		info->id = t->type;
		t = type_of(b, t->type);
		info->shape = BTF_SHAPE_FUNC_PROTO;
		info->members = t ? btf_vlen(t) : 0;
		break;
	case BTF_KIND_FUNC_PROTO:
		info->shape = BTF_SHAPE_FUNC_PROTO;
		info->members = btf_vlen(t);
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

/* Gives the offset of a name as types of b would have it; false when no type can have it. pahole writes every
 * string once, so that types can be compared by offset: one pass over 1.5 MB of text and one over the types,
 * in place of 100,000 comparisons of strings. */
static bool name_offset(const struct kernel_btf *b, struct str name, uint32_t *offset)
{
	/* A module reuses the strings of vmlinux. */
	int64_t at = b->base ? btf_file_find_string(&b->base->file, name) : -1;
	uint32_t before = 0;

	if (at < 0) {
		at = btf_file_find_string(&b->file, name);
		before = b->file.strings_begin;
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
	for (; id < b->file.end; id++) {
		const struct btf_type *t = type_of(b, id);

		if (t && t->name_off == offset && of_shape(t, tag))
			return id;
	}
	return 0;
}

struct str btf_name(const struct kernel_btf *b, uint32_t id)
{
	const struct btf_type *t = type_of(b, id);

	return t ? name_of(b, t->name_off) : STR("");
}

uint32_t btf_next(const struct kernel_btf *b, enum btf_shape tag, struct str prefix, uint32_t after)
{
	for (uint32_t id = after + 1; id < b->file.end; id++) {
		const struct btf_type *t = type_of(b, id);

		if (t && of_shape(t, tag) && strncmp(name_of(b, t->name_off).p, prefix.p, prefix.n) == 0)
			return id;
	}
	return 0;
}

uint32_t btf_next_namesake(const struct kernel_btf *b, uint32_t id)
{
	const struct btf_type *t;

	while (b->base && id < b->file.begin)
		b = b->base;
	t = type_of(b, id);
	if (!t)
		return 0;
	while (++id < b->file.end) {
		const struct btf_type *other = type_of(b, id);

		if (other && other->name_off == t->name_off && btf_kind(other) == btf_kind(t))
			return id;
	}
	return 0;
}

/* Looks among a module's own types first. */
int btf_find(const struct kernel_btf *b, enum btf_shape tag, struct str name)
{
	uint32_t offset, id;

	for (; b; b = b->base) {
		if (!name_offset(b, name, &offset))
			continue;
		id = next_named(b, b->file.begin, tag, offset);
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

static bool is_record(enum btf_shape shape)
{
	return shape == BTF_SHAPE_STRUCT || shape == BTF_SHAPE_UNION;
}

/* The kernel's limits: MAX_BPF_FUNC_ARGS, and what two registers hold. */
#define TRAMPOLINE_PARAMS 12
#define TRAMPOLINE_STRUCT 16

static const char *trampoline_refusal(
    const struct kernel_btf *b, uint32_t proto, const struct btf_func_info *func)
{
	struct btf_info info;
	struct str name;
	uint32_t type;

	if (func->variadic)
		return "takes a variable number of arguments";
	if (func->n_params > TRAMPOLINE_PARAMS)
		return "takes more than 12 arguments";
	btf_info(b, func->ret, &info);
	if (func->ret && is_record(info.shape))
		return "returns a struct";
	for (uint32_t i = 0; i < func->n_params; i++) {
		btf_param(b, proto, i, &name, &type);
		btf_info(b, type, &info);
		if (is_record(info.shape) && info.size > TRAMPOLINE_STRUCT)
			return "takes a struct of more than 16 bytes by value";
	}
	return NULL;
}

int btf_find_func(const struct kernel_btf *b, struct str name, struct btf_func_info *func, uint32_t *proto)
{
	uint32_t offset, id;

	while (b && (!name_offset(b, name, &offset) ||
			!(id = next_named(b, b->file.begin, BTF_SHAPE_FUNC_PROTO, offset))))
		b = b->base;
	if (!b)
		return -ENOENT;
	*proto = type_of(b, id)->type;
	const struct btf_type *t = type_of(b, *proto);
	if (!t || !btf_is_func_proto(t))
		return -EBADMSG;
	*func = (struct btf_func_info){ .ret = t->type, .variadic = is_variadic(t), .id = b->base ? 0 : id };
	func->n_params = btf_vlen(t) - func->variadic;
	func->refusal = trampoline_refusal(b, *proto, func);
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

/* A struct that is passed by value takes one for each of its words. */
static uint32_t slots_of(const struct kernel_btf *b, uint32_t type)
{
	struct btf_info info;

	btf_info(b, type, &info);
	if (is_record(info.shape))
		return (info.size + 7) / 8;
	return info.size > 8 ? 2 : 1;
}

uint32_t btf_param_slot(const struct kernel_btf *b, uint32_t proto, uint32_t index)
{
	uint32_t slot = 0, type;
	struct str name;

	for (uint32_t i = 0; i < index; i++) {
		btf_param(b, proto, i, &name, &type);
		slot += slots_of(b, type);
	}
	return slot;
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

int btf_find_enum_value(
    const struct kernel_btf *b, struct str enumeration, struct str name, int64_t *value, uint32_t *type)
{
	uint32_t offset;

	for (; b; b = b->base) {
		if (!name_offset(b, name, &offset))
			continue;
		for (*type = b->file.begin; *type < b->file.end; (*type)++) {
			const struct btf_type *t = type_of(b, *type);

			if (t && btf_is_any_enum(t) &&
			    (!enumeration.n || str_eq(name_of(b, t->name_off), enumeration)) &&
			    enum_value(t, offset, value))
				return 0;
		}
	}
	return -ENOENT;
}

/* Anonymous structs lie in anonymous structs, but not for ever. */
#define NESTING_LIMIT 16

static bool find_member(const struct kernel_btf *b, uint32_t record, struct str name, unsigned depth,
    uint32_t *bits, struct btf_member_info *member)
{
	struct btf_info info;
	uint32_t begin = *bits;

	btf_info(b, record, &info);
	if ((info.shape != BTF_SHAPE_STRUCT && info.shape != BTF_SHAPE_UNION) || depth > NESTING_LIMIT)
		return false;
	for (uint32_t i = 0; i < info.members; i++) {
		btf_member(b, info.id, i, member);
		*bits = begin + member->bit_offset;
		if (member->name.n ? str_eq(member->name, name)
				   : find_member(b, member->type, name, depth + 1, bits, member))
			return true;
	}
	return false;
}

bool btf_find_member(const struct kernel_btf *b, uint32_t record, struct str name, uint32_t *bits,
    struct btf_member_info *member)
{
	*bits = 0;
	return find_member(b, record, name, 0, bits, member);
}

void btf_each_name(const struct kernel_btf *b, enum btf_shape tag, kernel_found *found, void *context)
{
	for (uint32_t id = 1; id < b->file.end; id++) {
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

/* libbpf 1.1 declares btf__new_split() and does not export it; what it exports wants a path. */
static struct btf *parse_split(const struct btf_file *f, struct btf *base)
{
	int fd = memfd_create("btf", MFD_CLOEXEC);
	struct btf *btf = NULL;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd >= 0 && write(fd, f->bytes, f->size) == (ssize_t)f->size)
		btf = btf__parse_raw_split(path, base);
	if (fd >= 0)
		close(fd);
	return btf;
}

static int dump_type(const struct btf *btf, uint32_t id, FILE *out)
{
	char *text = NULL;
	size_t size;
	FILE *whole = open_memstream(&text, &size);
	struct btf_dump *dump = whole ? btf_dump__new(btf, print_dump, whole, NULL) : NULL;
	int err = dump ? btf_dump__dump_type(dump, id) : -ENOMEM;

	btf_dump__free(dump);
	if (whole && fclose(whole) == 0 && !err)
		print_last(text, out);
	free(text);
	return err;
}

int btf_print(const struct kernel_btf *k, enum btf_shape tag, struct str name, FILE *out)
{
	const struct btf_file *whole = k->base ? &k->base->file : &k->file;
	int id = btf_find(k, tag, name), err;
	struct btf *base, *split = NULL;

	if (id < 0)
		return -ENOENT;
	base = btf__new(whole->bytes, (uint32_t)whole->size);
	if (base && k->base)
		split = parse_split(&k->file, base);
	err = base && (split || !k->base) ? dump_type(split ? split : base, (uint32_t)id, out) : -EBADMSG;
	btf__free(split);
	btf__free(base);
	return err;
}
