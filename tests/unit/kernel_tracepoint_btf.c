/* A kernel of which there is only BTF: what it tells of tracepoints, and that it tells nothing else. */
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel/btf.h"
#include "kernel/features.h"
#include "kernel/kernel.h"
#include "tests/unit/test.h"

struct made {
	struct btf *btf;
	int integer, text, pointer, entry, task;
};

/* struct trace_event_raw_NAME { struct trace_entry ent; char field[16]; u32 __data_loc_where; char __data[];
 * } */
static void add_record(struct made *m, const char *name, const char *field)
{
	btf__add_struct(m->btf, name, 32);
	btf__add_field(m->btf, "ent", m->entry, 0, 0);
	btf__add_field(m->btf, field, m->text, 64, 0);
	btf__add_field(m->btf, "__data_loc_where", m->integer, 192, 0);
	btf__add_field(m->btf, "__data", btf__add_array(m->btf, m->integer, m->integer, 0), 224, 0);
}

static int add_proto(struct made *m, bool named, int argument)
{
	int proto = btf__add_func_proto(m->btf, 0);

	btf__add_func_param(m->btf, named ? "__data" : NULL, m->pointer);
	btf__add_func_param(m->btf, named ? "p" : NULL, argument);
	return proto;
}

static void add_class(struct made *m, const char *function, int argument)
{
	btf__add_func(m->btf, function, BTF_FUNC_STATIC, add_proto(m, true, argument));
}

static void add_event(struct made *m, const char *name, int argument)
{
	btf__add_typedef(m->btf, name, btf__add_ptr(m->btf, add_proto(m, false, argument)));
}

static void make(const char *path)
{
	struct made m = { .btf = btf__new_empty() };
	int character = btf__add_int(m.btf, "char", 1, BTF_INT_SIGNED);
	const void *raw;
	uint32_t size;
	FILE *out = fopen(path, "w");

	m.integer = btf__add_int(m.btf, "unsigned int", 4, 0);
	m.text = btf__add_array(m.btf, m.integer, character, 16);
	m.pointer = btf__add_ptr(m.btf, 0);
	m.entry = btf__add_struct(m.btf, "trace_entry", 8);
	btf__add_field(m.btf, "type", m.integer, 0, 0);
	btf__add_field(m.btf, "pid", m.integer, 32, 0);
	m.task = btf__add_struct(m.btf, "task_struct", 4);
	btf__add_field(m.btf, "pid", m.integer, 0, 0);
	m.task = btf__add_ptr(m.btf, m.task);
	add_record(&m, "trace_event_raw_sched_switch", "prev_comm");
	add_record(&m, "trace_event_raw_sched_wake_template", "comm");
	add_record(&m, "trace_event_raw_sched_wake_like", "other");
	add_record(&m, "trace_event_raw_unlike", "unlike");
	add_event(&m, "btf_trace_sched_wakeup", m.task);
	add_class(&m, "__bpf_trace_sched_wake_like", m.task);
	add_class(&m, "__bpf_trace_sched_wake_template", m.task);
	add_class(&m, "__bpf_trace_unlike", m.pointer);
	raw = btf__raw_data(m.btf, &size);
	CHECK(raw && out && fwrite(raw, size, 1, out) == 1);
	fclose(out);
	btf__free(m.btf);
}

static const struct tracepoint_field *field_of(const struct tracepoint_format *f, const char *name)
{
	for (size_t i = 0; i < f->fields.n; i++)
		if (str_is(f->fields.v[i].name, name))
			return &f->fields.v[i];
	return NULL;
}

static void records(struct arena *a, const struct kernel_btf *b)
{
	struct tracepoint_format f;
	const struct tracepoint_field *field;

	CHECK_INT(tracepoint_format_of_btf(a, b, STR("sched"), STR("sched_switch"), &f), 0);
	CHECK_INT(f.fields.n, 4);
	CHECK(field_of(&f, "common_pid") && field_of(&f, "common_pid")->offset == 4);
	field = field_of(&f, "prev_comm");
	CHECK(field && field->offset == 8 && field->size == 16 && !field->data_loc);
	field = field_of(&f, "where");
	CHECK(field && field->data_loc && field->size == 4);
	CHECK(!field_of(&f, "__data") && !f.open);
	/* Its class is one that takes its arguments: it has the fields of all of them. */
	CHECK_INT(tracepoint_format_of_btf(a, b, STR("sched"), STR("sched_wakeup"), &f), 0);
	CHECK(field_of(&f, "comm") && field_of(&f, "other") && !field_of(&f, "unlike"));
	CHECK_INT(tracepoint_format_of_btf(a, b, STR("sched"), STR("sched_none"), &f), -ENOENT);
	CHECK_INT(tracepoint_format_of_btf(a, NULL, STR("sched"), STR("sched_switch"), &f), -ENOENT);
}

static void system_calls(struct arena *a, const struct kernel_btf *b)
{
	struct tracepoint_format f;
	const struct tracepoint_field *field;

	CHECK_INT(tracepoint_format_of_btf(a, b, STR("syscalls"), STR("sys_enter_openat"), &f), 0);
	field = field_of(&f, "filename");
	CHECK(field && field->size == 8 && field->offset == 24 && f.open);
	if (field)
		CHECK_STR(field->type, "const char *");
	CHECK(field_of(&f, "__syscall_nr") && field_of(&f, "__syscall_nr")->offset == 8);
	/* Of one that is not in the table nothing is known, and anything may be there. */
	CHECK_INT(tracepoint_format_of_btf(a, b, STR("syscalls"), STR("sys_enter_from_next_year"), &f), 0);
	CHECK(f.open && f.fields.n == 5);
	CHECK_INT(tracepoint_format_of_btf(a, b, STR("syscalls"), STR("sys_exit_openat"), &f), 0);
	field = field_of(&f, "ret");
	CHECK(field && field->is_signed && field->size == 8 && !f.open);
	CHECK_INT(tracepoint_format_of_btf(a, b, STR("syscalls"), STR("nothing"), &f), -ENOENT);
}

struct listed {
	unsigned n;
	bool saw;
	const char *wanted;
};

static int list(void *context, struct str name, struct str module)
{
	struct listed *l = context;

	l->n++;
	l->saw |= str_is(name, l->wanted);
	return 0;
}

static void lists(struct arena *a, const struct kernel_btf *b)
{
	struct listed l = { .wanted = "sched:sched_wakeup" };

	tracepoints_of_btf(a, b, STR("sched"), STR("sched_w*"), list, &l);
	CHECK(l.saw && l.n == 1);
	l = (struct listed){ .wanted = "syscalls:sys_enter_execveat" };
	tracepoints_of_btf(a, b, STR("syscalls"), STR("sys_enter_exec*"), list, &l);
	CHECK(l.saw && l.n == 2);
}

/* Everything but BTF is unknown, though this machine has it. */
static void nothing_else(struct arena *a, struct kernel *k)
{
	struct tracepoint_format format;
	struct listed l = { .wanted = "" };
	struct str text;

	CHECK_INT(tracepoint_format(k, a, STR("sched"), STR("sched_switch"), &format), -ENODATA);
	CHECK_INT(kernel_functions(k, STR(""), STR("*"), list, &l), -ENODATA);
	CHECK_INT(kernel_tracepoints(k, STR("*"), list, &l), -ENODATA);
	CHECK_INT(features_release(k, a, &text), -ENODATA);
	CHECK_INT(kernel_open(k, KERNEL_KALLSYMS, STR("")), -ENODATA);
	CHECK_INT(kernel_open(k, KERNEL_BTF, STR("some_module")), -ENODATA);
	CHECK_INT(kernel_open(k, KERNEL_BTF, STR("../vmlinux")), -EINVAL);
	CHECK_INT(l.n, 0);
}

static void folder(const char *path)
{
	struct kernel *k = kernel_of_btf(path);
	int fd = kernel_open(k, KERNEL_BTF, STR("vmlinux"));

	CHECK(fd >= 0);
	close(fd);
	CHECK_INT(kernel_open(k, KERNEL_BTF, STR("some_module")), -ENOENT);
	kernel_free(k);
}

int main(void)
{
	char root[] = "/tmp/kernel_tracepoint_btf.XXXXXX", path[64];
	struct arena *a = arena_new();
	struct kernel_btf *b;
	struct kernel *k;

	CHECK(mkdtemp(root) != NULL);
	snprintf(path, sizeof(path), "%s/vmlinux", root);
	make(path);
	k = kernel_of_btf(path);
	CHECK_INT(kernel_btf_new(k, STR("vmlinux"), &b), 0);
	if (!test_failed_) {
		records(a, b);
		system_calls(a, b);
		lists(a, b);
		nothing_else(a, k);
		folder(root);
		kernel_btf_free(b);
	}
	kernel_free(k);
	unlink(path);
	rmdir(root);
	arena_free(a);
	return test_end();
}
