#include "cli/program.h"
#include "cli/helper.h"
#include "image/image.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/message.h"

/* Ours in memory; the linker gives it its name. */
extern const Elf64_Ehdr __ehdr_start;

static int open_self(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	/* Where /proc is not mounted. */
	return fd >= 0 ? fd : open((const char *)getauxval(AT_EXECFN), O_RDONLY | O_CLOEXEC);
}

/* Each start of btrun comes by here: it costs one read of a byte that is not there. */
int program_self(int *image)
{
	uint64_t end = image_program_end(&__ehdr_start);
	char last[2];
	int fd = open_self();
	ssize_t n = fd >= 0 ? pread(fd, last, sizeof(last), (off_t)end - 1) : 1;

	*image = n > 1 ? fd : -1;
	if (fd >= 0 && *image < 0)
		close(fd);
	if (n > 0)
		return 0;
	message_error("this program is damaged: its file is cut off");
	return -EINVAL;
}

static int copy(int to, int from, uint64_t size)
{
	off_t at = 0;

	while ((uint64_t)at < size) {
		ssize_t n = sendfile(to, from, &at, size - (uint64_t)at);

		if (n <= 0)
			return n < 0 ? -errno : -ENODATA;
	}
	return 0;
}

static int open_runtime(bool is_static)
{
	char path[PATH_MAX + 16];
	int fd;

	if (!is_static)
		return open_self();
	if (!helper_path("btrun-static", path, sizeof(path))) {
		message_error("--static needs btrun-static, which is neither beside btrun nor %s", path);
		message_hint("it is built where the static libraries of libbpf, libelf and zlib are; without "
			     "--static the program uses the shared ones");
		return -ENOENT;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		message("cannot read %s: %s", path, strerror(errno));
	return fd;
}

static int write_parts(int fd, int runtime, int image)
{
	Elf64_Ehdr header;
	struct stat st;
	uint64_t end;
	int err;

	if (pread(runtime, &header, sizeof(header), 0) != (ssize_t)sizeof(header) || fstat(image, &st))
		return -EIO;
	end = image_program_end(&header);
	err = copy(fd, runtime, end);
	if (!err && lseek(fd, (off_t)image_behind(end), SEEK_SET) < 0)
		err = -errno;
	if (!err)
		err = copy(fd, image, (uint64_t)st.st_size);
	if (!err && fchmod(fd, 0755))
		err = -errno;
	return err;
}

/* Beside path, so that the rename stays in one file system. */
static int write_renamed(const char *path, int runtime, int image)
{
	char *name;
	int fd, err;

	if (asprintf(&name, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	fd = mkostemp(name, O_CLOEXEC);
	err = fd < 0 ? -errno : write_parts(fd, runtime, image);
	/* A disk that is full or far away may say so only here. */
	if (fd >= 0 && close(fd) && !err)
		err = -errno;
	if (!err && rename(name, path))
		err = -errno;
	if (err && fd >= 0)
		unlink(name);
	free(name);
	return err;
}

int program_write(const char *path, int image, bool is_static)
{
	sigset_t all, before;
	struct stat st;
	int runtime, err;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		message_error("--aot: %s is there and is no ordinary file", path);
		return -EEXIST;
	}
	runtime = open_runtime(is_static);
	if (runtime < 0)
		return runtime;
	/* Ctrl-C has its effect when nothing is left half done. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	err = write_renamed(path, runtime, image);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(runtime);
	if (err)
		message_error("--aot: cannot write %s: %s", path, strerror(-err));
	return err;
}
