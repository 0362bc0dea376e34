#include "cli/compile.h"
#include "cli/facts.h"
#include "cli/helper.h"
#include "cli/memory.h"
#include "cli/option_places.h"
#include "kernel/features.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/message.h"
#include "base/shortage.h"

#define LIMIT_SECONDS 120 /* far above what the largest script takes */

enum passed { /* the descriptors that the compiler is born with */
	FD_SCRIPT = 3,
	FD_IMAGE,
	FD_KERNEL,
	FDS_END,
};

/* First out of the way, so that none is overwritten before it is moved. */
static int place_descriptors(const int fds[3])
{
	int high[3];

	for (int i = 0; i < 3; i++)
		if ((high[i] = fcntl(fds[i], F_DUPFD, FDS_END)) < 0)
			return -errno;
	for (int i = 0; i < 3; i++)
		if (dup2(high[i], FD_SCRIPT + i) < 0)
			return -errno;
	syscall(SYS_close_range, (unsigned)FDS_END, ~0u, 0u);
	return 0;
}

static const struct compile_listener nobody = { STDERR_FILENO, NULL };

struct job {
	const struct source *source;
	const struct options *options;
	const char *stage; /* of -d, or NULL */
	int out;           /* where that is written */
	struct compile_listener listener;
	bool one_kind;
};

static void __attribute__((noreturn))
compiler_child(const char *path, char **argv, const int fds[3], const struct job *job)
{
	int err;

	/* Our end of the socket tells it that we have gone; the rest it does itself: sandbox_enter(). */
	if (dup2(job->out, STDOUT_FILENO) >= 0 && dup2(job->listener.messages, STDERR_FILENO) >= 0 &&
	    place_descriptors(fds) == 0)
		execv(path, argv);
	err = errno;
	message("cannot run the compiler %s: %s", path, strerror(err));
	shortage_hint(err);
	_exit(126);
}

static int serve(struct kernel *k, int socket, pid_t pid)
{
	struct pollfd p = { .fd = socket, .events = POLLIN };
	time_t end = time(NULL) + LIMIT_SECONDS;

	for (;;) {
		time_t now = time(NULL);
		int n = now >= end ? 0 : poll(&p, 1, (int)(end - now) * 1000);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			kill(pid, SIGKILL);
			return -ETIMEDOUT;
		}
		if (kernel_serve(k, socket) <= 0)
			return 0;
	}
}

/* 0: it ended by itself. */
static int ending_signal(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status) == SANDBOX_STATUS_ABORTED ? SIGABRT : 0;
	return WTERMSIG(status);
}

static int conclude(pid_t pid, int served)
{
	int status, signal;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	signal = ending_signal(status);
	if (served == -ETIMEDOUT)
		message("the compiler was ended: it had not finished after %d seconds", LIMIT_SECONDS);
	else if (signal && signal != SIGPIPE) /* nobody reads what -d shows */
		message("the compiler crashed (%s): this is a defect of btrun; nothing was attached",
		    strsignal(signal));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EINVAL;
}

/* The options of the rows that are for the compiler; NULL for argv only counts their words. */
static int row_arguments(struct arena *a, const struct options *o, char **argv, int n)
{
	for (enum option_id id = 0; id < OPTIONS_; id++) {
		const struct option_row *row = &option_rows[id];

		if (row->need == OPTION_FOR_COMPILER || row->need == OPTION_FOR_BOTH)
			n = option_arguments(a, row, options_place((struct options *)o, id), argv, n);
	}
	return n;
}

static int arguments(struct arena *a, const struct job *job, char **argv)
{
	const struct options *o = job->options;
	int n = 0;

	argv[n++] = "btrun-compile";
	argv[n++] = "--name";
	argv[n++] = (char *)job->source->name.p;
	argv[n++] = "--script-fd";
	argv[n++] = "3";
	argv[n++] = "--image-fd";
	argv[n++] = "4";
	argv[n++] = "--kernel-fd";
	argv[n++] = "5";
	if (job->stage) {
		argv[n++] = "--dump";
		argv[n++] = (char *)job->stage;
	}
	if (job->options->aot || job->options->emit)
		argv[n++] = "--open-parameters";
	if (job->one_kind)
		argv[n++] = "--one-kind";
	if (o->emit || o->aot || o->btf)
		argv[n++] = "--portable";
	return row_arguments(a, o, argv, n);
}

/* NULL-terminated, with what the options say and the script's parameters. */
static char **command_line(struct arena *a, struct kernel *k, const struct job *job)
{
	const struct options *o = job->options;
	struct str release;
	size_t params = 0;
	char **argv;
	int n;

	while (o->params[params])
		params++;
	argv = arena_many(a, char *, params + (size_t)row_arguments(a, o, NULL, 0) + 21);
	n = arguments(a, job, argv);
	if (o->btf)
		release = str_format(a, "of %s", o->btf);
	if (o->btf || features_release(k, a, &release) == 0) {
		argv[n++] = "--kernel-release";
		argv[n++] = (char *)str_copy(a, release.p, release.n).p;
	}
	if (!o->btf) {
		argv[n++] = "--kernel-id";
		argv[n++] = (char *)features_kernel_id(k, a).p;
	}
	argv[n++] = "--";
	memcpy(argv + n, o->params, params * sizeof(*argv));
	return argv;
}

static int run(struct kernel *k, const char *path, char **argv, int fds[3], const struct job *job, int socket)
{
	pid_t pid;
	int served;

	fflush(NULL);
	pid = sandbox_fork();
	if (pid == 0)
		compiler_child(path, argv, fds, job);
	close(fds[2]);
	if (pid < 0)
		return -errno;
	served = serve(k, socket, pid);
	/* Whoever waits for an answer sees the end. */
	close(socket);
	return conclude(pid, served);
}

static int run_compiler(struct kernel *k, const struct job *job, int *image)
{
	struct arena *a = arena_new();
	struct facts facts = { job->options, job->source, job->listener.watcher };
	int sockets[2], fds[3], err = -EINVAL;
	char path[PATH_MAX + 16];

	*image = -1;
	if (!helper_path("btrun-compile", path, sizeof(path))) {
		message_error("a script needs btrun's compiler, which is neither beside btrun nor %s", path);
		message_hint("it is in the package btrun; btrun-runtime alone runs images, which --aot and "
			     "--emit-elf write where the compiler is");
		goto out;
	}
	fds[0] = memory_file("script", job->source->text);
	fds[1] = memory_file("image", STR(""));
	if (fds[0] < 0 || fds[1] < 0 || lseek(fds[0], 0, SEEK_SET) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets)) {
		err = -errno;
		message("cannot start the compiler: %s", strerror(-err));
		shortage_hint(err);
		goto out;
	}
	fds[2] = sockets[1];
	kernel_watch(k, job->listener.watcher ? watcher_take : NULL, job->listener.watcher);
	kernel_use(k, KERNEL_HEADER, facts_header, &facts);
	kernel_use(k, KERNEL_PARAMETERS, facts_parameters, &facts);
	kernel_use(k, KERNEL_SYMBOLS, facts_symbols, &facts);
	kernel_use(k, KERNEL_USDT, facts_usdt, &facts);
	kernel_use(k, KERNEL_VARIABLE, facts_variable, &facts);
	err = run(k, path, command_line(a, k, job), fds, job, sockets[0]);
	close(fds[0]);
	if (err || job->stage)
		close(fds[1]);
	else
		*image = fds[1];
out:
	arena_free(a);
	return err;
}

char **compile_arguments(
    struct arena *a, struct kernel *k, const struct source *source, const struct options *o, bool one_kind)
{
	struct job job = { .source = source, .options = o, .one_kind = one_kind };

	return command_line(a, k, &job);
}

int compile_script(struct kernel *k, const struct source *source, const struct options *o, bool one_kind,
    const struct compile_listener *listener, int *image)
{
	struct job job = { source, o, NULL, STDOUT_FILENO, listener ? *listener : nobody, one_kind };

	return run_compiler(k, &job, image);
}

int compile_show(
    struct kernel *k, const struct source *source, const struct options *o, const char *stage, int out)
{
	struct job job = { source, o, stage, out, nobody, false };
	int image;

	return run_compiler(k, &job, &image);
}
