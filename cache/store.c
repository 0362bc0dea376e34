#include "cache/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FOLDER "btrun"
#define FILE_MOST (64u << 20)
#define TEMPORARY ".new-"
#define TEMPORARY_SECONDS 3600 /* then whoever wrote it was killed */

static const char *base_folder(char *text, size_t room)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (xdg && xdg[0] == '/')
		return xdg;
	if (geteuid() == 0)
		return "/var/cache";
	if (!home || home[0] != '/' || snprintf(text, room, "%s/.cache", home) >= (int)room)
		return NULL;
	return text;
}

/*
 * btrun may have been given capabilities that its user has not: they are no reason to make folders where the
 * user could not. lower_capabilities() takes them away for the time, and kept gets what to go back to.
 */
static bool set_capabilities(const struct __user_cap_data_struct *data)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capset, &header, data) == 0;
}

static bool lower_capabilities(struct __user_cap_data_struct kept[_LINUX_CAPABILITY_U32S_3])
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct less[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, kept))
		return false;
	memcpy(less, kept, sizeof(less));
	less[0].effective &= ~(1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH | 1u << CAP_FOWNER);
	return set_capabilities(less);
}

static int open_folder(int at, const char *name, struct stat *st)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstat(fd, st) == 0)
		return fd;
	close(fd);
	return -EIO;
}

static bool is_ours_alone(const struct stat *st)
{
	return st->st_uid == geteuid() && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

static int find_folder(struct store *s)
{
	char text[PATH_MAX];
	const char *base = base_folder(text, sizeof(text));
	int parent, fd;
	struct stat st;

	if (!base)
		return -ENOENT;
	if (snprintf(s->path, sizeof(s->path), "%s/" FOLDER, base) >= (int)sizeof(s->path))
		return -ENAMETOOLONG;
	mkdir(base, 0700);
	/* Links on the way to it are the user's own affair; it has to belong to him. */
	parent = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return -errno;
	if (fstat(parent, &st) || (st.st_uid != geteuid() && st.st_uid != 0)) {
		close(parent);
		return -EPERM;
	}
	mkdirat(parent, FOLDER, 0700);
	fd = open_folder(parent, FOLDER, &st);
	close(parent);
	if (fd >= 0 && !is_ours_alone(&st)) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

void store_open(struct store *s)
{
	struct __user_cap_data_struct kept[_LINUX_CAPABILITY_U32S_3];
	bool lowered = geteuid() != 0;

	s->path[0] = '\0';
	s->folder = -EPERM;
	if (lowered && !lower_capabilities(kept))
		return;
	s->folder = find_folder(s);
	if (lowered && !set_capabilities(kept)) {
		store_close(s);
		s->folder = -EPERM;
	}
}

void store_close(struct store *s)
{
	if (s->folder >= 0)
		close(s->folder);
	s->folder = -EBADF;
}

static int read_file(struct arena *a, int fd, struct str *bytes)
{
	struct stat st;
	size_t n = 0;
	char *to;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || !is_ours_alone(&st))
		return -EPERM;
	if (st.st_size > FILE_MOST)
		return -EFBIG;
	to = arena_alloc(a, (size_t)st.st_size + 1);
	while (n < (size_t)st.st_size) {
		ssize_t got = read(fd, to + n, (size_t)st.st_size - n);

		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*bytes = (struct str){ to, n };
	return 0;
}

int store_read(struct store *s, struct arena *a, const char *name, struct str *bytes)
{
	int fd, err;

	if (s->folder < 0)
		return s->folder;
	/* A pipe of that name would wait for a writer. */
	fd = openat(s->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = read_file(a, fd, bytes);
	if (!err)
		futimens(fd, NULL);
	close(fd);
	return err;
}

struct file {
	char name[STORE_NAME];
	uint64_t size;
	struct timespec used;
};

struct files {
	struct file *v;
	size_t n, cap;
};

static int compare_use(const void *a, const void *b)
{
	const struct timespec *x = &((const struct file *)a)->used, *y = &((const struct file *)b)->used;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

static void look_at_file(struct store *s, struct arena *a, const char *name, struct files *files)
{
	bool temporary = strncmp(name, TEMPORARY, strlen(TEMPORARY)) == 0;
	struct file file = { 0 };
	struct stat st;

	if ((!temporary && strlen(name) != STORE_NAME - 1) ||
	    fstatat(s->folder, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
		return;
	if (temporary) {
		if (st.st_mtim.tv_sec < time(NULL) - TEMPORARY_SECONDS)
			unlinkat(s->folder, name, 0);
		return;
	}
	memcpy(file.name, name, STORE_NAME);
	file.size = (uint64_t)st.st_blocks * 512;
	file.used = st.st_mtim;
	vec_push(a, files, file);
}

static void remove_oldest(struct store *s, struct files *files, uint64_t limit)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < files->n; i++)
		sum += files->v[i].size;
	if (sum <= limit)
		return;
	qsort(files->v, files->n, sizeof(*files->v), compare_use);
	for (size_t i = 0; i < files->n && sum > limit; i++) {
		unlinkat(s->folder, files->v[i].name, 0);
		sum -= files->v[i].size;
	}
}

static void trim(struct store *s, uint64_t limit)
{
	int fd = openat(s->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct arena *a = arena_new();
	struct files files = { 0 };
	const struct dirent *row;

	while (folder && (row = readdir(folder)))
		look_at_file(s, a, row->d_name, &files);
	remove_oldest(s, &files, limit);
	arena_free(a);
	if (folder)
		closedir(folder);
	else if (fd >= 0)
		close(fd);
}

static int write_bytes(int fd, struct str bytes)
{
	for (size_t at = 0; at < bytes.n;) {
		ssize_t n = write(fd, bytes.p + at, bytes.n - at);

		if (n < 0)
			return -errno;
		at += (size_t)n;
	}
	return 0;
}

int store_write(struct store *s, const char *name, struct str bytes, uint64_t limit)
{
	char temporary[sizeof(TEMPORARY) + STORE_NAME + 24];
	int fd, err;

	if (s->folder < 0)
		return s->folder;
	if (bytes.n > limit || bytes.n > FILE_MOST)
		return -EFBIG;
	/* When it is there (of a process of that number that was killed), this one is not kept. */
	snprintf(temporary, sizeof(temporary), TEMPORARY "%d-%s", (int)getpid(), name);
	fd = openat(
	    s->folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (fd < 0)
		return -errno;
	err = write_bytes(fd, bytes);
	if (close(fd) && !err)
		err = -errno;
	if (!err && renameat(s->folder, temporary, s->folder, name))
		err = -errno;
	if (err)
		unlinkat(s->folder, temporary, 0);
	else
		trim(s, limit);
	return err;
}
