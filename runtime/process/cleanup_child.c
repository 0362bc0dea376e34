/*
 * Tracefs events outlive a tracer that is killed. A small child process waits for the
 * end of a pipe that only the tracer holds, then removes the tracer's events; and each start
 * sweeps the groups of tracers that are dead.
 */
#include "runtime/process/cleanup_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/privileges.h"

static bool is_dead(pid_t pid)
{
	return kill(pid, 0) && errno == ESRCH;
}

/* "r200:btrun_12/btrun_12_0 f" -> 12 and "btrun_12/btrun_12_0" */
static pid_t owner_of(char *line, char **event)
{
	char *begin = strchr(line, ':');

	if (!begin || strncmp(begin + 1, "btrun_", 6) != 0)
		return 0;
	*event = begin + 1;
	(*event)[strcspn(*event, " \n")] = '\0';
	return (pid_t)strtol(begin + 7, NULL, 10);
}

static int remove_event(int events, const char *event)
{
	char line[256];
	int n = snprintf(line, sizeof(line), "-:%s\n", event);

	return n >= (int)sizeof(line) ? -ENAMETOOLONG : write(events, line, n) < 0 ? -errno : 0;
}

/* Entries move up while some are removed, so one reading may not see all: *removed says whether another is
 * due. */
static int sweep_once(int events, pid_t group, bool *removed)
{
	int fd = fcntl(events, F_DUPFD_CLOEXEC, 3), err = 0, one;
	char line[1024], *event;
	FILE *file;
	pid_t pid;

	if (fd < 0 || lseek(fd, 0, SEEK_SET) || !(file = fdopen(fd, "r")))
		return fd < 0 ? -errno : -EIO;
	while (fgets(line, sizeof(line), file)) {
		pid = owner_of(line, &event);
		if (pid <= 0 || !(pid == group || (group == 0 && is_dead(pid))))
			continue;
		one = remove_event(events, event);
		*removed |= !one;
		err = one ? -EBUSY : err;
	}
	fclose(file);
	return err;
}

/* Removes the events of tracers that are dead; all of group when it is not 0. 0 or negative errno. */
static int sweep(int events, pid_t group)
{
	bool removed;
	int err;

	do {
		removed = false;
		err = sweep_once(events, group, &removed);
	} while (removed);
	return err;
}

/* Nobody else lets a process go on that was stopped for a record which the dead tracer did not read. The
 * kernel removes a tracer's probes while the tracer dies and a moment after, and until then they stop the
 * process again. */
static void wake(pid_t pid, int tracer)
{
	struct pollfd end = { .fd = tracer, .events = POLLIN };

	for (int tries = 0, after = 0; tries < 600 && after < 10; tries++) {
		kill(pid, SIGCONT);
		if (poll(&end, 1, 50) != 0) {
			after++;
			usleep(50000);
		}
	}
}

/* pipe_end gives a byte when the tracer ends in good order, and its end alone when the tracer is killed. */
static void __attribute__((noreturn)) reap(int pipe_end, int events, pid_t tracer, pid_t stopped)
{
	int self = (int)syscall(SYS_pidfd_open, tracer, 0);
	ssize_t n;
	sigset_t all;
	char byte;

	setsid();
	prctl(PR_SET_NAME, "btrun-reaper");
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	/* Held descriptors would keep a reader of our output waiting. */
	dup2(pipe_end, 0);
	dup2(self, 1);
	dup2(events, 2);
	syscall(SYS_close_range, 3u, ~0u, 0u);
	if (chdir("/"))
		_exit(1);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	privileges_keep(stopped ? CAPABILITY(CAP_KILL) : 0);
	do {
		n = read(0, &byte, 1);
	} while (n < 0 && errno == EINTR);
	if (stopped && n == 0)
		wake(stopped, 1);
	/* The dead tracer's perf events go a moment later. */
	for (int tries = 0; events >= 0 && tries < 200 && sweep(2, tracer); tries++)
		usleep(25000);
	_exit(0);
}

static int start(struct cleanup_child *r, int events, pid_t stopped)
{
	pid_t self = getpid();
	int ends[2];

	if (r->pid)
		return 0;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	r->pid = fork();
	if (r->pid == 0) {
		close(ends[1]);
		reap(ends[0], events, self, stopped);
	}
	close(ends[0]);
	r->pipe = ends[1];
	if (r->pid > 0)
		return 0;
	r->pid = 0;
	close(ends[1]);
	return -EAGAIN;
}

void cleanup_sweep_dead(struct tracer *t)
{
	struct str tracefs;
	int events;

	if (kernel_tracefs(t->runtime.kernel, &tracefs))
		return;
	events = open(str_format(t->runtime.arena, "%.*s/kprobe_events", STR_ARG(tracefs)).p,
	    O_RDWR | O_APPEND | O_CLOEXEC);
	if (events < 0)
		return;
	sweep(events, 0);
	close(events);
}

int cleanup_child_start(struct tracer *t)
{
	return start(&t->attachment.events_cleanup, t->attachment.events_fd, 0);
}

int cleanup_child_start_waking(struct tracer *t, pid_t stopped)
{
	return start(&t->attachment.wake_cleanup, -1, stopped);
}

static void end(struct cleanup_child *r)
{
	if (!r->pid)
		return;
	/* fails where somebody has killed it */
	if (write(r->pipe, "", 1) < 0)
		errno = 0;
	close(r->pipe);
	while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
		;
	r->pid = 0;
}

void cleanup_child_end(struct tracer *t)
{
	end(&t->attachment.events_cleanup);
	end(&t->attachment.wake_cleanup);
}
