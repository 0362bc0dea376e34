#include "cache/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/binary.h"

/* Clocks of file systems are as coarse as the kernel's tick. A file written to after that long before the
 * compile began may have been written to in between. */
#define TICK_NS 20000000

/* What one sees of a file without reading it: which it is, of which size, and when it was last changed; the
 * time of that cannot be set back. */
struct looks {
	int64_t error;
	uint64_t device, inode, size;
	int64_t written[2], changed[2];
};

static void add_looks(struct digest *d, const char *path, struct timespec *changed)
{
	struct looks l = { 0 };
	struct stat st;

	*changed = (struct timespec){ 0 };
	if (stat(path, &st)) {
		l.error = errno;
	} else {
		*changed = st.st_ctim;
		l.device = st.st_dev;
		l.inode = st.st_ino;
		l.size = (uint64_t)st.st_size;
		l.written[0] = st.st_mtim.tv_sec;
		l.written[1] = st.st_mtim.tv_nsec;
		l.changed[0] = st.st_ctim.tv_sec;
		l.changed[1] = st.st_ctim.tv_nsec;
	}
	digest_add(d, &l, sizeof(l));
}

static void add_error(struct digest *d, int err)
{
	int64_t number = err;

	digest_add(d, &number, sizeof(number));
}

static int add_content(struct digest *d, int fd)
{
	char part[16384];
	ssize_t n;
	off_t at = 0;

	while ((n = pread(fd, part, sizeof(part), at)) != 0) {
		if (n < 0)
			return -errno;
		digest_add(d, part, (size_t)n);
		at += n;
	}
	return 0;
}

struct look {
	struct digest *digest;
	struct timespec *changed;
};

static int look_at_binary(void *context, const char *path)
{
	struct look *look = context;

	add_looks(look->digest, path, look->changed);
	return 1;
}

/* Adds the modules' names and sizes; their counts of users, and where they lie, change without a reason. */
static void add_modules(struct digest *d, struct kernel *k, struct arena *a)
{
	struct str path = str_format(a, "%.*s/proc/modules", STR_ARG(kernel_root(k)));
	FILE *file = fopen(path.p, "re");
	char name[128], size[32];

	if (!file) {
		add_error(d, errno);
		return;
	}
	while (fscanf(file, "%127s %31s%*[^\n]", name, size) == 2) {
		digest_add(d, name, strlen(name) + 1);
		digest_add(d, size, strlen(size) + 1);
	}
	fclose(file);
}

static void add_answer(struct digest *d, enum watch_kind kind, int fd)
{
	struct stat st;
	int err = fd < 0 ? fd : 0;

	if (!err && kind == WATCH_SIZE && fstat(fd, &st) == 0)
		digest_add(d, &st.st_size, sizeof(st.st_size));
	else if (!err)
		err = add_content(d, fd);
	add_error(d, err);
}

/* Asks the kernel now. */
static void add_asked(struct digest *d, struct kernel *k, const struct watch *watch)
{
	int fd = kernel_open(k, watch->fact, watch->name);

	add_answer(d, watch->kind, fd);
	if (fd >= 0)
		close(fd);
}

/* Sets the watch's identity to that of the answer that is got now, and *changed to when a file was changed.
 * fd: the answer, if there is one yet (a descriptor or negative errno). */
static void identify(struct watcher *w, struct watch *watch, const int *fd, struct timespec *changed)
{
	struct digest d;
	struct look look = { &d, changed };

	*changed = (struct timespec){ 0 };
	digest_begin(&d);
	switch (watch->kind) {
	case WATCH_FILE:
		add_looks(&d, str_copy(w->arena, watch->name.p, watch->name.n).p, changed);
		break;
	case WATCH_BINARY:
		add_error(&d, binary_paths(w->pid, watch->name, look_at_binary, &look));
		break;
	case WATCH_MODULES:
		add_modules(&d, w->kernel, w->arena);
		break;
	case WATCH_SIZE:
	case WATCH_CONTENT:
		if (fd)
			add_answer(&d, watch->kind, *fd);
		else
			add_asked(&d, w->kernel, watch);
		break;
	}
	digest_end(&d, watch->identity);
}

static bool is_after(struct timespec a, struct timespec b)
{
	return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

static void record(struct watcher *w, struct watch watch, const int *fd)
{
	struct timespec changed;

	for (size_t i = 0; i < w->list.n; i++) {
		const struct watch *known = &w->list.v[i];

		if (known->kind == watch.kind && known->fact == watch.fact && str_eq(known->name, watch.name))
			return;
	}
	watch.name = str_copy(w->arena, watch.name.p, watch.name.n);
	identify(w, &watch, fd, &changed);
	w->unsure |= is_after(changed, w->begin);
	vec_push(w->arena, &w->list, watch);
}

void watcher_begin(struct watcher *w)
{
	w->list = (struct watches){ 0 };
	w->unsure = false;
	clock_gettime(CLOCK_REALTIME, &w->begin);
	w->begin.tv_nsec -= TICK_NS;
	if (w->begin.tv_nsec < 0) {
		w->begin.tv_nsec += 1000000000;
		w->begin.tv_sec--;
	}
}

void watcher_take_file(struct watcher *w, const char *path)
{
	record(w, (struct watch){ .kind = WATCH_FILE, .name = str_of(path) }, NULL);
}

/* Takes what stands for the kernel's BTF: a file, or a folder of files. */
static void take_btf(struct watcher *w, struct str name)
{
	watcher_take_file(w, w->btf);
	watcher_take_file(w, str_format(w->arena, "%s/%.*s", w->btf, STR_ARG(name)).p);
}

void watcher_take(void *context, enum kernel_fact fact, struct str name, int fd)
{
	struct watcher *w = context;
	bool of_kernel = fact == KERNEL_BTF && str_is(name, "vmlinux");
	struct watch answer = {
		.kind = of_kernel ? WATCH_SIZE : WATCH_CONTENT,
		.fact = fact,
		.name = name,
	};
	struct str function;

	switch (fact) {
	case KERNEL_BTF:
		if (w->btf)
			take_btf(w, name);
		else
			record(w, answer, &fd);
		break;
	case KERNEL_TRACEPOINT_FORMAT:
	case KERNEL_TRACEPOINTS:
	case KERNEL_SYMBOLS:
	case KERNEL_USDT:
		record(w, answer, &fd);
		break;
	case KERNEL_FUNCTIONS:
	case KERNEL_KALLSYMS:
		record(w, (struct watch){ .kind = WATCH_MODULES, .name = STR("") }, NULL);
		break;
	case KERNEL_PARAMETERS: /* a debug file apart is found by the build-id, which is in the binary */
		record(
		    w, (struct watch){ .kind = WATCH_BINARY, .name = str_split(name, ':', &function) }, NULL);
		w->unsure |= fd < 0;
		break;
	case KERNEL_VARIABLE: /* none is found where there is no file, too */
		record(
		    w, (struct watch){ .kind = WATCH_BINARY, .name = str_split(name, ':', &function) }, NULL);
		break;
	case KERNEL_HEADER: /* who reads it names the files */
		w->unsure |= fd < 0;
		break;
	case KERNEL_FACTS_:
		break;
	}
}

const struct watch *watcher_changed(struct watcher *w, const struct watches *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct watch now = list->v[i];
		struct timespec changed;

		identify(w, &now, NULL, &changed);
		if (memcmp(now.identity, list->v[i].identity, DIGEST_SIZE) != 0)
			return &list->v[i];
	}
	return NULL;
}
