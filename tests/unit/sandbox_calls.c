/* What a process that has shut itself in can still do: each attempt in a child of its own. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/privileges.h"
#include "sandbox/sandbox.h"
#include "tests/unit/test.h"

static int inherited; /* a connected socket from before */
static pid_t tester;
static char folder[] = "/tmp/btrun-sandbox-XXXXXX";
static char inside[64], outside[] = "/etc/passwd";

static long try_open(void)
{
	return open(outside, O_RDONLY);
}

static long try_create(void)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/new", folder);
	return open(path, O_WRONLY | O_CREAT, 0600);
}

static long try_unlink(void)
{
	return unlink(inside);
}

static long try_proc(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)tester);
	return open(path, O_RDONLY);
}

static long try_stat(void)
{
	return access(outside, R_OK);
}

static long try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static long try_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long try_connect(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "/run/systemd/notify" };

	return connect(inherited, (struct sockaddr *)&to, sizeof(to));
}

static long try_ptrace(void)
{
	return ptrace(PTRACE_SEIZE, 1, NULL, NULL);
}

static long try_kill(void)
{
	return kill(1, 0);
}

static long try_kill_itself(void)
{
	return kill(0, 0);
}

static long try_fork(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long try_execve(void)
{
	char *argv[] = { "true", NULL };

	return execve("/bin/true", argv, argv + 1);
}

static long try_execveat(void)
{
	char *argv[] = { "", NULL };

	return syscall(SYS_execveat, inherited, "", argv, argv + 1, AT_EMPTY_PATH);
}

static long try_readv(void)
{
	char bytes[8];
	struct iovec to = { bytes, sizeof(bytes) }, from = to;

	return process_vm_readv(1, &to, 1, &from, 1, 0);
}

static long try_writev(void)
{
	char bytes[8] = "";
	struct iovec to = { bytes, sizeof(bytes) }, from = to;

	return process_vm_writev(1, &to, 1, &from, 1, 0);
}

static long try_mount(void)
{
	return mount("none", "/", "tmpfs", 0, NULL);
}

static long try_unshare(void)
{
	return unshare(CLONE_NEWUSER);
}

static long try_bpf(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
	};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static long try_perf_event_open(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .exclude_kernel = 1
	};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static long try_memfd(void)
{
	return memfd_create("x", 0);
}

static long try_setuid(void)
{
	return setresuid(0, 0, 0);
}

static long try_limit(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	return syscall(SYS_prlimit64, 0, RLIMIT_AS, &all, NULL);
}

static long try_prctl(void)
{
	return syscall(SYS_prctl, 4 /* PR_SET_DUMPABLE */, 1, 0, 0, 0);
}

static long try_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1
													 : 0;
}

static long try_keyring(void)
{
	return syscall(SYS_keyctl, 0, 0, 0, 0, 0);
}

static long try_io_uring(void)
{
	char parameters[120] = "";

	return syscall(425 /* io_uring_setup */, 1, parameters);
}

static long may_memory(void)
{
	char *p = malloc(8 << 20);

	if (p)
		memset(p, 1, 8 << 20);
	free(p);
	return p ? 0 : -1;
}

static long may_write(void)
{
	return write(STDOUT_FILENO, "", 0) + write(STDERR_FILENO, "", 0);
}

static long may_send(void)
{
	struct iovec part = { "x", 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	return sendmsg(inherited, &message, 0);
}

static long may_read_beneath(void)
{
	return open(inside, O_RDONLY);
}

enum { ENDED = -1 }; /* with the message, which names the call */

/* errno of the compiler (ENDED: none, it is dead) and of those that read files */
static const struct attempt {
	const char *name;
	long (*attempt)(void);
	long call;
	int compiler, reader;
} attempts[] = {
	{ "open", try_open, SYS_openat, EACCES, EACCES },
	{ "create", try_create, SYS_openat, EACCES, EPERM },
	{ "unlink", try_unlink, SYS_unlink, ENDED, EPERM },
	{ "another's memory", try_proc, SYS_openat, EACCES, EACCES },
	{ "access", try_stat, SYS_access, EACCES, 0 },
	{ "socket", try_socket, SYS_socket, ENDED, EPERM },
	{ "Unix socket", try_unix_socket, SYS_socket, ENDED, EPERM },
	{ "connect", try_connect, SYS_connect, ENDED, EPERM },
	{ "ptrace", try_ptrace, SYS_ptrace, ENDED, EPERM },
	{ "kill", try_kill, SYS_kill, ENDED, EPERM },
	{ "kill itself", try_kill_itself, SYS_kill, ENDED, EPERM },
	{ "fork", try_fork, SYS_clone, ENDED, EPERM },
	{ "execve", try_execve, SYS_execve, ENDED, EPERM },
	{ "execveat", try_execveat, SYS_execveat, ENDED, EPERM },
	{ "process_vm_readv", try_readv, SYS_process_vm_readv, ENDED, EPERM },
	{ "process_vm_writev", try_writev, SYS_process_vm_writev, ENDED, EPERM },
	{ "mount", try_mount, SYS_mount, ENDED, EPERM },
	{ "unshare", try_unshare, SYS_unshare, ENDED, EPERM },
	{ "bpf", try_bpf, SYS_bpf, ENDED, EPERM },
	{ "perf_event_open", try_perf_event_open, SYS_perf_event_open, ENDED, EPERM },
	{ "memfd_create", try_memfd, SYS_memfd_create, ENDED, EPERM },
	{ "setresuid", try_setuid, SYS_setresuid, ENDED, EPERM },
	{ "setrlimit", try_limit, SYS_prlimit64, ENDED, EPERM },
	{ "prctl", try_prctl, SYS_prctl, ENDED, EPERM },
	{ "memory as code", try_code, SYS_mmap, ENDED, EPERM },
	{ "keyctl", try_keyring, SYS_keyctl, ENDED, EPERM },
	{ "io_uring_setup", try_io_uring, 425, ENDED, EPERM },
	{ "memory", may_memory, 0, 0, 0 },
	{ "write", may_write, 0, 0, 0 },
	{ "send", may_send, 0, 0, EPERM },
	{ "read beneath", may_read_beneath, 0, EACCES, 0 },
};

/* The child's message; its exit status is the errno, or how the sandbox ends it. */
static int outcome(enum sandbox_kind kind, const struct attempt *a, char *text, size_t room)
{
	const char *readable[] = { folder, "/no/such/folder", NULL };
	int ends[2], status;
	ssize_t n;

	if (pipe(ends))
		return -1;
	fflush(NULL);
	pid_t pid = sandbox_fork();
	if (pid == 0) {
		dup2(ends[1], STDERR_FILENO);
		sandbox_enter(kind, kind == SANDBOX_COMPILER ? NULL : readable);
		errno = 0;
		_exit(a->attempt() >= 0 ? 0 : errno);
	}
	close(ends[1]);
	n = read(ends[0], text, room - 1);
	text[n > 0 ? n : 0] = '\0';
	close(ends[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void attempt(enum sandbox_kind kind, const struct attempt *a, int want)
{
	char text[512], call[64];
	int got = outcome(kind, a, text, sizeof(text));

	if (want == ENDED)
		want = SANDBOX_STATUS_VIOLATION;
	TEST_RESULT_(got == want, "kind %d, %s: status %d, not %d: %s", kind, a->name, got, want, text);
	if (want != SANDBOX_STATUS_VIOLATION)
		return;
	snprintf(call, sizeof(call), "may not, system call %ld:", a->call);
	TEST_RESULT_(strstr(text, call), "%s: no \"%s\" in \"%s\"", a->name, call, text);
}

/* Is Landlock in force? Without it those that read can read all that nobody can. */
static bool has_landlock(void)
{
	return syscall(444, NULL, 0, 1) > 0;
}

static void each_attempt(void)
{
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		const struct attempt *a = &attempts[i];
		bool opens = a->attempt == try_open || a->attempt == try_proc;

		attempt(SANDBOX_COMPILER, a, a->compiler);
		if (opens && !has_landlock())
			continue;
		attempt(SANDBOX_HEADERS, a, a->reader);
		attempt(SANDBOX_DWARF, a, a->reader);
	}
}

/* /proc/PID/status of a process that has entered. */
static void status_line(const char *status, const char *name, const char *want)
{
	const char *line = strstr(status, name);

	TEST_RESULT_(line && strncmp(line + strlen(name), want, strlen(want)) == 0, "%s%.40s is not %s", name,
	    line ? line + strlen(name) : "", want);
}

static void seen_from_outside(void)
{
	int gate[2], entered[2];
	char path[64], status[8192], byte;
	pid_t pid;

	CHECK_INT(pipe(gate) | pipe(entered), 0);
	pid = sandbox_fork();
	if (pid == 0) {
		close(gate[1]);
		sandbox_enter(SANDBOX_COMPILER, NULL);
		_exit(write(entered[1], "", 1) != 1 || read(gate[0], &byte, 1) != 0);
	}
	close(entered[1]);
	CHECK_INT(read(entered[0], &byte, 1), 1);
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, status, sizeof(status) - 1);
	status[n > 0 ? n : 0] = '\0';
	close(fd);
	for (const char *const *set =
		 (const char *const[]){ "CapInh:", "CapPrm:", "CapEff:", "CapAmb:", NULL };
	     *set; set++)
		status_line(status, *set, "\t0000000000000000\n");
	if (geteuid() == 0) {
		status_line(status, "CapBnd:", "\t0000000000000000\n");
		status_line(status, "\nUid:", "\t65534\t65534\t65534\t65534\n");
		status_line(status, "\nGid:", "\t65534\t65534\t65534\t65534\n");
		status_line(status, "\nGroups:", "\t \n");
	}
	status_line(status, "NoNewPrivs:", "\t1\n");
	status_line(status, "\nSeccomp:", "\t2\n");
	close(gate[1]);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	close(gate[0]);
	close(entered[0]);
}

/* The first of a PID namespace is deaf to most signals. */
static void alarm_is_heard(void)
{
	char byte;
	int status;
	pid_t pid = sandbox_fork();

	if (pid == 0) {
		alarm(1);
		sandbox_enter(SANDBOX_HEADERS, NULL);
		_exit((int)read(inherited, &byte, 1));
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), SANDBOX_STATUS_ALARM);
}

/* As assert() does it. */
static void abort_is_told(void)
{
	int status;
	pid_t pid = sandbox_fork();

	if (pid == 0) {
		sandbox_enter(SANDBOX_COMPILER, NULL);
		abort();
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), SANDBOX_STATUS_ABORTED);
}

int main(void)
{
	int pair[2], fd;

	if (!sandbox_is_strict()) {
		puts("0 passed, 0 failed, 1 skipped");
		return 0;
	}
	tester = getpid();
	CHECK_INT(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	inherited = pair[0];
	CHECK(mkdtemp(folder));
	snprintf(inside, sizeof(inside), "%s/inside", folder);
	fd = open(inside, O_WRONLY | O_CREAT, 0600);
	CHECK(fd >= 0 && close(fd) == 0);
	each_attempt();
	seen_from_outside();
	alarm_is_heard();
	abort_is_told();
	CHECK_INT(unlink(inside), 0);
	CHECK_INT(rmdir(folder), 0);
	return test_end();
}
