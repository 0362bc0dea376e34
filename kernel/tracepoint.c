/*
 * The format files of tracefs (the kernel's Documentation/trace/events.rst). A
 * field's declaration is the source text of a macro argument, so it is C as
 * people write it.
 */
#include "kernel/private.h"

#include <errno.h>
#include <string.h>

/* The context of a tracepoint program is a trace buffer entry: never above a page of 64 KB. */
#define RECORD_MAX 65536

static bool is_identifier_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool read_decimal(struct str s, unsigned *value)
{
	*value = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || *value > RECORD_MAX)
			return false;
		*value = *value * 10 + (unsigned)(s.p[i] - '0');
	}
	return s.n > 0;
}

static bool take_keyword(struct str *s, const char *word)
{
	if (!str_starts(*s, word))
		return false;
	*s = str_trim(str_slice(*s, strlen(word), s->n));
	return true;
}

/* Where a symbolic length was printed, as "[TASK_COMM_LEN]" on 5.17 to 6.1, the elements' size must say it.
 */
static unsigned element_size(struct str type)
{
	static const struct {
		const char *type;
		unsigned size;
	} rows[] = {
		{ "char", 1 },
		{ "signed char", 1 },
		{ "unsigned char", 1 },
		{ "u8", 1 },
		{ "__u8", 1 },
		{ "uint8_t", 1 },
		{ "s8", 1 },
		{ "bool", 1 },
		{ "short", 2 },
		{ "unsigned short", 2 },
		{ "u16", 2 },
		{ "__u16", 2 },
		{ "__be16", 2 },
		{ "uint16_t", 2 },
		{ "s16", 2 },
		{ "int", 4 },
		{ "unsigned int", 4 },
		{ "unsigned", 4 },
		{ "u32", 4 },
		{ "__u32", 4 },
		{ "__be32", 4 },
		{ "uint32_t", 4 },
		{ "s32", 4 },
		{ "pid_t", 4 },
		{ "dev_t", 4 },
		{ "long", 8 },
		{ "unsigned long", 8 },
		{ "u64", 8 },
		{ "__u64", 8 },
		{ "uint64_t", 8 },
		{ "s64", 8 },
		{ "size_t", 8 },
		{ "long long", 8 },
		{ "unsigned long long", 8 },
	};

	if (type.n > 0 && type.p[type.n - 1] == '*')
		return 8;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (str_is(type, rows[i].type))
			return rows[i].size;
	return str_starts(type, "enum ") ? 4 : 0;
}

/* Takes "[16]" and "[2][3]" off the end of decl. */
static bool take_array(struct str *decl, unsigned *elements, bool *symbolic)
{
	unsigned long product = 1;
	bool any = false;

	while (decl->n > 0 && decl->p[decl->n - 1] == ']') {
		size_t open = decl->n - 1;
		unsigned n;

		while (open > 0 && decl->p[open] != '[')
			open--;
		if (decl->p[open] != '[')
			return false;
		if (read_decimal(str_trim(str_slice(*decl, open + 1, decl->n - 1)), &n) &&
		    product * n <= RECORD_MAX)
			product *= n;
		else
			*symbolic = true;
		*decl = str_trim(str_slice(*decl, 0, open));
		any = true;
	}
	*elements = any ? (unsigned)product : 0;
	return true;
}

/* Takes "void (*function)(struct work *)", which is a pointer. */
static bool function_pointer(struct str decl, struct tracepoint_field *f)
{
	const char *star = memmem(decl.p, decl.n, "(*", 2);
	size_t begin, end;

	if (!star)
		return false;
	begin = (size_t)(star - decl.p) + 2;
	for (end = begin; end < decl.n && is_identifier_byte(decl.p[end]);)
		end++;
	f->name = str_slice(decl, begin, end);
	f->type = STR("void *");
	return f->name.n > 0;
}

/* Reads a declaration: all that stands between "field:" and ';'. */
static bool declaration(struct str decl, struct tracepoint_field *f)
{
	unsigned of_type;
	bool symbolic = false, loc;
	size_t begin;

	f->data_loc = take_keyword(&decl, "__data_loc ");
	f->rel_loc = !f->data_loc && take_keyword(&decl, "__rel_loc ");
	loc = f->data_loc || f->rel_loc;
	if (function_pointer(decl, f))
		return true;
	if (!take_array(&decl, &f->array, &symbolic))
		return false;
	for (begin = decl.n; begin > 0 && is_identifier_byte(decl.p[begin - 1]);)
		begin--;
	f->name = str_slice(decl, begin, decl.n);
	f->type = str_trim(str_slice(decl, 0, begin));
	/* "__data_loc char[] name" has its brackets in the type. */
	if (!take_array(&f->type, &of_type, &symbolic))
		return false;
	if (loc)
		f->array = 0;
	else if (symbolic)
		f->array = element_size(f->type) ? f->size / element_size(f->type) : 0;
	return f->name.n > 0 && f->type.n > 0;
}

/* Reads a line, "\tfield:DECL;\toffset:N;\tsize:N;\tsigned:N;". */
static bool field_line(struct str line, struct tracepoint_field *f)
{
	struct str decl = str_split(line, ';', &line);
	unsigned value;
	bool offset = false, size = false;

	while (line.n > 0) {
		struct str text, part = str_trim(str_split(line, ';', &line));
		struct str key = str_split(part, ':', &text);

		if (part.n == 0)
			continue;
		if (!read_decimal(text, &value))
			return false;
		if (str_is(key, "offset"))
			offset = true, f->offset = value;
		else if (str_is(key, "size"))
			size = true, f->size = value;
		else if (str_is(key, "signed"))
			f->is_signed = value != 0;
	}
	return offset && size && f->offset + f->size <= RECORD_MAX && declaration(str_trim(decl), f);
}

int tracepoint_parse(struct arena *a, struct str text, struct tracepoint_format *format)
{
	while (text.n > 0) {
		struct str line = str_trim(str_split(text, '\n', &text));
		struct tracepoint_field f = { 0 };

		/* What follows is C of any kind. */
		if (str_starts(line, "print fmt:"))
			break;
		if (!take_keyword(&line, "field:"))
			continue;
		if (!field_line(line, &f))
			return -EBADMSG;
		vec_push(a, &format->fields, f);
	}
	return format->fields.n > 0 ? 0 : -EBADMSG;
}

int tracepoint_format(struct kernel *k, struct arena *a, struct str category, struct str event,
    struct tracepoint_format *format)
{
	struct str text, name = str_format(a, "%.*s/%.*s", STR_ARG(category), STR_ARG(event));
	int err = kernel_read(k, a, KERNEL_TRACEPOINT_FORMAT, name, &text);

	if (err)
		return err;
	*format = (struct tracepoint_format){ .category = category, .event = event };
	return tracepoint_parse(a, text, format);
}
