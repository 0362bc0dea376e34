#include "cli/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/message.h"
#include "sandbox/sandbox.h"

#define LIMIT_SECONDS 60 /* far above what the largest file takes */

#ifndef BTRUN_LIBEXEC
#define BTRUN_LIBEXEC "/usr/libexec/btrun"
#endif
#define RELATIVE "../libexec/btrun" /* from the folder of btrun */

bool helper_path(const char *name, char *path, size_t room)
{
	ssize_t n = readlink("/proc/self/exe", path, room - strlen(name) - 1);
	char *slash;

	if (n > 0) {
		path[n] = '\0';
		slash = strrchr(path, '/');
		strcpy(slash ? slash + 1 : path, name);
		if (access(path, X_OK) == 0)
			return true;
		/* Wherever the whole has been installed. */
		snprintf(slash ? slash + 1 : path, room - (size_t)(slash ? slash + 1 - path : 0), "%s/%s",
		    RELATIVE, name);
		if (access(path, X_OK) == 0)
			return true;
	}
	snprintf(path, room, "%s/%s", BTRUN_LIBEXEC, name);
	return access(path, X_OK) == 0;
}

static void __attribute__((noreturn)) helper_child(const char *path, char **argv, int in, int out)
{
	int from = in >= 0 ? in : open("/dev/null", O_RDONLY | O_CLOEXEC);

	/* The alarm outlives the exec: whatever the files are, this ends. */
	alarm(LIMIT_SECONDS);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (from >= 0 && dup2(from, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
		execv(path, argv);
	_exit(126);
}

int helper_run(char **argv, int in, int out)
{
	char path[PATH_MAX + 32];
	int status;
	pid_t pid;

	if (!helper_path(argv[0], path, sizeof(path)))
		return -ENOENT;
	fflush(NULL);
	pid = sandbox_fork();
	if (pid == 0)
		helper_child(path, argv, in, out);
	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFEXITED(status) && WEXITSTATUS(status) != SANDBOX_STATUS_ALARM)
		return WEXITSTATUS(status);
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGALRM)
		return -EIO;
	message("%s was ended: it had not finished after %d seconds", argv[0], LIMIT_SECONDS);
	return -ETIMEDOUT;
}

int helper_read(char **argv, int in, const int *errors, int n)
{
	int fd = memfd_create(argv[0], MFD_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = helper_run(argv, in, fd);
	if (err > 1 && err < n + 2)
		err = errors[err - 2];
	else if (err > 0)
		err = -EBADMSG;
	if (!err && lseek(fd, 0, SEEK_SET))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}
