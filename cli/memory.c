#include "cli/memory.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

int memory_file(const char *name, struct str content)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (size_t at = 0; at < content.n;) {
		ssize_t n = write(fd, content.p + at, content.n - at);

		if (n < 0) {
			n = -errno;
			close(fd);
			return (int)n;
		}
		at += (size_t)n;
	}
	return fd;
}

int memory_read(struct arena *a, int fd, struct str *content)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *to;

	if (size < 0)
		return -errno;
	to = arena_alloc(a, (size_t)size + 1);
	*content = (struct str){ to, (size_t)size };
	return pread(fd, to, (size_t)size, 0) == size ? 0 : -EIO;
}
