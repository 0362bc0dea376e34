/*
 * A TCP server and its client in one process, on loopback, that says what it really
 * accepted so that a test can compare a tracer's lines with it:
 *
 *	listen PORT
 *	waiting N                                    N threads are inside accept()
 *	eagain                                       a nonblocking accept found nothing
 *	accept PID COMM RADDR RPORT LADDR LPORT BL   BL: backlog/maximum of the listener, or -
 *	done N                                       accepts in all
 *
 * First --threads threads block in accept() and take one connection each; after
 * "waiting" a line or end of file on standard input lets the clients connect. Then
 * --queue connections are queued and accepted one by one. Then --fork workers take
 * --each connections each. BL comes from TCP_INFO of the listening socket, the
 * kernel's own answer; where other threads race for it, it is "-".
 *
 * Exit status 0, 1 on an error (named on stderr), 77 when the kernel lacks what was
 * asked for. Never runs longer than two minutes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_S = 120, MAX_LISTENERS = 16, MAX_CLIENTS = 4096, SKIPPED = 77 };

enum how { HOW_ACCEPT, HOW_ACCEPT4, HOW_NONBLOCK, HOW_URING };
static const char *const how_names[] = { "accept", "accept4", "nonblock", "uring" };

struct ring {
	int fd;
	unsigned *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

struct options {
	int threads, queue, forks, each, listeners, backlog;
	enum how how;
	bool v6, dual, netns, close_at_once, reset;
};

static struct options opt = { .each = 1, .listeners = 1, .backlog = 128 };
static int listeners[MAX_LISTENERS], ports[MAX_LISTENERS];
static int clients[MAX_CLIENTS], n_clients;
static struct ring ring;
static pthread_mutex_t count_lock = PTHREAD_MUTEX_INITIALIZER;
static int n_accepted;

static void fail(const char *what)
{
	fprintf(stderr, "vm_server: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* One write a line: threads and workers share the pipe. */
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	char line[256];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (write(STDOUT_FILENO, line, n) != n)
		_exit(1);
}

static void address_text(const struct sockaddr_storage *a, char *text, size_t size, int *port)
{
	const struct sockaddr_in *v4 = (const void *)a;
	const struct sockaddr_in6 *v6 = (const void *)a;
	bool is_v6 = a->ss_family == AF_INET6;
	inet_ntop(
	    a->ss_family, is_v6 ? (const void *)&v6->sin6_addr : (const void *)&v4->sin_addr, text, size);
	*port = ntohs(is_v6 ? v6->sin6_port : v4->sin_port);
}

static socklen_t make_address(struct sockaddr_storage *a, bool v6, int port)
{
	memset(a, 0, sizeof(*a));
	if (v6) {
		struct sockaddr_in6 *in6 = (void *)a;
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		in6->sin6_addr = opt.dual ? in6addr_any : in6addr_loopback;
		return sizeof(*in6);
	}
	struct sockaddr_in *in = (void *)a;
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(*in);
}

static void open_listener(int i)
{
	struct sockaddr_storage a;
	socklen_t size = make_address(&a, opt.v6, 0);
	int nonblock = opt.how == HOW_NONBLOCK ? SOCK_NONBLOCK : 0, off = 0;
	int fd = socket(a.ss_family, SOCK_STREAM | nonblock, 0);
	if (fd < 0)
		fail("socket");
	if (opt.dual && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0)
		fail("IPV6_V6ONLY");
	if (bind(fd, (void *)&a, size) < 0 || listen(fd, opt.backlog) < 0)
		fail("listen");
	if (getsockname(fd, (void *)&a, &size) < 0)
		fail("getsockname");
	char text[INET6_ADDRSTRLEN];
	address_text(&a, text, sizeof(text), &ports[i]);
	listeners[i] = fd;
	say("listen %d\n", ports[i]);
}

static struct tcp_info listener_info(int i)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);
	if (getsockopt(listeners[i], IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
		fail("TCP_INFO");
	return info;
}

static void connect_client(int i)
{
	struct sockaddr_storage a;
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	bool v6 = opt.v6 && !opt.dual;
	socklen_t size = make_address(&a, v6, ports[i]);
	int fd = socket(a.ss_family, SOCK_STREAM, 0);
	if (fd < 0 || n_clients == MAX_CLIENTS)
		fail("client socket");
	if (connect(fd, (void *)&a, size) < 0)
		fail("connect");
	if (opt.reset) {
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		close(fd);
		return;
	}
	clients[n_clients++] = fd;
}

/* The kernel's io_uring by hand: one entry in flight at a time. */
static void ring_open(void)
{
	struct io_uring_params p = { 0 };
	ring.fd = syscall(SYS_io_uring_setup, 4, &p);
	if (ring.fd < 0) {
		say("skip io_uring: %s\n", strerror(errno));
		exit(SKIPPED);
	}
	char *sq = mmap(NULL, p.sq_off.array + p.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd,
	    IORING_OFF_SQ_RING);
	char *cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(*ring.cqes), PROT_READ | PROT_WRITE,
	    MAP_SHARED, ring.fd, IORING_OFF_CQ_RING);
	ring.sqes = mmap(NULL, p.sq_entries * sizeof(*ring.sqes), PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd,
	    IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || ring.sqes == MAP_FAILED)
		fail("io_uring mmap");
	ring.sq_tail = (unsigned *)(sq + p.sq_off.tail);
	ring.sq_mask = (unsigned *)(sq + p.sq_off.ring_mask);
	ring.sq_array = (unsigned *)(sq + p.sq_off.array);
	ring.cq_head = (unsigned *)(cq + p.cq_off.head);
	ring.cq_tail = (unsigned *)(cq + p.cq_off.tail);
	ring.cq_mask = (unsigned *)(cq + p.cq_off.ring_mask);
	ring.cqes = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
}

static void ring_submit_accept(int listener)
{
	unsigned tail = *ring.sq_tail, at = tail & *ring.sq_mask;
	ring.sqes[at] = (struct io_uring_sqe){ .opcode = IORING_OP_ACCEPT, .fd = listener };
	ring.sq_array[at] = at;
	__atomic_store_n(ring.sq_tail, tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring.fd, 1, 0, 0, NULL, 0) != 1)
		fail("io_uring_enter");
}

static int ring_result(void)
{
	unsigned head = *ring.cq_head;
	while (__atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE) == head) {
		if (syscall(SYS_io_uring_enter, ring.fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0 &&
		    errno != EINTR)
			fail("io_uring_enter");
	}
	int result = ring.cqes[head & *ring.cq_mask].res;
	__atomic_store_n(ring.cq_head, head + 1, __ATOMIC_RELEASE);
	if (result < 0) {
		errno = -result;
		return -1;
	}
	return result;
}

static int accept_nonblocking(int listener)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fd >= 0 || errno != EAGAIN)
			return fd;
		say("eagain\n");
		struct pollfd p = { .fd = listener, .events = POLLIN };
		poll(&p, 1, 1000 * LIMIT_S);
	}
}

static int accept_one(int listener)
{
	switch (opt.how) {
	case HOW_ACCEPT:
		return accept(listener, NULL, NULL);
	case HOW_ACCEPT4:
		return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	case HOW_NONBLOCK:
		return accept_nonblocking(listener);
	case HOW_URING:
		ring_submit_accept(listener);
		return ring_result();
	}
	return -1;
}

/* A connection that was reset has no peer any more: what the client was is then "?". */
static void report(int fd, const char *backlog)
{
	struct sockaddr_storage local, remote;
	socklen_t local_size = sizeof(local), remote_size = sizeof(remote);
	char laddr[INET6_ADDRSTRLEN], raddr[INET6_ADDRSTRLEN] = "?", comm[16];
	int lport, rport = 0;
	if (getsockname(fd, (void *)&local, &local_size) < 0)
		fail("getsockname");
	address_text(&local, laddr, sizeof(laddr), &lport);
	if (getpeername(fd, (void *)&remote, &remote_size) == 0)
		address_text(&remote, raddr, sizeof(raddr), &rport);
	prctl(PR_GET_NAME, comm);
	say("accept %d %s %s %d %s %d %s\n", getpid(), comm, raddr, rport, laddr, lport, backlog);
	pthread_mutex_lock(&count_lock);
	n_accepted++;
	pthread_mutex_unlock(&count_lock);
}

/* With --close nothing happens between accept() and close(): that is the case to test. */
static void take(int listener, int index_for_backlog)
{
	char backlog[32] = "-";
	int fd = accept_one(listener);
	if (fd < 0)
		fail("accept");
	if (opt.close_at_once) {
		close(fd);
		say("closed %d\n", getpid());
		n_accepted++;
		return;
	}
	if (index_for_backlog >= 0) {
		struct tcp_info info = listener_info(index_for_backlog);
		snprintf(backlog, sizeof(backlog), "%u/%u", info.tcpi_unacked, info.tcpi_sacked);
	}
	report(fd, backlog);
	close(fd);
}

static int waiting_tids[MAX_CLIENTS];

static void *accept_in_thread(void *arg)
{
	int i = (int)(intptr_t)arg;
	__atomic_store_n(&waiting_tids[i], (int)gettid(), __ATOMIC_RELEASE);
	take(listeners[i % opt.listeners], -1);
	return NULL;
}

/* A thread is inside accept() when /proc names that system call. */
static bool in_accept(int tid)
{
	char path[64], text[16] = "";
	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
	FILE *file = tid ? fopen(path, "re") : NULL;
	if (!file)
		return false;
	bool got = fgets(text, sizeof(text), file) != NULL;
	fclose(file);
	return got && (atoi(text) == SYS_accept || atoi(text) == SYS_accept4);
}

static void wait_until_waiting(void)
{
	for (int i = 0; i < opt.threads; i++) {
		while (!in_accept(__atomic_load_n(&waiting_tids[i], __ATOMIC_ACQUIRE)))
			usleep(1000);
	}
}

static void wait_for_go(void)
{
	char c;
	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		;
}

static void run_threads(void)
{
	pthread_t threads[MAX_CLIENTS];
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (int i = 0; i < opt.threads; i++) {
		if (pthread_create(&threads[i], &attr, accept_in_thread, (void *)(intptr_t)i))
			fail("pthread_create");
	}
	wait_until_waiting();
	say("waiting %d\n", opt.threads);
	wait_for_go();
	for (int i = 0; i < opt.threads; i++)
		connect_client(i % opt.listeners);
	for (int i = 0; i < opt.threads; i++)
		pthread_join(threads[i], NULL);
}

static void run_queue(void)
{
	unsigned want[MAX_LISTENERS] = { 0 };
	for (int i = 0; i < opt.queue; i++) {
		connect_client(i % opt.listeners);
		want[i % opt.listeners]++;
	}
	for (int i = 0; i < opt.listeners; i++) {
		while (listener_info(i).tcpi_unacked < want[i])
			usleep(1000);
	}
	for (int i = 0; i < opt.queue; i++)
		take(listeners[i % opt.listeners], i % opt.listeners);
}

/* Nothing is queued yet: a nonblocking accept finds nothing, io_uring has to wait. */
static void run_before_client(void)
{
	int fd = -1;
	if (opt.how == HOW_NONBLOCK) {
		for (int i = 0; i < 5; i++) {
			if (accept(listeners[0], NULL, NULL) >= 0 || errno != EAGAIN)
				fail("accept on an empty queue");
			say("eagain\n");
		}
		return;
	}
	ring_submit_accept(listeners[0]);
	connect_client(0);
	fd = ring_result();
	if (fd < 0)
		fail("io_uring accept");
	report(fd, "-");
	close(fd);
}

static void worker(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(LIMIT_S);
	for (int i = 0; i < opt.each; i++)
		take(listeners[i % opt.listeners], -1);
	_exit(0);
}

static void run_workers(void)
{
	int status, total = opt.forks * opt.each;
	for (int i = 0; i < opt.forks; i++) {
		pid_t pid = fork();
		if (pid < 0)
			fail("fork");
		if (pid == 0)
			worker();
	}
	for (int i = 0; i < total; i++)
		connect_client(i % opt.each % opt.listeners);
	for (int i = 0; i < opt.forks; i++) {
		if (wait(&status) < 0 || status != 0)
			fail("worker");
	}
	n_accepted += total;
}

static void enter_netns(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	if (unshare(CLONE_NEWNET) < 0)
		fail("unshare");
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		fail("lo up");
	close(fd);
}

static int parse_how(const char *name)
{
	for (unsigned i = 0; i < sizeof(how_names) / sizeof(how_names[0]); i++) {
		if (strcmp(how_names[i], name) == 0)
			return (int)i;
	}
	return -1;
}

static int number(const char *text, int max)
{
	char *end;
	long n = strtol(text, &end, 10);
	if (*end || n < 0 || n > max) {
		fprintf(stderr, "vm_server: %s is no number from 0 to %d\n", text, max);
		exit(1);
	}
	return (int)n;
}

static void usage(void)
{
	fputs(
	    "usage: vm_server [--threads N] [--queue N] [--fork N] [--each N] [--listeners N] [--backlog N]\n"
	    "       [--how accept|accept4|nonblock|uring] [--v6 | --dual] [--netns] [--close] [--reset]\n",
	    stderr);
	exit(1);
}

/* Options with a number have a greatest one; the others are switches. */
static const struct {
	const char *name;
	int *number, max;
	bool *on;
} option_rows[] = {
	{ "threads", &opt.threads, 1000, NULL },
	{ "queue", &opt.queue, 1000, NULL },
	{ "fork", &opt.forks, 100, NULL },
	{ "each", &opt.each, 10, NULL },
	{ "listeners", &opt.listeners, MAX_LISTENERS, NULL },
	{ "backlog", &opt.backlog, 4096, NULL },
	{ "v6", NULL, 0, &opt.v6 },
	{ "dual", NULL, 0, &opt.dual },
	{ "netns", NULL, 0, &opt.netns },
	{ "close", NULL, 0, &opt.close_at_once },
	{ "reset", NULL, 0, &opt.reset },
};

static bool parse_option(const char *name, const char *value, bool *took_value)
{
	for (unsigned i = 0; i < sizeof(option_rows) / sizeof(option_rows[0]); i++) {
		if (strcmp(option_rows[i].name, name) != 0)
			continue;
		*took_value = option_rows[i].number != NULL;
		if (option_rows[i].on)
			*option_rows[i].on = true;
		else if (value)
			*option_rows[i].number = number(value, option_rows[i].max);
		return option_rows[i].on || value;
	}
	int how = value && strcmp(name, "how") == 0 ? parse_how(value) : -1;
	if (how >= 0)
		opt.how = (enum how)how;
	*took_value = true;
	return how >= 0;
}

static void parse_options(int argc, char **argv)
{
	bool took_value;
	for (int i = 1; i < argc; i += 1 + took_value) {
		if (strncmp(argv[i], "--", 2) != 0 || !parse_option(argv[i] + 2, argv[i + 1], &took_value))
			usage();
	}
	opt.v6 |= opt.dual;
	if (opt.listeners < 1)
		usage();
}

int main(int argc, char **argv)
{
	parse_options(argc, argv);
	alarm(LIMIT_S);
	if (opt.netns)
		enter_netns();
	if (opt.how == HOW_URING)
		ring_open();
	for (int i = 0; i < opt.listeners; i++)
		open_listener(i);
	if (opt.threads)
		run_threads();
	if (opt.how == HOW_NONBLOCK || opt.how == HOW_URING)
		run_before_client();
	run_queue();
	run_workers();
	say("done %d\n", n_accepted);
	return 0;
}
