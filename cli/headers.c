#include "cli/headers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/compile.h"

#define LIMIT_SECONDS 60 /* far above what the largest headers take */

static bool is_named(const struct headers *h, struct str name)
{
	for (size_t i = 0; i < h->options->includes.n; i++)
		if (str_is(name, h->options->includes.v[i]))
			return true;
	return name.n && memmem(h->source->text.p, h->source->text.n, name.p, name.n);
}

/* -I of the command line, then the folder of the script. */
static char **arguments(struct arena *a, const struct headers *h, struct str name)
{
	const char *file = h->options->file, *slash = file ? strrchr(file, '/') : NULL;
	char **argv = arena_many(a, char *, h->options->folders.n + 4);
	int n = 0;

	argv[n++] = "btrun-headers";
	for (size_t i = 0; i < h->options->folders.n; i++)
		argv[n++] = (char *)str_format(a, "-I%s", h->options->folders.v[i]).p;
	argv[n++] = (char *)(slash ? str_format(a, "-I%.*s/", (int)(slash - file), file).p : "-I.");
	argv[n++] = (char *)str_copy(a, name.p, name.n).p;
	return argv;
}

static int run(const char *path, char **argv, int out)
{
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		/* The alarm outlives the exec: whatever the headers are, this ends. */
		alarm(LIMIT_SECONDS);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (dup2(out, STDOUT_FILENO) >= 0)
			execv(path, argv);
		_exit(126);
	}
	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		fprintf(stderr,
		    "btrun: reading the headers was ended: it had not finished after %d seconds\n",
		    LIMIT_SECONDS);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EBADMSG;
}

int headers_open(void *context, struct str name)
{
	const struct headers *h = context;
	struct arena *a;
	char path[4096 + 32];
	int fd, err;

	if (!is_named(h, name))
		return -EPERM;
	if (!compile_program("btrun-headers", path, sizeof(path)))
		return -ENOENT;
	fd = memfd_create("header", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	a = arena_new();
	err = run(path, arguments(a, h, name), fd);
	arena_free(a);
	if (err || lseek(fd, 0, SEEK_SET)) {
		close(fd);
		return err ? err : -EIO;
	}
	return fd;
}
