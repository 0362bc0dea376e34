#include "kernel/btf.h"
#include "tests/unit/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROOT "tests/fixtures/kernel"

static unsigned open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* The child serves until we close our end; its exit status says whether all requests were fair. */
static pid_t serve(int ours, int theirs)
{
	pid_t child = fork();

	if (child)
		return child;
	struct kernel *host = kernel_host(ROOT);
	int got;

	close(ours);
	while ((got = kernel_serve(host, theirs)) > 0)
		;
	kernel_free(host);
	_exit(got == 0 ? 0 : 1);
}

static void through_socket(struct kernel *k, struct arena *a)
{
	struct tracepoint_format format;
	struct kernel_btf *btf;
	struct str text, path;

	CHECK_INT(kernel_read(k, a, KERNEL_TRACEPOINT_FORMAT, STR("sched/sched_switch"), &text), 0);
	CHECK(str_starts(text, "name: sched_switch\n"));
	CHECK_INT(kernel_read(k, a, KERNEL_TRACEPOINT_FORMAT, STR("sched/nothing"), &text), -ENOENT);
	CHECK_INT(kernel_read(k, a, KERNEL_TRACEPOINT_FORMAT, STR("sched"), &text), -EINVAL);
	CHECK_INT(kernel_read(k, a, KERNEL_BTF, STR("../../../proc/kallsyms"), &text), -EINVAL);
	CHECK_INT(kernel_read(k, a, KERNEL_KALLSYMS, (struct str){ 0 }, &text), 0);
	CHECK_INT(kernel_btf_new(k, STR("vmlinux"), &btf), 0);
	CHECK(btf_find(btf, BTF_SHAPE_STRUCT, STR("sock")) > 0);
	kernel_btf_free(btf);
	CHECK_INT(tracepoint_format(k, a, STR("syscalls"), STR("sys_exit_openat"), &format), 0);
	CHECK_INT(kernel_tracefs(k, &path), -EINVAL);
	int fd = kernel_open(k, KERNEL_FUNCTIONS, STR(""));
	CHECK(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC));
	CHECK_INT(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	close(fd);
}

static void fair(struct arena *a)
{
	int pair[2], status;

	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pid_t child = serve(pair[0], pair[1]);
	close(pair[1]);
	struct kernel *k = kernel_client(pair[0]);
	unsigned before = open_descriptors();

	through_socket(k, a);
	CHECK_INT(open_descriptors(), before);
	kernel_free(k);
	close(pair[0]);
	waitpid(child, &status, 0);
	CHECK_INT(status, 0);
}

static struct {
	const char *what;
	uint32_t fact;
	const char *name;
	size_t n;
} const hostile[] = {
	{ "no such fact", KERNEL_FACTS_, "", 0 },
	{ "negative fact", 0xffffffff, "", 0 },
	{ "BTF without a name", KERNEL_BTF, "", 0 },
	{ "up", KERNEL_BTF, "..", 2 },
	{ "elsewhere", KERNEL_BTF, "../../../etc/shadow", 19 },
	{ "NUL", KERNEL_BTF, "vmlinux\0x", 9 },
	{ "only NUL", KERNEL_BTF, "\0", 1 },
	{ "newline", KERNEL_BTF, "vmlinux\n", 8 },
	{ "three parts", KERNEL_TRACEPOINT_FORMAT, "a/b/c", 5 },
	{ "one part", KERNEL_TRACEPOINT_FORMAT, "sched", 5 },
	{ "empty event", KERNEL_TRACEPOINT_FORMAT, "sched/", 6 },
	{ "absolute", KERNEL_TRACEPOINT_FORMAT, "/etc", 4 },
	{ "dots", KERNEL_TRACEPOINT_FORMAT, "sched/..", 8 },
	{ "name where none belongs", KERNEL_KALLSYMS, "x", 1 },
	{ "format", KERNEL_BTF, "%n%n", 4 },
};

static void refuse_each(struct kernel *host)
{
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		char packet[256];
		int pair[2];
		int32_t answer = 0;

		CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
		memcpy(packet, &hostile[i].fact, 4);
		memcpy(packet + 4, hostile[i].name, hostile[i].n);
		CHECK(send(pair[0], packet, 4 + hostile[i].n, 0) > 0);
		TEST_RESULT_(kernel_serve(host, pair[1]) == -EPROTO, "served: %s", hostile[i].what);
		CHECK_INT(recv(pair[0], &answer, sizeof(answer), 0), 4);
		CHECK_INT(answer, -EINVAL);
		close(pair[0]);
		close(pair[1]);
	}
}

static void bad_packet(struct kernel *host, size_t size, int want)
{
	char packet[8192] = { 0 };
	int pair[2];

	memset(packet + 4, 'a', sizeof(packet) - 4);
	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	CHECK(send(pair[0], packet, size, 0) >= 0);
	TEST_RESULT_(kernel_serve(host, pair[1]) == want, "packet of %zu", size);
	close(pair[0]);
	close(pair[1]);
}

/* A peer that pushes descriptors at us must not fill our table. */
static void descriptors(struct kernel *host)
{
	int pair[2];
	uint32_t fact = KERNEL_KALLSYMS;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { &fact, sizeof(fact) };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &pair[0], sizeof(int));
	unsigned before = open_descriptors();
	CHECK(sendmsg(pair[0], &message, 0) > 0);
	CHECK_INT(kernel_serve(host, pair[1]), -EPROTO);
	CHECK_INT(open_descriptors(), before);
	close(pair[0]);
	close(pair[1]);
}

static void gone(struct kernel *host)
{
	int pair[2];
	uint32_t fact = KERNEL_KALLSYMS;

	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	close(pair[0]);
	CHECK_INT(kernel_serve(host, pair[1]), 0);
	close(pair[1]);
	/* Asked, and did not wait for the answer: no SIGPIPE. */
	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	CHECK(send(pair[0], &fact, sizeof(fact), 0) > 0);
	close(pair[0]);
	CHECK_INT(kernel_serve(host, pair[1]), 0);
	close(pair[1]);
}

static void server_dies(void)
{
	int pair[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	close(pair[1]);
	struct kernel *k = kernel_client(pair[0]);
	CHECK_INT(kernel_open(k, KERNEL_KALLSYMS, STR("")), -EPIPE);
	kernel_free(k);
	close(pair[0]);
}

int main(void)
{
	struct arena *a = arena_new();
	struct kernel *host = kernel_host(ROOT);

	fair(a);
	refuse_each(host);
	bad_packet(host, 3, -EPROTO);
	bad_packet(host, 8192, -EPROTO);
	bad_packet(host, 4 + 4097, -EPROTO);
	bad_packet(host, 4 + 4096, 1);
	descriptors(host);
	gone(host);
	server_dies();
	kernel_free(host);
	arena_free(a);
	return test_end();
}
