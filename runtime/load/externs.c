/*
 * The constants that only the kernel where the image runs can tell: a function for each row of
 * language/externs.def.
 */
#include "runtime/load/externs.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"
#include "kernel/btf.h"
#include "runtime/load/user_symbol.h"

static uint64_t extern_perf(struct tracer *t, const struct image_extern *row)
{
	return t->arriving.perf;
}

static uint64_t extern_pid(struct tracer *t, const struct image_extern *row)
{
	return (uint64_t)t->options->pid;
}

/* include/linux/proc_ns.h: PROC_PID_INIT_INO */
#define INITIAL_PIDNS 0xEFFFFFFC

static uint64_t extern_pidns_inode(struct tracer *t, const struct image_extern *row)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) || st.st_ino == INITIAL_PIDNS ? 0 : st.st_ino;
}

static uint64_t extern_pidns_device(struct tracer *t, const struct image_extern *row)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) ? 0 : st.st_dev;
}

static uint64_t extern_func_exists(struct tracer *t, const struct image_extern *row)
{
	return tracer_has_function(t, row->name);
}

static uint64_t extern_start_time(struct tracer *t, const struct image_extern *row)
{
	return clock_ns();
}

static uint64_t extern_ncpus(struct tracer *t, const struct image_extern *row)
{
	return t->runtime.n_cpus;
}

static uint64_t extern_cpid(struct tracer *t, const struct image_extern *row)
{
	return (uint64_t)t->command_pid;
}

static uint64_t extern_refused(struct tracer *t, const struct image_extern *row, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static uint64_t extern_refused(struct tracer *t, const struct image_extern *row, const char *format, ...)
{
	struct str text;
	va_list ap;

	va_start(ap, format);
	text = str_vformat(t->runtime.arena, format, ap);
	va_end(ap);
	diag_error(&t->diag, row->span, "%.*s", STR_ARG(text));
	t->attachment.error = -ENOENT;
	return 0;
}

struct symbol_search {
	struct str name;
	uint64_t address;
};

static int take_address(void *context, const struct kernel_symbol *symbol)
{
	struct symbol_search *s = context;

	if (!str_eq(symbol->name, s->name))
		return 0;
	s->address = symbol->address;
	return symbol->address != 0;
}

static uint64_t extern_kaddr(struct tracer *t, const struct image_extern *row)
{
	struct symbol_search s = { .name = row->name };

	kernel_symbols(t->runtime.kernel, take_address, &s);
	return s.address
		   ? s.address
		   : extern_refused(t, row,
			 "kaddr(\"%.*s\"): the kernel's list of symbols (/proc/kallsyms) does not have it, "
			 "or hides addresses; variables are in it only with CONFIG_KALLSYMS_ALL",
			 STR_ARG(row->name));
}

static uint64_t extern_cgroupid(struct tracer *t, const struct image_extern *row)
{
	struct stat st;

	/* A cgroup's id is the inode number of its folder. */
	if (stat(row->name.p, &st))
		return extern_refused(t, row, "cgroupid(\"%.*s\"): %s", STR_ARG(row->name), strerror(errno));
	return st.st_ino;
}

static uint64_t extern_uaddr(struct tracer *t, const struct image_extern *row)
{
	struct str symbol, binary = str_split(row->name, ':', &symbol);
	uint64_t address;

	if (user_symbol_address(t, binary, symbol, &address))
		return extern_refused(
		    t, row, "uaddr(\"%.*s\"): the binary has no such symbol", STR_ARG(row->name));
	return address;
}

/* Reports that what the image was made for is not here. */
static uint64_t extern_lacks(
    struct tracer *t, const struct image_extern *row, const char *what, struct str name)
{
	extern_refused(t, row, "this kernel's BTF has no %s%.*s", what, STR_ARG(name));
	tracer_hint_kernel(t);
	return 0;
}

static uint64_t extern_enum_value(struct tracer *t, const struct image_extern *row)
{
	struct str constant, enumeration = str_split(row->name, ':', &constant);
	struct kernel_btf *btf = tracer_btf(t);
	int64_t value;
	uint32_t type;

	if (btf && btf_find_enum_value(btf, enumeration, constant, &value, &type) == 0)
		return (uint64_t)value;
	return extern_lacks(t, row, "enum constant ", constant);
}

/* Finds the type that "struct NAME" or "union NAME" names. */
static int find_type(struct tracer *t, struct str text)
{
	struct str name, kind = str_split(text, ' ', &name);
	struct kernel_btf *btf = tracer_btf(t);

	return btf ? btf_find(btf, str_is(kind, "union") ? BTF_SHAPE_UNION : BTF_SHAPE_STRUCT, name)
		   : -ENOENT;
}

static uint64_t extern_type_size(struct tracer *t, const struct image_extern *row)
{
	int id = find_type(t, row->name);
	struct btf_info info;

	if (id < 0)
		return extern_lacks(t, row, "", row->name);
	btf_info(t->facts.btf, (uint32_t)id, &info);
	return info.size;
}

static uint64_t extern_member_offset(struct tracer *t, const struct image_extern *row)
{
	struct str name, type = str_split(row->name, ':', &name);
	int id = find_type(t, type);
	struct btf_member_info member;
	uint32_t bits;

	if (id < 0)
		return extern_lacks(t, row, "", type);
	if (!btf_find_member(t->facts.btf, (uint32_t)id, name, &bits, &member))
		return extern_lacks(
		    t, row, str_format(t->runtime.arena, "%.*s with a member ", STR_ARG(type)).p, name);
	return bits / 8;
}

/* Whether it is there is CO-RE's question, and only where it is reached. */
static uint64_t extern_member_size(struct tracer *t, const struct image_extern *row)
{
	struct str name, size, type = str_split(row->name, ':', &name);
	int id = find_type(t, type);
	struct btf_member_info member;
	struct btf_info info;
	uint32_t bits;

	name = str_split(name, ':', &size);
	if (id < 0 || !btf_find_member(t->facts.btf, (uint32_t)id, name, &bits, &member) || member.bit_size)
		return 0;
	btf_info(t->facts.btf, member.type, &info);
	if (info.size <= strtoul(size.p, NULL, 10))
		return 0;
	extern_refused(t, row, "%.*s of %.*s has %u bytes on this kernel, and the image is made for %.*s",
	    STR_ARG(name), STR_ARG(type), info.size, STR_ARG(size));
	tracer_hint_kernel(t);
	return 0;
}

/* A number, too, as another size than the one that the code was made for would be misread. */
static uint64_t extern_parameter(struct tracer *t, const struct image_extern *row)
{
	struct str name, size, function = str_split(row->name, ':', &name);
	struct kernel_btf *btf = tracer_btf(t);
	struct btf_func_info info;
	struct btf_info type;
	struct str own;
	uint32_t proto, id;

	name = str_split(name, ':', &size);
	/* Without the function there is nothing to attach to, which is said then. */
	if (!btf || btf_find_func(btf, function, &info, &proto))
		return 0;
	for (uint32_t i = 0; i < info.n_params; i++) {
		btf_param(btf, proto, i, &own, &id);
		if (!str_eq(own, name))
			continue;
		btf_info(btf, id, &type);
		if (str_eq(size, str_format(t->runtime.arena, "%u", type.size)))
			return btf_param_slot(btf, proto, i);
		return extern_refused(t, row,
		    "parameter %.*s of %.*s() has %u bytes on this kernel, and the image is made for %.*s",
		    STR_ARG(name), STR_ARG(function), type.size, STR_ARG(size));
	}
	return extern_lacks(t, row,
	    str_format(t->runtime.arena, "function %.*s with a parameter ", STR_ARG(function)).p, name);
}

static uint64_t extern_value(struct tracer *t, const struct image_extern *row)
{
	static uint64_t (*const values[EXTERNS_])(struct tracer *, const struct image_extern *) = {
#define EXTERN(name, bytes, named, value) [EXTERN_##name] = value,
#include "language/externs.def"
#undef EXTERN
	};

	return values[row->kind](t, row);
}

bool externs_has(struct tracer *t, const struct image_extern *row)
{
	struct diag before = t->diag;
	FILE *nowhere = fopen("/dev/null", "we");

	if (!nowhere)
		return false;
	t->attachment.error = 0;
	t->diag = (struct diag){ .map = &t->map, .out = nowhere };
	extern_value(t, row);
	t->diag = before;
	fclose(nowhere);
	return t->attachment.error == 0;
}

int externs_fill(struct tracer *t, char *bytes, size_t size)
{
	t->attachment.error = 0; /* of an attempt before this one */
	for (size_t i = 0; i < t->image.externs.n; i++) {
		const struct image_extern *row = &t->image.externs.v[i];
		uint64_t value = extern_value(t, row);

		if (t->attachment.error)
			return t->attachment.error;
		if (!bytes || row->size > 8 || row->offset > size || size - row->offset < row->size) {
			message("the image cannot be used: an extern lies outside .rodata");
			return -EINVAL;
		}
		memcpy(bytes + row->offset, &value, row->size);
	}
	return 0;
}
