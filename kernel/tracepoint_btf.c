/*
 * The fields of a tracepoint without its format file. TRACE_EVENT() and its like
 *(include/trace/trace_events.h) make of each class of events
 *
 *	struct trace_event_raw_CLASS { struct trace_entry ent; the fields; char __data[]; }
 *	void __bpf_trace_CLASS(void *, the arguments)
 *
 * and of each event a typedef btf_trace_EVENT of a pointer to a function with the same arguments. An event is
 *often the only one of its class and has its name; else its class is one whose function takes what the event
 *gives.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/btf.h"
#include "kernel/private.h"

#define RAW "trace_event_raw_"
#define EVENT "btf_trace_"
#define FUNCTION "__bpf_trace_"

/* System calls have no class of their own each; the record is struct syscall_trace_enter or _exit
 * (kernel/trace/trace.h), made by hand. Names and types are those of the kernel's SYSCALL_DEFINEs. */
static const struct syscall {
	const char *name, *parameters;
} syscalls[] = {
#define SYSCALL(name, parameters) { #name, parameters },
#include "kernel/syscalls.def"
#undef SYSCALL
};

#define N_SYSCALLS (sizeof(syscalls) / sizeof(syscalls[0]))
#define FIRST_ARGUMENT 16 /* where it lies in struct syscall_trace_enter */

static const struct syscall *find_syscall(struct str name)
{
	for (size_t i = 0; i < N_SYSCALLS; i++)
		if (str_is(name, syscalls[i].name))
			return &syscalls[i];
	return NULL;
}

static struct str syscall_fields(struct arena *a, struct str text, const char *parameters)
{
	struct str rest = str_of(parameters), one;

	for (unsigned at = FIRST_ARGUMENT; rest.n; at += 8) {
		one = str_trim(str_split(rest, ',', &rest));
		text = str_format(
		    a, "%.*sfield:%.*s; offset:%u; size:8; signed:0;\n", STR_ARG(text), STR_ARG(one), at);
	}
	return text;
}

/* Makes the fields of a system call's event, as a format file would have them. */
static int syscall_format(struct arena *a, struct str event, struct tracepoint_format *format)
{
	static const char common[] = "field:unsigned short common_type; offset:0; size:2; signed:0;\n"
				     "field:unsigned char common_flags; offset:2; size:1; signed:0;\n"
				     "field:unsigned char common_preempt_count; offset:3; size:1; signed:0;\n"
				     "field:int common_pid; offset:4; size:4; signed:1;\n"
				     "field:int __syscall_nr; offset:8; size:4; signed:1;\n";
	struct str enter = STR("sys_enter_"), text = str_of(common);
	const struct syscall *call;

	format->open = str_starts(event, enter.p);
	if (!format->open && !str_starts(event, "sys_exit_"))
		return -ENOENT;
	if (!format->open)
		text = str_format(a, "%sfield:long ret; offset:16; size:8; signed:1;\n", common);
	call = format->open ? find_syscall(str_slice(event, enter.n, event.n)) : NULL;
	return tracepoint_parse(a, call ? syscall_fields(a, text, call->parameters) : text, format);
}

static bool is_known(const struct tracepoint_format *format, struct str name)
{
	for (size_t i = 0; i < format->fields.n; i++)
		if (str_eq(format->fields.v[i].name, name))
			return true;
	return false;
}

static bool take_prefix(struct str *name, const char *prefix)
{
	bool has = str_starts(*name, prefix);

	if (has)
		*name = str_slice(*name, strlen(prefix), name->n);
	return has;
}

static void add_field(struct arena *a, const struct btf_member_info *m, const struct btf_info *type,
    const char *prefix, struct tracepoint_format *format)
{
	struct tracepoint_field field = {
		.name = str_format(a, "%s%.*s", prefix, STR_ARG(m->name)),
		.btf_type = m->type,
		.offset = m->bit_offset / 8,
		.size = type->size,
		.is_signed = type->is_signed,
	};

	field.data_loc = take_prefix(&field.name, "__data_loc_");
	field.rel_loc = !field.data_loc && take_prefix(&field.name, "__rel_loc_");
	/* What it is an array of is not said. It is text, or the runtime refuses. */
	if (field.data_loc || field.rel_loc)
		field.type = STR("char");
	/* Its last member only marks where the record's fixed part ends. */
	if (!field.size || m->bit_size || is_known(format, field.name))
		return;
	vec_push(a, &format->fields, field);
}

/* Adds the members of a record's struct; those of its first, struct trace_entry, are called common_X. */
static void add_fields(struct arena *a, const struct kernel_btf *btf, uint32_t id, const char *prefix,
    struct tracepoint_format *format)
{
	struct btf_info record, type;
	struct btf_member_info m;

	btf_info(btf, id, &record);
	for (uint32_t i = 0; i < record.members; i++) {
		btf_member(btf, id, i, &m);
		btf_info(btf, m.type, &type);
		if (str_is(type.name, "trace_entry") && !*prefix)
			add_fields(a, btf, type.id, "common_", format);
		else
			add_field(a, &m, &type, prefix, format);
	}
}

/* The first parameter is the probe's own. */
static bool same_arguments(const struct kernel_btf *btf, const struct btf_info *x, const struct btf_info *y)
{
	struct str name;
	uint32_t a, b;

	if (x->members != y->members)
		return false;
	for (uint32_t i = 1; i < x->members; i++) {
		btf_param(btf, x->id, i, &name, &a);
		btf_param(btf, y->id, i, &name, &b);
		if (a != b)
			return false;
	}
	return true;
}

static size_t common_beginning(struct str a, struct str b)
{
	size_t n = 0;

	while (n < a.n && n < b.n && a.p[n] == b.p[n])
		n++;
	return n;
}

struct class
{
	uint32_t raw; /* the record's struct */
	size_t likeness;
};

struct classes {
	VEC(struct class) v;
};

/* Returns how much the names have in common; a class whose name the event's begins with comes before all
 * others. */
static size_t likeness(struct str class, struct str event)
{
	size_t n = common_beginning(class, event);

	return n == class.n ? n + event.n : n;
}

static int more_like(const void *a, const void *b)
{
	const struct class *x = a, *y = b;

	return x->likeness < y->likeness ? 1 : x->likeness > y->likeness ? -1 : 0;
}

/* Finds the classes that take the event's arguments. */
static void find_classes(struct arena *a, const struct kernel_btf *btf, struct str event,
    const struct btf_info *proto, struct classes *classes)
{
	for (uint32_t id = 0; (id = btf_next(btf, BTF_SHAPE_FUNC_PROTO, STR(FUNCTION), id));) {
		struct btf_info function;
		struct str class;
		int raw;

		btf_info(btf, id, &function);
		class = str_slice(function.name, strlen(FUNCTION), function.name.n);
		if (!same_arguments(btf, &function, proto))
			continue;
		raw = btf_find(btf, BTF_SHAPE_STRUCT, str_format(a, RAW "%.*s", STR_ARG(class)));
		if (raw >= 0)
			vec_push(a, &classes->v, ((struct class){ (uint32_t)raw, likeness(class, event) }));
	}
	if (classes->v.n)
		qsort(classes->v.v, classes->v.n, sizeof(*classes->v.v), more_like);
}

/* Which of the classes is the event's is not said: it has the fields of all, and where it runs the kernel's
 * own description is asked for each that is used. */
static void add_classes(
    struct arena *a, const struct kernel_btf *btf, struct str event, struct tracepoint_format *format)
{
	int id = btf_find(btf, BTF_SHAPE_VOID, str_format(a, EVENT "%.*s", STR_ARG(event)));
	struct btf_info pointer, proto;
	struct classes classes = { 0 };

	if (id < 0)
		return;
	btf_info(btf, (uint32_t)id, &pointer);
	btf_info(btf, pointer.target, &proto);
	if (proto.shape == BTF_SHAPE_FUNC_PROTO)
		find_classes(a, btf, event, &proto, &classes);
	for (size_t i = 0; i < classes.v.n; i++)
		add_fields(a, btf, classes.v.v[i].raw, "", format);
}

int tracepoint_format_of_btf(struct arena *a, const struct kernel_btf *btf, struct str category,
    struct str event, struct tracepoint_format *format)
{
	int id;

	*format = (struct tracepoint_format){ .category = category, .event = event };
	if (str_is(category, "syscalls"))
		return syscall_format(a, event, format);
	if (!btf)
		return -ENOENT;
	id = btf_find(btf, BTF_SHAPE_STRUCT, str_format(a, RAW "%.*s", STR_ARG(event)));
	if (id >= 0)
		add_fields(a, btf, (uint32_t)id, "", format);
	else
		add_classes(a, btf, event, format);
	return format->fields.n ? 0 : -ENOENT;
}

struct listing {
	struct arena *arena;
	struct str category, pattern;
	kernel_found *found;
	void *context;
};

static void offer_event(const struct listing *l, struct str event)
{
	if (str_glob(l->pattern, event))
		l->found(l->context, str_format(l->arena, "%.*s:%.*s", STR_ARG(l->category), STR_ARG(event)),
		    STR(""));
}

void tracepoints_of_btf(struct arena *a, const struct kernel_btf *btf, struct str category, struct str event,
    kernel_found *found, void *context)
{
	struct listing l = { a, category, event, found, context };
	bool syscall = str_is(category, "syscalls");

	for (size_t i = 0; syscall && i < N_SYSCALLS; i++) {
		offer_event(&l, str_format(a, "sys_enter_%s", syscalls[i].name));
		offer_event(&l, str_format(a, "sys_exit_%s", syscalls[i].name));
	}
	for (uint32_t id = 0; btf && !syscall && (id = btf_next(btf, BTF_SHAPE_VOID, STR(EVENT), id));)
		offer_event(&l, str_slice(btf_name(btf, id), strlen(EVENT), btf_name(btf, id).n));
}
