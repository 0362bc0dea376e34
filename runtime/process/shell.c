#include "runtime/process/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"
#include "language/options.h"
#include "runtime/print/output.h"
#include "runtime/process/signals.h"

extern char **environ;

static void copy(int fd, FILE *out, size_t limit)
{
	char part[4096];
	ssize_t n;

	while (limit && (n = read(fd, part, limit < sizeof(part) ? limit : sizeof(part))) > 0) {
		fwrite(part, 1, (size_t)n, out);
		limit -= (size_t)n;
	}
}

/* Copies what the command prints until it ends or, while there is something to trace, somebody wants that to
 * end. False: it has not ended. */
static bool copy_until_end(struct runtime *r, int fd, FILE *out)
{
	struct pollfd ready[2] = { { .fd = fd, .events = POLLIN },
		{ .fd = r->finishing ? -1 : signals_ending_fd(), .events = POLLIN } };
	char part[4096];
	ssize_t n = 1;

	while (n > 0) {
		if (poll(ready, 2, -1) < 0 && errno == EINTR)
			continue;
		if (ready[1].revents && !ready[0].revents)
			return false;
		n = read(fd, part, sizeof(part));
		if (n > 0)
			fwrite(part, 1, (size_t)n, out);
	}
	return true;
}

#define LEAVE_MS 500 /* that a command has from SIGTERM to SIGKILL */

static void end_command(pid_t pid, const char *command)
{
	struct timespec moment = { .tv_nsec = 10000000 };
	int status, left = LEAVE_MS / 10;

	kill(pid, SIGTERM);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (left-- == 0)
			kill(pid, SIGKILL);
		nanosleep(&moment, NULL);
	}
	message("system: the command was ended before its end, as tracing was: %s", command);
}

void shell_cat(struct runtime *r, const char *path)
{
	uint64_t began = clock_ns();
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		message("cat: %s: %s", path, strerror(errno));
		return;
	}
	copy(fd, output_begin(r->out), r->cat_bytes ? r->cat_bytes : OPTION_USUAL_cat_bytes);
	output_end(r->out, "cat");
	close(fd);
	r->shell_ns += clock_ns() - began;
}

/* Our signals are blocked; the command's are as usual. */
static int start_shell(const char *command, int out, pid_t *pid)
{
	char *argv[] = { "sh", "-c", (char *)command, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, defaults;
	int err;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	err = posix_spawn(pid, "/bin/sh", &files, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return -err;
}

void shell_system(struct runtime *r, const char *command)
{
	uint64_t began = clock_ns();
	int ends[2], err, status;
	bool ended;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC)) {
		message("system: %s", strerror(errno));
		return;
	}
	err = start_shell(command, ends[1], &pid);
	close(ends[1]);
	if (err) {
		message("system: %s", strerror(-err));
	} else {
		ended = copy_until_end(r, ends[0], output_begin(r->out));
		output_end(r->out, "syscall");
		if (!ended)
			end_command(pid, command);
		while (ended && waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	close(ends[0]);
	r->shell_ns += clock_ns() - began;
}
