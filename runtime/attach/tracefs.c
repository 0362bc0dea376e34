/*
 * Kprobes made by writing to tracefs: the only way to give a kretprobe its number of
 * slots (Documentation/trace/kprobetrace.rst). The group's name carries our process id, so
 * that what a killed tracer left can be told.
 */
#include "runtime/attach/tracefs.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/attach/place.h"
#include "runtime/process/cleanup_child.h"

/* A slot is taken from the function's entry to its return, so a server with a hundred threads waiting in
 * accept() takes a hundred. One costs about 56 bytes: the usual 200 are 11 KB. The kernel's own default is
 * max(10, 2 * CPUs). */
#define MAXACTIVE_LIMIT 4096 /* kernel/trace/trace_kprobe.c: KRETPROBE_MAXACTIVE_MAX */

static int open_files(struct tracer *t, struct str folder)
{
	struct arena *a = t->runtime.arena;

	if (t->attachment.events_fd >= 0)
		return 0;
	t->attachment.events_fd =
	    open(str_format(a, "%.*s/kprobe_events", STR_ARG(folder)).p, O_RDWR | O_APPEND | O_CLOEXEC);
	if (t->attachment.events_fd < 0)
		return -errno;
	t->attachment.profile_fd =
	    open(str_format(a, "%.*s/kprobe_profile", STR_ARG(folder)).p, O_RDONLY | O_CLOEXEC);
	return 0;
}

void attach_tracefs_close(struct tracer *t)
{
	if (t->attachment.events_fd >= 0)
		close(t->attachment.events_fd);
	if (t->attachment.profile_fd >= 0)
		close(t->attachment.profile_fd);
	t->attachment.events_fd = t->attachment.profile_fd = -1;
}

static int write_events(struct tracer *t, struct str line)
{
	return write(t->attachment.events_fd, line.p, line.n) < 0 ? -errno : 0;
}

static struct str definition(
    struct tracer *t, const struct probe *p, const struct image_attach *a, struct str event)
{
	struct arena *arena = t->runtime.arena;
	struct str kind = STR("p"), place = a->function;
	unsigned slots = t->options->maxactive ? (unsigned)t->options->maxactive : OPTION_USUAL_maxactive;

	if (p->kind == PROGRAM_kretprobe)
		kind = str_format(arena, "r%u", slots > MAXACTIVE_LIMIT ? MAXACTIVE_LIMIT : slots);
	if (a->module.n && !str_is(a->module, "vmlinux"))
		place = str_format(arena, "%.*s:%.*s", STR_ARG(a->module), STR_ARG(a->function));
	if (a->offset)
		place = str_format(arena, "%.*s+%" PRIu64, STR_ARG(place), a->offset);
	return str_format(
	    arena, "%.*s:btrun_%d/%.*s %.*s\n", STR_ARG(kind), (int)getpid(), STR_ARG(event), STR_ARG(place));
}

int attach_tracefs(struct tracer *t, struct probe *p, const struct image_attach *a, uint32_t target)
{
	struct arena *arena = t->runtime.arena;
	struct str folder, event;
	struct bpf_link *link;
	int err = kernel_tracefs(t->runtime.kernel, &folder);

	if (!err)
		err = open_files(t, folder);
	if (!err)
		err = cleanup_child_start(t);
	if (err)
		return tracer_refuse(t, p, err, "tracefs: %s", strerror(-err));
	/* kprobe_profile shows events without their group: the name must be unique itself. */
	event = str_format(arena, "btrun_%d_%u", (int)getpid(), t->attachment.n_events++);
	err = write_events(t, definition(t, p, a, event));
	if (err)
		return tracer_refuse(t, p, err, "tracefs: kprobe_events refuses it: %s", strerror(-err));
	err = place_open_tracepoint(p,
	    str_format(arena, "%.*s/events/btrun_%d/%.*s/id", STR_ARG(folder), (int)getpid(), STR_ARG(event)),
	    0, &link);
	if (err) {
		attach_tracefs_remove(t, event);
		return tracer_refuse(t, p, err, "tracefs: cannot attach to its event: %s", strerror(-err));
	}
	return place_keep_link(t, p, link, target, event);
}

void attach_tracefs_remove(struct tracer *t, struct str event)
{
	struct str line = str_format(t->runtime.arena, "-:btrun_%d/%.*s\n", (int)getpid(), STR_ARG(event));

	/* The perf event is released a moment after its descriptor is closed. */
	for (int tries = 0; tries < 50 && write_events(t, line) == -EBUSY; tries++)
		usleep(10000);
}

int attach_tracefs_missed(struct tracer *t, struct str event, uint64_t *missed)
{
	int fd = fcntl(t->attachment.profile_fd, F_DUPFD_CLOEXEC, 3), err = -ENOENT;
	char line[512], name[256];
	uint64_t hits;
	FILE *file;

	if (fd < 0 || lseek(fd, 0, SEEK_SET) || !(file = fdopen(fd, "r")))
		return fd < 0 ? -errno : -EIO;
	while (err && fgets(line, sizeof(line), file))
		if (sscanf(line, " %255s %" SCNu64 " %" SCNu64, name, &hits, missed) == 3 &&
		    str_is(event, name))
			err = 0;
	fclose(file);
	return err;
}
