/* The kernel that this process runs on, or a folder that looks like one. */
#include "kernel/private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* tracefs has its own mount point since 4.1, which comes first; debugfs holds an automount of it. */
static const char *const tracefs_at[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };

int kernel_tracefs(struct kernel *k, struct str *path)
{
	int err = -ENOENT;

	if (!k->root)
		return -EINVAL;
	for (size_t i = 0; !k->tracefs && i < sizeof(tracefs_at) / sizeof(tracefs_at[0]); i++) {
		char at[PATH_MAX];

		/* The mount point is there without the mount: look for what only tracefs has. */
		if (snprintf(at, sizeof(at), "%s%s/events", k->root, tracefs_at[i]) >= (int)sizeof(at))
			return -ENAMETOOLONG;
		if (faccessat(AT_FDCWD, at, F_OK, AT_EACCESS) == 0) {
			at[strlen(at) - strlen("/events")] = '\0';
			k->tracefs = strdup(at);
		} else if (errno != ENOENT) {
			err = -errno;
		}
	}
	if (!k->tracefs)
		return err;
	*path = str_of(k->tracefs);
	return 0;
}

struct str kernel_root(const struct kernel *k)
{
	return str_of(k->root ? k->root : "");
}

/* A path is relative to tracefs, or to the root when it begins with '/'. */
static const char *const fact_path[KERNEL_FACTS_] = {
	[KERNEL_BTF] = "/sys/kernel/btf/%.*s",
	[KERNEL_TRACEPOINT_FORMAT] = "events/%.*s/format",
	[KERNEL_TRACEPOINTS] = "available_events",
	[KERNEL_FUNCTIONS] = "available_filter_functions",
	[KERNEL_KALLSYMS] = "/proc/kallsyms",
};

static int host_path(struct kernel *k, enum kernel_fact fact, struct str name, char *path, size_t room)
{
	const char *form = fact_path[fact];
	struct str folder = kernel_root(k);
	char file[KERNEL_NAME_MAX + 64];

	if (form[0] != '/') {
		int err = kernel_tracefs(k, &folder);

		if (err)
			return err;
	}
	if (name.n > 0)
		snprintf(file, sizeof(file), form, STR_ARG(name));
	else
		snprintf(file, sizeof(file), "%s", form);
	if (snprintf(path, room, "%.*s%s%s", STR_ARG(folder), form[0] == '/' ? "" : "/", file) >= (int)room)
		return -ENAMETOOLONG;
	return 0;
}

static int give_fact(struct kernel *k, enum kernel_fact fact, struct str name)
{
	return k->given[fact].give ? k->given[fact].give(k->given[fact].context, name) : -ENOENT;
}

/* Returns a descriptor at its beginning; whoever had it before has read it. */
static int held_open(int held)
{
	int fd = fcntl(held, F_DUPFD_CLOEXEC, 3);

	if (fd < 0 || lseek(fd, 0, SEEK_SET) == 0)
		return fd < 0 ? -errno : fd;
	close(fd);
	return -EIO;
}

static int host_open(struct kernel *k, enum kernel_fact fact, struct str name)
{
	char path[PATH_MAX];
	int err;

	if (k->held[fact])
		return held_open(k->held[fact] - 1);
	if (!fact_path[fact])
		return give_fact(k, fact, name);
	err = host_path(k, fact, name, path, sizeof(path));

	if (err)
		return err;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

void kernel_hold(struct kernel *k, enum kernel_fact fact)
{
	int fd = k->held[fact] ? -1 : kernel_open(k, fact, STR(""));

	if (fd >= 0)
		k->held[fact] = fd + 1;
}

static int btf_open(struct kernel *k, enum kernel_fact fact, struct str name)
{
	char path[PATH_MAX];
	struct stat st;
	int n, fd;

	if (!fact_path[fact])
		return give_fact(k, fact, name);
	if (fact != KERNEL_BTF)
		return -ENODATA;
	if (stat(k->btf, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode) && !str_is(name, "vmlinux"))
		return -ENODATA;
	n = S_ISDIR(st.st_mode) ? snprintf(path, sizeof(path), "%s/%.*s", k->btf, STR_ARG(name))
				: snprintf(path, sizeof(path), "%s", k->btf);
	if (n >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

void kernel_use(struct kernel *k, enum kernel_fact fact, kernel_give *give, void *context)
{
	k->given[fact].give = give;
	k->given[fact].context = context;
}

void kernel_watch(struct kernel *k, kernel_watcher *watcher, void *context)
{
	k->watcher = watcher;
	k->watcher_context = context;
}

struct kernel *kernel_host(const char *root)
{
	struct kernel *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->open = host_open;
	k->socket = -1;
	k->root = strdup(root);
	if (!k->root) {
		kernel_free(k);
		return NULL;
	}
	return k;
}

struct kernel *kernel_of_btf(const char *path)
{
	struct kernel *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->open = btf_open;
	k->socket = -1;
	k->btf = path;
	return k;
}
