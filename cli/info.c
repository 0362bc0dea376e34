#include "cli/info.h"

#include <dirent.h>
#include <limits.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/helper.h"
#include "cli/list.h"
#include "kernel/btf.h"
#include "kernel/features.h"
#include "kernel/support.h"

static void heading(const char *text)
{
	printf("\n%s\n", text);
}

static void fact(const char *name, bool yes)
{
	printf("  %s: %s\n", name, yes ? "yes" : "no");
}

static void print_system(struct arena *a, struct kernel *k)
{
	static const char *const lockdown[] = { "unknown", "none", "integrity", "confidentiality" };
	struct str missing = STR("");
	struct utsname u;

	puts("System");
	if (uname(&u) == 0)
		printf("  OS: %s %s %s\n  Arch: %s\n", u.sysname, u.release, u.version, u.machine);
	printf("  Lockdown: %s\n", lockdown[features_lockdown(k)]);
	missing = features_missing_capabilities(a, true);
	printf("  Missing capabilities: %.*s\n", STR_ARG(missing.n ? missing : STR("none")));
}

static void print_build(void)
{
	char *compiler[] = { "btrun-compile", "--version", NULL }, text[64] = "none: only images run";
	char path[PATH_MAX + 32];
	int fd = helper_read(compiler, -1, NULL, 0);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n > 0)
		text[n] = '\0';
	heading("Build");
	printf("  version: v" BTRUN_VERSION "\n  LLVM: %.*s\n", (int)strcspn(text, "\n"), text);
	fact("libdw (DWARF support)", helper_path("btrun-dwarf", path, sizeof(path)));
	fact("libclang (header files)", helper_path("btrun-headers", path, sizeof(path)));
}

struct row {
	const char *name;
	int number;
	bool typed; /* a helper: of fentry's programs */
};

static bool helper_is_there(const struct row *row)
{
	return support_helper(row->typed, row->number);
}

static bool map_is_there(const struct row *row)
{
	return support_map(row->number);
}

static void print_rows(
    const char *title, const struct row *rows, size_t n, bool (*is_there)(const struct row *row))
{
	heading(title);
	for (size_t i = 0; i < n; i++)
		fact(rows[i].name, is_there(&rows[i]));
}

static void print_helpers(void)
{
	static const struct row rows[] = {
		{ "probe_read", BPF_FUNC_probe_read, false },
		{ "probe_read_str", BPF_FUNC_probe_read_str, false },
		{ "probe_read_user", BPF_FUNC_probe_read_user, false },
		{ "probe_read_user_str", BPF_FUNC_probe_read_user_str, false },
		{ "probe_read_kernel", BPF_FUNC_probe_read_kernel, false },
		{ "probe_read_kernel_str", BPF_FUNC_probe_read_kernel_str, false },
		{ "get_current_cgroup_id", BPF_FUNC_get_current_cgroup_id, false },
		{ "send_signal", BPF_FUNC_send_signal, false },
		{ "override_return", BPF_FUNC_override_return, false },
		{ "get_boot_ns", BPF_FUNC_ktime_get_boot_ns, false },
		{ "get_tai_ns", BPF_FUNC_ktime_get_tai_ns, false },
		{ "get_func_ip", BPF_FUNC_get_func_ip, false },
		{ "get_func_arg", BPF_FUNC_get_func_arg, true },
		{ "get_attach_cookie", BPF_FUNC_get_attach_cookie, false },
		{ "jiffies64", BPF_FUNC_jiffies64, false },
		{ "for_each_map_elem", BPF_FUNC_for_each_map_elem, false },
		{ "loop", BPF_FUNC_loop, false },
		{ "map_lookup_percpu_elem", BPF_FUNC_map_lookup_percpu_elem, false },
		{ "dpath", BPF_FUNC_d_path, true },
		{ "skboutput", BPF_FUNC_skb_output, true },
	};

	print_rows("Kernel helpers", rows, sizeof(rows) / sizeof(rows[0]), helper_is_there);
}

static bool has_module_btf(struct kernel *k)
{
	char path[PATH_MAX];
	struct dirent *entry;
	bool found = false;
	DIR *folder;

	snprintf(path, sizeof(path), "%.*s/sys/kernel/btf", STR_ARG(kernel_root(k)));
	folder = opendir(path);
	while (folder && (entry = readdir(folder)))
		found |= entry->d_name[0] != '.' && strcmp(entry->d_name, "vmlinux") != 0;
	if (folder)
		closedir(folder);
	return found;
}

static bool has_file(struct kernel *k, const char *file)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.*s%s", STR_ARG(kernel_root(k)), file);
	return access(path, F_OK) == 0;
}

static void print_features(struct kernel *k)
{
	heading("Kernel features");
	/* BPF_COMPLEXITY_LIMIT_INSNS for a privileged program, and bounded loops, of 5.2 and 5.3; btrun needs
	 * 5.10. */
	puts("  Instruction limit: 1000000");
	fact("Loop support", true);
	fact("btf", has_file(k, "/sys/kernel/btf/vmlinux"));
	fact("module btf", has_module_btf(k));
	fact("map batch", support_map_batch());
	fact("uprobe refcount", has_file(k, "/sys/bus/event_source/devices/uprobe/format/ref_ctr_offset"));
}

static void print_maps(void)
{
	static const struct row rows[] = {
		{ "hash", BPF_MAP_TYPE_HASH, false },
		{ "percpu hash", BPF_MAP_TYPE_PERCPU_HASH, false },
		{ "array", BPF_MAP_TYPE_ARRAY, false },
		{ "percpu array", BPF_MAP_TYPE_PERCPU_ARRAY, false },
		{ "stack_trace", BPF_MAP_TYPE_STACK_TRACE, false },
		{ "perf_event_array", BPF_MAP_TYPE_PERF_EVENT_ARRAY, false },
		{ "ringbuf", BPF_MAP_TYPE_RINGBUF, false },
	};

	print_rows("Map types", rows, sizeof(rows) / sizeof(rows[0]), map_is_there);
}

static int found_iterator(void *context, struct str name, struct str module)
{
	struct str object = list_iterator(name);

	if (object.n)
		printf("  iter:%.*s: yes\n", STR_ARG(object));
	return 0;
}

static void print_probes(struct kernel *k)
{
	bool fentry = support_fentry();
	struct kernel_btf *btf;

	heading("Probe types");
	fact("kprobe", features_kprobe_refusals(k) == 0);
	fact("tracepoint", support_program(BPF_PROG_TYPE_TRACEPOINT));
	fact("perf_event", support_program(BPF_PROG_TYPE_PERF_EVENT));
	fact("uprobe", has_file(k, "/sys/bus/event_source/devices/uprobe/type"));
	/* One thing with two names. */
	fact("kfunc", fentry);
	fact("fentry", fentry);
	fact("kprobe_multi", support_kprobe_multi());
	fact("raw_tp_special", support_program(BPF_PROG_TYPE_RAW_TRACEPOINT));
	if (kernel_btf_new(k, STR("vmlinux"), &btf))
		return;
	btf_each_name(btf, BTF_SHAPE_STRUCT, found_iterator, NULL);
	kernel_btf_free(btf);
}

void info_print(struct kernel *k)
{
	struct arena *a = arena_new();

	print_system(a, k);
	print_build();
	print_helpers();
	print_features(k);
	print_maps();
	print_probes(k);
	arena_free(a);
}
