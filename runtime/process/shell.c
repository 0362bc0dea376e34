#include "runtime/process/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"
#include "language/options.h"
#include "runtime/print/output.h"

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
		copy(ends[0], output_begin(r->out), SIZE_MAX);
		output_end(r->out, "syscall");
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	close(ends[0]);
	r->shell_ns += clock_ns() - began;
}
