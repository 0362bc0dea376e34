#include "cli/script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/message.h"

#define SIZE_LIMIT (16u << 20)

static int complain(const char *name, int err)
{
	message("cannot read the script %s: %s", name,
	    err == EISDIR  ? "it is a directory"
	    : err == EFBIG ? "it is larger than 16 MB"
			   : strerror(err));
	return -err;
}

static int read_all(struct arena *a, const char *name, int fd, struct str *text)
{
	size_t room = 4096, n = 0;
	char *bytes = malloc(room);
	ssize_t got = 0;
	struct stat st;

	if (bytes && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		errno = EISDIR, got = -1;
	while (bytes && got >= 0 && n < SIZE_LIMIT && (got = read(fd, bytes + n, room - n)) > 0) {
		n += (size_t)got;
		if (n == room)
			bytes = realloc(bytes, room *= 2);
	}
	if (!bytes)
		return complain(name, ENOMEM);
	*text = str_copy(a, bytes, n);
	free(bytes);
	if (got < 0)
		return complain(name, errno);
	return n >= SIZE_LIMIT ? complain(name, EFBIG) : 0;
}

bool script_is_image(const struct source *source)
{
	return str_starts(source->text, "\177ELF");
}

int script_read(struct arena *a, const struct options *o, struct source *source)
{
	bool standard = o->file && strcmp(o->file, "-") == 0;
	int fd, err;

	source->name = str_of(o->text ? "-e" : standard ? "stdin" : o->file);
	if (o->text) {
		source->text = str_of(o->text);
	} else {
		fd = standard ? STDIN_FILENO : open(o->file, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return complain(o->file, errno);
		err = read_all(a, source->name.p, fd, &source->text);
		if (!standard)
			close(fd);
		if (err)
			return err;
	}
	if (script_is_image(source))
		return 0;
	if (source->text.n == 0) {
		message("the script %s is empty", source->name.p);
		return -EINVAL;
	}
	if (str_find(source->text, '\0') >= 0) {
		message("%s is no script: it contains NUL bytes", source->name.p);
		return -EINVAL;
	}
	return 0;
}
