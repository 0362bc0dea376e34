#include "runtime/events/nested.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG "/dev/kmsg"
#define RECORD_MAX 8192 /* kernel/printk: what a reader of a record needs */
/* kernel/events/uprobes.c, prepare_uretprobe(); what follows is "PID/TGID=1/1". */
#define TELLS "omit uretprobe due to nestedness limit pid/tgid="

static bool has_uretprobes(const struct tracer *t)
{
	for (size_t i = 0; i < t->attachment.probes.n; i++)
		if (!t->attachment.probes.v[i].off && t->attachment.probes.v[i].kind == PROGRAM_uretprobe)
			return true;
	return false;
}

void nested_begin(struct tracer *t)
{
	int fd;

	t->loss.kernel_log = -1;
	if (!has_uretprobes(t))
		return;
	fd = open(LOG, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	t->loss.kernel_log = fd;
}

/* Does the record tell of a process that is traced? Without -p all are. */
static bool tells_of_us(const struct tracer *t, const char *record)
{
	const char *ids = strstr(record, TELLS), *group = ids ? strchr(ids + strlen(TELLS), '/') : NULL;

	return group && (!t->options->pid || atoi(group + 1) == t->options->pid);
}

uint64_t nested_end(struct tracer *t)
{
	char record[RECORD_MAX + 1];
	uint64_t told = 0;
	ssize_t n;

	if (t->loss.kernel_log < 0)
		return 0;
	/* EPIPE: the log went round meanwhile; the next one is the oldest that is left. */
	while ((n = read(t->loss.kernel_log, record, RECORD_MAX)) > 0 ||
	       (n < 0 && (errno == EPIPE || errno == EINTR))) {
		record[n > 0 ? n : 0] = '\0';
		told += tells_of_us(t, record);
	}
	close(t->loss.kernel_log);
	t->loss.kernel_log = -1;
	return told;
}
