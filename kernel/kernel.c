#include "kernel/private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Neither '.' nor '/' is among them, so that no name can leave its folder. */
static bool is_word(struct str s)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	for (size_t i = 0; i < s.n; i++)
		if (!s.p[i] || !strchr(allowed, s.p[i]))
			return false;
	return s.n > 0;
}

static bool name_fits(enum kernel_fact fact, struct str name)
{
	struct str category, event;

	switch (fact) {
	case KERNEL_BTF:
		return is_word(name);
	case KERNEL_TRACEPOINT_FORMAT:
		category = str_split(name, '/', &event);
		return is_word(category) && is_word(event);
	case KERNEL_TRACEPOINTS:
	case KERNEL_FUNCTIONS:
	case KERNEL_KALLSYMS:
		return name.n == 0;
	case KERNEL_HEADER:
	case KERNEL_PARAMETERS:
	case KERNEL_SYMBOLS:
	case KERNEL_USDT:
	case KERNEL_VARIABLE:
		/* A path: who serves it looks whether the user named it. */
		for (size_t i = 0; i < name.n; i++)
			if ((unsigned char)name.p[i] < ' ')
				return false;
		return name.n > 0;
	case KERNEL_FACTS_:
		break;
	}
	return false;
}

int kernel_check(unsigned fact, struct str name)
{
	if (fact >= KERNEL_FACTS_ || name.n > KERNEL_NAME_MAX || !name_fits(fact, name))
		return -EINVAL;
	return 0;
}

void kernel_free(struct kernel *k)
{
	if (!k)
		return;
	for (int fact = 0; fact < KERNEL_FACTS_; fact++)
		if (k->held[fact])
			close(k->held[fact] - 1);
	free(k->root);
	free(k->tracefs);
	free(k);
}

int kernel_open(struct kernel *k, enum kernel_fact fact, struct str name)
{
	int err = kernel_check(fact, name);

	return err ? err : k->open(k, fact, name);
}

/* The files of proc, sysfs and tracefs do not know their sizes: read until there is no more. */
int kernel_read(struct kernel *k, struct arena *a, enum kernel_fact fact, struct str name, struct str *text)
{
	size_t room = 16 * 1024, n = 0;
	char *buffer = arena_alloc(a, room);
	int err = 0, fd = kernel_open(k, fact, name);

	if (fd < 0)
		return fd;
	for (;;) {
		ssize_t got = read(fd, buffer + n, room - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			err = got < 0 ? -errno : 0;
			break;
		}
		n += (size_t)got;
		if (n == room) {
			char *wider = arena_alloc(a, room * 2);

			memcpy(wider, buffer, n);
			buffer = wider;
			room *= 2;
		}
	}
	close(fd);
	*text = (struct str){ buffer, n };
	/* There is room: a full buffer was widened. */
	buffer[n] = '\0';
	return err;
}

int kernel_rows(int fd, int (*row)(void *context, struct str line), void *context)
{
	FILE *in = fdopen(fd, "r");
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	int err = 0;

	if (!in) {
		err = -errno;
		close(fd);
		return err;
	}
	while ((n = getline(&line, &room, in)) > 0) {
		if (line[n - 1] == '\n')
			n--;
		if (row(context, (struct str){ line, (size_t)n }))
			break;
	}
	if (ferror(in))
		err = errno ? -errno : -EIO;
	free(line);
	fclose(in);
	return err;
}
