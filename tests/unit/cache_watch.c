#include "cache/watch.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/cache_watch.XXXXXX";

static const char *in_root(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s%s", root, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *out = fopen(in_root(name), "w");

	CHECK(out && fputs(text, out) >= 0 && fclose(out) == 0);
}

static void make_folders(void)
{
	static const char *const folders[] = { "/proc", "/sys", "/sys/kernel", "/sys/kernel/btf",
		"/sys/kernel/tracing", "/sys/kernel/tracing/events", "/sys/kernel/tracing/events/c",
		"/sys/kernel/tracing/events/c/e" };

	CHECK(mkdtemp(root) != NULL);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		CHECK_INT(mkdir(in_root(folders[i]), 0700), 0);
}

static void ask(struct watcher *w, enum kernel_fact fact, struct str name)
{
	int fd = kernel_open(w->kernel, fact, name);

	watcher_take(w, fact, name, fd);
	if (fd >= 0)
		close(fd);
}

static const char *changed(struct watcher *w)
{
	const struct watch *watch = watcher_changed(w, &w->list);

	return watch ? str_copy(w->arena, watch->name.p, watch->name.n).p : "";
}

#define CHANGED(what) CHECK_STR(str_of(changed(w)), what)

static void facts(struct watcher *w)
{
	write_file("/sys/kernel/tracing/events/c/e/format", "format");
	write_file("/sys/kernel/btf/vmlinux", "types");
	write_file("/proc/modules", "mod 100 2 - Live 0x0\n");
	watcher_begin(w);
	ask(w, KERNEL_BTF, STR("vmlinux"));
	ask(w, KERNEL_BTF, STR("mod"));
	ask(w, KERNEL_TRACEPOINT_FORMAT, STR("c/e"));
	ask(w, KERNEL_TRACEPOINT_FORMAT, STR("c/e"));
	ask(w, KERNEL_FUNCTIONS, STR(""));
	ask(w, KERNEL_KALLSYMS, STR(""));
	CHECK_INT(w->list.n, 4);
	CHECK(!w->unsure);
	CHANGED("");
	write_file("/sys/kernel/tracing/events/c/e/format", "other format");
	CHANGED("c/e");
	write_file("/sys/kernel/tracing/events/c/e/format", "format");
	CHANGED("");
	write_file("/sys/kernel/btf/mod", "types");
	CHANGED("mod");
	unlink(in_root("/sys/kernel/btf/mod"));
	write_file("/sys/kernel/btf/vmlinux", "more types");
	CHANGED("vmlinux");
	write_file("/sys/kernel/btf/vmlinux", "types");
	write_file("/proc/modules", "mod 100 7 other, Live 0x8\n");
	CHANGED("");
	write_file("/proc/modules", "mod 100 7 other, Live 0x8\nother 1 1 - Live 0x0\n");
	CHECK(watcher_changed(w, &w->list) != NULL);
}

static void files(struct watcher *w)
{
	char there[512], absent[512], script[] = ":main";
	char name[600];

	snprintf(there, sizeof(there), "%s", in_root("/there"));
	snprintf(absent, sizeof(absent), "%s", in_root("/absent"));
	snprintf(name, sizeof(name), "%s%s", there, script);
	write_file("/there", "text");
	usleep(100000);
	watcher_begin(w);
	watcher_take_file(w, there);
	watcher_take_file(w, absent);
	ask(w, KERNEL_PARAMETERS, str_of(name)); /* nobody gives them: an error */
	CHECK(w->unsure);
	CHECK_INT(w->list.n, 3);
	CHANGED("");
	write_file("/absent", "");
	CHANGED(absent);
	unlink(absent);
	CHANGED("");
	usleep(20000);
	write_file("/there", "texT");
	CHANGED(there);
	watcher_begin(w);
	CHECK(!w->unsure);
	watcher_take_file(w, there);
	CHECK(w->unsure); /* written to just now */
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *place)
{
	return remove(path);
}

int main(void)
{
	struct arena *a = arena_new();
	struct watcher w = { .arena = a };

	make_folders();
	w.kernel = kernel_host(root);
	facts(&w);
	files(&w);
	kernel_free(w.kernel);
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	arena_free(a);
	return test_end();
}
