/*
 * cgroup_path(): a cgroup's path by its id, which is the inode number of its folder (fs/kernfs), in each
 * hierarchy that is mounted.
 */
#include "runtime/print/value.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <mntent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KERNFS_HANDLE 0xfe /* FILEID_KERNFS of include/linux/exportfs.h: the id itself */

union handle {
	struct file_handle head;
	uint8_t room[sizeof(struct file_handle) + sizeof(uint64_t)];
};

/* The path of what fd is, below the mount point. */
static bool path_of(int fd, const char *mount, char *path, size_t size)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, size - 1);
	if (n < 0 || strncmp(path, mount, strlen(mount)))
		return false;
	path[n] = '\0';
	memmove(path, path + strlen(mount), (size_t)n + 1 - strlen(mount));
	return true;
}

/* -EPERM and others: it can't be asked for in this way. */
static int by_handle(const char *mount, uint64_t id, char *path, size_t size)
{
	union handle h = { .head = { .handle_bytes = sizeof(id), .handle_type = KERNFS_HANDLE } };
	int at = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd, err;

	if (at < 0)
		return -errno;
	memcpy(h.head.f_handle, &id, sizeof(id));
	fd = open_by_handle_at(at, &h.head, O_PATH | O_CLOEXEC);
	err = fd < 0 ? -errno : path_of(fd, mount, path, size) ? 0 : -ESTALE;
	if (fd >= 0)
		close(fd);
	close(at);
	return err;
}

static int by_search(const char *mount, uint64_t id, char *path, size_t size)
{
	char *roots[] = { (char *)mount, NULL };
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	const FTSENT *e;
	int err = -ESTALE;

	while (tree && err && (e = fts_read(tree))) {
		if (e->fts_info != FTS_D || e->fts_statp->st_ino != id)
			continue;
		snprintf(path, size, "%s", e->fts_path + strlen(mount));
		err = 0;
	}
	if (tree)
		fts_close(tree);
	return err;
}

static bool find_path(const char *mount, uint64_t id, char *path, size_t size)
{
	int err = by_handle(mount, id, path, size);

	if (err && err != -ESTALE)
		err = by_search(mount, id, path, size);
	return err == 0;
}

/* As bpftrace names them: the folder that the hierarchy is mounted on. */
static const char *hierarchy(const struct mntent *m)
{
	const char *name = strrchr(m->mnt_dir, '/');

	return strcmp(m->mnt_type, "cgroup2") == 0 ? "unified" : name ? name + 1 : m->mnt_dir;
}

static bool is_hierarchy(const struct mntent *m, struct str filter)
{
	return str_in_words(str_of(m->mnt_type), "cgroup cgroup2") &&
	       (!filter.n || str_glob(filter, str_of(hierarchy(m))));
}

void format_cgroup_path(
    struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	uint64_t id = value_number(t, bytes);
	char room[4096], path[4096];
	struct mntent m;
	unsigned found = 0;

	while (mounts && getmntent_r(mounts, &m, room, sizeof(room)))
		if (is_hierarchy(&m, t->name) && find_path(m.mnt_dir, id, path, sizeof(path)))
			fprintf(out, "%s%s:%s", found++ ? "," : "", hierarchy(&m), path[0] ? path : "/");
	if (mounts)
		endmntent(mounts);
	if (!found)
		fprintf(out, "%" PRIu64, id);
}
