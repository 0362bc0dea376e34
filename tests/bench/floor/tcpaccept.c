/* The floor's other half: floor_tcpaccept OBJECT loads it, prints a line an accept, ends on SIGINT. */
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "event.h"

static volatile sig_atomic_t ending;

static void on_signal(int number)
{
	ending = 1;
}

static int print_event(void *context, void *data, size_t size)
{
	const struct event *e = data;
	char raddr[INET6_ADDRSTRLEN], laddr[INET6_ADDRSTRLEN], when[16];
	time_t now = time(NULL);
	strftime(when, sizeof(when), "%H:%M:%S", localtime(&now));
	inet_ntop(e->family, e->raddr, raddr, sizeof(raddr));
	inet_ntop(e->family, e->laddr, laddr, sizeof(laddr));
	printf("%s %-6u %-14s %-39s %-5u %-39s %-5u %u/%u\n", when, e->pid, e->comm, raddr, ntohs(e->rport),
	    laddr, e->lport, e->backlog, e->max_backlog);
	return 0;
}

static int trace(struct bpf_object *object)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, "accepted");
	if (bpf_object__load(object) || !bpf_program__attach(program))
		return -errno;
	struct ring_buffer *ring =
	    ring_buffer__new(bpf_object__find_map_fd_by_name(object, "events"), print_event, NULL, NULL);
	if (!ring)
		return -errno;
	printf("__BPFTRACE_NOTIFY_PROBES_ATTACHED\n");
	fflush(stdout);
	/* Nobody is woken up: it costs more than all the rest. */
	while (!ending) {
		ring_buffer__consume(ring);
		fflush(stdout);
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
	return 0;
}

int main(int argc, char **argv)
{
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	struct bpf_object *object = argc == 2 ? bpf_object__open_file(argv[1], NULL) : NULL;
	if (!object) {
		fprintf(stderr, "usage: floor_tcpaccept OBJECT\n");
		return 1;
	}
	int result = trace(object);
	if (result < 0)
		fprintf(stderr, "floor_tcpaccept: cannot load or attach: errno %d\n", -result);
	bpf_object__close(object);
	return result < 0;
}
