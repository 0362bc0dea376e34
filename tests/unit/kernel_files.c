#include "kernel/features.h"
#include "kernel/kernel.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <ftw.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT "tests/fixtures/kernel"

static char made[] = "/tmp/kernel_files.XXXXXX";

static void write_bytes(const char *path, const char *bytes, size_t n)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", made, path);
	for (char *slash = full + sizeof(made); (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	FILE *out = fopen(full, "w");
	CHECK(out != NULL);
	if (!out)
		return;
	fwrite(bytes, 1, n, out);
	fclose(out);
}

static void write_file(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	return remove(path);
}

static const struct tracepoint_field *field(const struct tracepoint_format *f, const char *name)
{
	static const struct tracepoint_field none;

	for (size_t i = 0; i < f->fields.n; i++)
		if (str_is(f->fields.v[i].name, name))
			return &f->fields.v[i];
	CHECK(!"such a field");
	return &none;
}

static void real_formats(struct kernel *k, struct arena *a)
{
	struct tracepoint_format f;

	CHECK_INT(tracepoint_format(k, a, STR("sched"), STR("sched_switch"), &f), 0);
	CHECK_INT(f.fields.n, 11);
	CHECK_STR(field(&f, "common_type")->type, "unsigned short");
	CHECK_STR(field(&f, "prev_comm")->type, "char");
	CHECK_INT(field(&f, "prev_comm")->array, 16);
	CHECK_INT(field(&f, "prev_comm")->offset, 8);
	CHECK(field(&f, "prev_state")->is_signed && field(&f, "prev_state")->size == 8);
	CHECK_INT(tracepoint_format(k, a, STR("syscalls"), STR("sys_enter_openat"), &f), 0);
	CHECK_STR(field(&f, "filename")->type, "const char *");
	CHECK_INT(field(&f, "filename")->offset, 24);
	CHECK_INT(tracepoint_format(k, a, STR("sched"), STR("sched_process_exec"), &f), 0);
	CHECK(field(&f, "filename")->data_loc && field(&f, "filename")->size == 4);
	CHECK_STR(field(&f, "filename")->type, "char");
	CHECK_INT(tracepoint_format(k, a, STR("sched"), STR("none"), &f), -ENOENT);
	CHECK_INT(tracepoint_format(k, a, STR("sched/.."), STR("x"), &f), -EINVAL);
}

#define FIELD(decl) "\tfield:" decl ";\toffset:8;\tsize:16;\tsigned:0;\n"

static void odd_formats(struct arena *a)
{
	struct kernel *k = kernel_host(made);
	struct tracepoint_format f;

	write_file("/sys/kernel/tracing/events/odd/odd/format",
	    "name: odd\nID: 1\nformat:\n" FIELD("__rel_loc u8[] rel") FIELD("char c[TASK_COMM_LEN]")
		FIELD("void (*function)(struct work *w, int)") FIELD("u16 m[2][4]") FIELD("struct foo * *pp")
		    FIELD("__data_loc unsigned long[] mask")
			FIELD("unsigned  flags") "\tfield:long l;\toffset:8;\tsize:8;\tmore:1;\n"
						 "\nprint fmt: \"field:%s;\", REC->x\n");
	CHECK_INT(tracepoint_format(k, a, STR("odd"), STR("odd"), &f), 0);
	CHECK_INT(f.fields.n, 8);
	CHECK(field(&f, "rel")->rel_loc && !field(&f, "rel")->data_loc);
	CHECK_INT(field(&f, "c")->array, 16);
	CHECK_STR(field(&f, "function")->type, "void *");
	CHECK_INT(field(&f, "m")->array, 8);
	CHECK_STR(field(&f, "pp")->type, "struct foo * *");
	CHECK_STR(field(&f, "mask")->type, "unsigned long");
	CHECK_STR(field(&f, "flags")->type, "unsigned");
	kernel_free(k);
}

static void bad_formats(struct arena *a)
{
	static const char *const texts[] = { "", "name: bad\n", "\tfield:int x;\n", "\tfield:int x",
		"\tfield:;\toffset:8;\tsize:4;\n", "\tfield:x;\toffset:8;\tsize:4;\n",
		"\tfield:int x;\toffset:-8;\tsize:4;\n", "\tfield:int x;\toffset:8;\tsize:99999999999;\n",
		"\tfield:int x];\toffset:8;\tsize:4;\n", "\tfield:int x;\toffset:65535;\tsize:4;\n",
		"\tfield:char[ x;\toffset:8;\tsize:4;\n" };
	struct kernel *k = kernel_host(made);
	struct tracepoint_format f;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_file("/sys/kernel/tracing/events/odd/bad/format", texts[i]);
		int err = tracepoint_format(k, a, STR("odd"), STR("bad"), &f);
		/* The last has a name and a type, if a strange one. */
		bool last = i == sizeof(texts) / sizeof(texts[0]) - 1;
		TEST_RESULT_(err == (last ? 0 : -EBADMSG), "bad format %zu gives %d", i, err);
	}
	kernel_free(k);
}

struct names {
	char text[4096];
	size_t n;
};

static int collect(void *context, struct str name, struct str module)
{
	struct names *list = context;

	list->n += (size_t)snprintf(list->text + list->n, sizeof(list->text) - list->n, "%.*s[%.*s] ",
	    STR_ARG(name), STR_ARG(module));
	return 0;
}

static int first(void *context, struct str name, struct str module)
{
	collect(context, name, module);
	return 1;
}

#define LISTED(call, want)                             \
	do {                                           \
		struct names list = { .n = 0 };        \
		CHECK_INT((call), 0);                  \
		CHECK_TEXT(list.text, list.n, (want)); \
	} while (0)

static void lists(struct kernel *k)
{
	LISTED(
	    kernel_functions(k, STR(""), STR("vfs_*"), collect, &list), "vfs_open[] vfs_read[] vfs_write[] ");
	LISTED(kernel_functions(k, STR(""), STR("vfs_*"), first, &list), "vfs_open[] ");
	LISTED(kernel_functions(k, STR("nf_*"), STR("n*"), collect, &list),
	    "nf_hook_entry_fixture[nf_tables] nft_do_chain[nf_tables] ");
	LISTED(kernel_functions(k, STR("vmlinux"), STR("n*"), collect, &list), "");
	LISTED(kernel_functions(k, STR("vmlinux"), STR("tcp_connect"), collect, &list), "tcp_connect[] ");
	LISTED(kernel_tracepoints(k, STR("sched:*"), collect, &list),
	    "sched:sched_switch[] sched:sched_process_exec[] ");
}

static void without_tracefs(void)
{
	struct kernel *k = kernel_host(made);
	struct names none = { .n = 0 };

	write_file("/proc/kallsyms", "0000 T vfs_a\n0000 t vfs_b\t[m]\n0000 D vfs_data\n0000 T __pfx_vfs_a\n"
				     "0000 t vfs_prog\t[bpf]\nnonsense\n\n0000 T");
	LISTED(kernel_functions(k, STR(""), STR("*vfs_*"), collect, &list), "vfs_a[] vfs_b[m] ");
	CHECK_INT(kernel_tracepoints(k, STR("*"), collect, &none), -ENOENT);
	kernel_free(k);
	k = kernel_host("/nonexistent");
	CHECK_INT(kernel_functions(k, STR(""), STR("*"), collect, &none), -ENOENT);
	kernel_free(k);
}

static void tracefs_place(struct kernel *k)
{
	struct str path;
	struct kernel *debugfs;

	CHECK_INT(kernel_tracefs(k, &path), 0);
	CHECK_STR(path, ROOT "/sys/kernel/tracing");
	debugfs = kernel_host("/nonexistent");
	CHECK_INT(kernel_tracefs(debugfs, &path), -ENOENT);
	kernel_free(debugfs);
}

static void refusals(struct kernel *k)
{
	struct kernel *bad = kernel_host(made);

	CHECK_INT(features_kprobe_refusals(k), 0);
	CHECK_INT(features_lockdown(k), LOCKDOWN_NONE);
	/* A tracefs with events and without kprobe_events by now. */
	CHECK_INT(features_kprobe_refusals(bad), REFUSED_NO_CONFIG);
	write_file("/sys/kernel/security/lockdown", "none integrity [confidentiality]\n");
	write_file("/proc/sys/kernel/ftrace_enabled", "0\n");
	write_file("/sys/kernel/debug/kprobes/enabled", "0\n");
	CHECK_INT(features_kprobe_refusals(bad),
	    REFUSED_NO_CONFIG | REFUSED_LOCKDOWN | REFUSED_FTRACE_OFF | REFUSED_KPROBES_OFF);
	kernel_free(bad);
	bad = kernel_host("/nonexistent");
	CHECK_INT(features_kprobe_refusals(bad), REFUSED_NO_TRACEFS);
	CHECK_INT(features_lockdown(bad), LOCKDOWN_UNKNOWN);
	CHECK_INT(features_kernel_version(bad), 0);
	kernel_free(bad);
}

static void build_id(struct kernel *k, struct arena *a)
{
	/* Xen's has an address in it. */
	static const char notes[] = "\4\0\0\0\4\0\0\0\3\0\0\0Xen\0addr"
				    "\4\0\0\0\3\0\0\0\3\0\0\0GNU\0id!\0";
	struct kernel *bad = kernel_host(made);

	CHECK_STR(features_build_id(k, a), "");
	write_bytes("/sys/kernel/notes", notes, sizeof(notes) - 1);
	CHECK_STR(features_build_id(bad, a), "id!");
	write_bytes("/sys/kernel/notes", notes, sizeof(notes) - 2);
	CHECK_STR(features_build_id(bad, a), "");
	write_bytes("/sys/kernel/notes", "\xff\xff\xff\xff\xff\xff\xff\xff\3\0\0\0GNU", 16);
	CHECK_STR(features_build_id(bad, a), "");
	kernel_free(bad);
}

static void versions(struct kernel *k, struct arena *a)
{
	struct str release;

	CHECK_INT(features_release(k, a, &release), 0);
	CHECK_STR(release, "6.1.0-fixture-amd64");
	CHECK_INT(features_kernel_version(k), FEATURES_VERSION(6, 1, 0));
	CHECK_INT(features_version_of(STR("5.10.259-x")), FEATURES_VERSION(5, 10, 255));
	CHECK_INT(features_version_of(STR("6.12+")), FEATURES_VERSION(6, 12, 0));
	CHECK_INT(features_version_of(STR("x")), 0);
}

static void capabilities(struct arena *a)
{
	const uint64_t bpf = 1ull << 39, perfmon = 1ull << 38, admin = 1ull << CAP_SYS_ADMIN;
	const uint64_t override = 1ull << CAP_DAC_OVERRIDE;

	CHECK_STR(features_capabilities_text(a, 0, false), "CAP_BPF and CAP_PERFMON");
	CHECK_STR(features_capabilities_text(a, 0, true), "CAP_BPF, CAP_PERFMON and CAP_DAC_OVERRIDE");
	CHECK_STR(features_capabilities_text(a, bpf, false), "CAP_PERFMON");
	CHECK_STR(features_capabilities_text(a, bpf | perfmon, false), "");
	CHECK_STR(features_capabilities_text(a, admin, true), "CAP_DAC_OVERRIDE");
	CHECK_STR(features_capabilities_text(a, admin | override, true), "");
}

int main(void)
{
	struct arena *a = arena_new();
	struct kernel *k = kernel_host(ROOT);

	CHECK(mkdtemp(made) != NULL);
	real_formats(k, a);
	lists(k);
	tracefs_place(k);
	without_tracefs();
	odd_formats(a);
	bad_formats(a);
	refusals(k);
	versions(k, a);
	build_id(k, a);
	capabilities(a);
	nftw(made, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	kernel_free(k);
	arena_free(a);
	return test_end();
}
