/*
 * The arguments of tracepoints: from the C types in their format files to ours.
 */
#include "analysis/compilation.h"

#include <errno.h>
#include <string.h>

static bool unreadable(int err)
{
	return err == -EACCES || err == -EPERM;
}

/* The fields; of a kernel that does not run, from its BTF. 0, negative errno: -ENODATA when that does not
 * have them. */
static int read_format(struct compilation *c, const struct attach *a, struct tracepoint_format *format)
{
	int err = tracepoint_format(c->options->kernel, c->arena, a->category, a->event, format);

	if (err != -ENODATA)
		return err;
	return tracepoint_format_of_btf(c->arena, c->program->btf, a->category, a->event, format) ? -ENODATA
												  : 0;
}

/* A tracepoint of a module, which only the kernel where it runs can show. */
static bool may_exist(struct compilation *c, const struct attach_syntax *syntax)
{
	if (!c->names_args) {
		problem_warning(c, syntax->rest_span,
		    "the BTF that is compiled for has no tracepoint %.*s: whether the kernel has it is seen "
		    "where "
		    "the script runs",
		    STR_ARG(syntax->rest));
		return true;
	}
	problem_missing(c, syntax->rest_span,
	    "the BTF that is compiled for has no struct of tracepoint %.*s, so what args has is not known",
	    STR_ARG(syntax->rest));
	problem_hint(c, "is the name right? Those of modules can only be compiled on the kernel itself");
	return false;
}

static int note_one(void *context, struct str name, struct str module)
{
	*(bool *)context = true;
	return 1;
}

static bool has_category(struct compilation *c, struct str category)
{
	struct str pattern = str_format(c->arena, "%.*s:*", STR_ARG(category));
	bool found = false;

	kernel_tracepoints(c->options->kernel, pattern, note_one, &found);
	return found;
}

bool tracepoint_exists(struct compilation *c, const struct attach_syntax *syntax, const struct attach *a)
{
	struct near_found n = { c->arena, { .wanted = syntax->rest }, STR("") };
	struct tracepoint_format format = { 0 };
	int err = read_format(c, a, &format), list;

	if (!err)
		return true;
	if (err == -ENODATA)
		return may_exist(c, syntax);
	list = kernel_tracepoints(c->options->kernel, STR("*"), near_offer_found, &n);
	if (unreadable(err)) {
		problem_error(c, syntax->span,
		    "tracepoint:%.*s needs read access to tracefs, which this process "
		    "has not",
		    STR_ARG(syntax->rest));
		problem_hint(c, "run btrun with sudo, or as root, for a group of users: mount -o "
				"remount,gid=GROUP,mode=750 /sys/kernel/tracing");
		return false;
	}
	if (list < 0) {
		problem_error(c, syntax->span, "the description of tracepoint %.*s can't be read",
		    STR_ARG(syntax->rest));
		problem_hint(c, "tracefs has to be mounted and readable; as root: mount -t tracefs tracefs "
				"/sys/kernel/tracing");
		return false;
	}
	if (err == -EBADMSG) {
		problem_error(c, syntax->span, "the format file of tracepoint %.*s can't be understood",
		    STR_ARG(syntax->rest));
		problem_hint(c, "please report it with /sys/kernel/tracing/events/%.*s/%.*s/format",
		    STR_ARG(a->category), STR_ARG(a->event));
		return false;
	}
	problem_missing(c, syntax->rest_span, "this kernel has no tracepoint %.*s", STR_ARG(syntax->rest));
	problem_hint_near(c, &n.near, "btrun -l 'tracepoint:*' lists them");
	if (!has_category(c, a->category))
		problem_hint(c,
		    "when it is of a module that is not loaded: modprobe %.*s, or what the module is called",
		    STR_ARG(a->category));
	return false;
}

static struct str without_word(struct str text, const char *word)
{
	size_t n = str_of(word).n;

	return str_starts(text, word) ? str_trim(str_slice(text, n, text.n)) : text;
}

static const struct type *named(struct compilation *c, struct str text)
{
	if (str_starts(text, "struct "))
		return type_named(c->types, BTF_SHAPE_STRUCT, without_word(text, "struct "));
	if (str_starts(text, "union "))
		return type_named(c->types, BTF_SHAPE_UNION, without_word(text, "union "));
	if (str_starts(text, "enum "))
		return type_named(c->types, BTF_SHAPE_ENUM, without_word(text, "enum "));
	return type_by_word(c->types, text);
}

/* "const char *" and its like; what is unknown is void. */
static const struct type *c_type(struct compilation *c, struct str text, enum address_space space)
{
	const struct type *type;
	unsigned pointers = 0;

	/* From the end: "const char *const *" */
	for (text = str_trim(text); str_find(text, '*') >= 0; text = str_trim(text)) {
		size_t n = text.p[text.n - 1] == '*' ? 1 : strlen("const");

		if (n > 1 && (text.n < n || memcmp(text.p + text.n - n, "const", n) != 0))
			break;
		pointers += n == 1;
		text.n -= n;
	}
	text = without_word(without_word(without_word(text, "const "), "volatile "), "const ");
	type = named(c, text);
	if (!type)
		type = type_void(c->types);
	while (pointers--)
		type = type_ptr(c->types, type, space);
	return type;
}

static const struct type *array_type(
    struct compilation *c, const struct tracepoint_field *f, const struct type *element)
{
	uint32_t size = f->array ? f->size / f->array : 1;

	if (element->size != size)
		element = type_int(c->types, size == 2 || size == 4 || size == 8 ? size : 1, f->is_signed);
	return type_array(c->types, element, f->size / element->size);
}

static const struct type *field_type(
    struct compilation *c, const struct tracepoint_field *f, enum address_space space)
{
	const struct type *type =
	    f->type.n ? c_type(c, f->type, space) : type_of_btf(c->types, f->btf_type, space);

	if (f->data_loc || f->rel_loc)
		return type_ptr(c->types, type, SPACE_KERNEL);
	if (!f->type.n)
		return type;
	if (f->array)
		return array_type(c, f, type);
	/* Arguments of system calls fill 8 bytes whatever they are; the low ones hold the value. */
	if (type->form != FORM_VOID && type->size <= f->size)
		return type;
	return f->size == 1 || f->size == 2 || f->size == 4 || f->size == 8
		   ? type_int(c->types, f->size, f->is_signed)
		   : type_array(c->types, type_int(c->types, 1, false), f->size);
}

const struct type *tracepoint_args(struct compilation *c, const struct attach *a)
{
	enum address_space space = str_is(a->category, "syscalls") ? SPACE_USER : SPACE_KERNEL;
	struct tracepoint_format format = { 0 };
	struct member *members;

	if (read_format(c, a, &format))
		return NULL;
	members = arena_many(c->arena, struct member, format.fields.n + 1);
	for (size_t i = 0; i < format.fields.n; i++) {
		const struct tracepoint_field *f = &format.fields.v[i];

		members[i] = (struct member){
			.name = f->name,
			.type = field_type(c, f, space),
			.bit_offset = f->offset * 8,
			.data_loc = f->data_loc,
			.rel_loc = f->rel_loc,
			.field_size = f->size,
		};
	}
	return format.open ? type_open_args(c->types, SPACE_CONTEXT, members, format.fields.n)
			   : type_args(c->types, SPACE_CONTEXT, members, format.fields.n);
}
