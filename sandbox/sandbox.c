#include "sandbox/sandbox.h"

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/private.h"
#include "sandbox/privileges.h"

bool sandbox_is_strict(void)
{
	return !SANITIZED && filter_is_possible();
}

/* One has to be born into a PID namespace. The child executes a program soon, so what libc believes to know
 * of it does not matter. */
pid_t sandbox_fork(void)
{
	struct clone_args args = { .flags = CLONE_NEWPID, .exit_signal = SIGCHLD };
	pid_t pid = SANITIZED ? -1 : (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	return pid < 0 ? fork() : pid;
}

/* The namespaces of mounts and of the network stay: they take the kernel as long as all the rest, and under
 * the filter there is nothing to be had from either. Who is not root owns a user namespace, in which chroot()
 * is permitted. */
static void leave_namespaces(void)
{
	int wanted = CLONE_NEWIPC | CLONE_NEWUTS;

	if (!filter_is_possible())
		wanted |= CLONE_NEWNET | CLONE_NEWNS;
	if (unshare(wanted))
		unshare(wanted | CLONE_NEWUSER);
}

/* The root becomes a folder that has nothing in it but numbers, and is gone with the process. */
static void leave_files(void)
{
	if (!SANITIZED && chroot("/proc/self/fdinfo") == 0 && chdir("/"))
		_exit(1);
}

static void bound(int resource, rlim_t most)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) || limit.rlim_max <= most)
		return;
	limit.rlim_max = most;
	if (limit.rlim_cur > most)
		limit.rlim_cur = most;
	setrlimit(resource, &limit);
}

#define MB (1ull << 20)

static void bound_resources(enum sandbox_kind kind)
{
	bound(RLIMIT_CORE, 0);
	bound(RLIMIT_CPU, 120); /* far above what the largest script takes */
	bound(RLIMIT_FSIZE, 1024 * MB);
	bound(RLIMIT_NOFILE, 256);
	if (!SANITIZED) /* whose shadow is larger than any machine */
		bound(RLIMIT_AS, 8192 * MB);
	if (kind == SANDBOX_COMPILER && !SANITIZED)
		bound(RLIMIT_NPROC, 0);
}

/* Of a folder that is root's alone, or the user's, nobody could read nothing: that one capability stays where
 * files are read, and Landlock says which they are. */
static uint64_t kept(enum sandbox_kind kind)
{
	return kind == SANDBOX_COMPILER ? 0 : CAPABILITY(CAP_DAC_READ_SEARCH);
}

static void __attribute__((noreturn)) alarmed(int number)
{
	_exit(SANDBOX_STATUS_ALARM);
}

void sandbox_enter(enum sandbox_kind kind, const char *const *readable)
{
	int rules = SANITIZED ? -1 : landlock_prepare(readable); /* the leak checker reads /proc */

	leave_namespaces();
	if (!readable)
		leave_files();
	privileges_become_nobody(kept(kind));
	/* Due after the change of the user, which takes it back; by then our parent may have gone. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	signal(SIGALRM, alarmed);
	bound_resources(kind);
	landlock_enter(rules);
	filter_enter(kind);
}
