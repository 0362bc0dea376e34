/*
 * floor_trace OBJECT events|count|hist FILE COMMAND...: what tests/bench measures the same scripts against.
 * Prints to FILE, and on stderr the programs' runs and nanoseconds: "RUNS NS".
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "trace.h"

static FILE *out;

static int print_event(void *context, void *data, size_t size)
{
	const struct event *e = data;

	fprintf(out, "%d %d %s\n", e->which, e->who, e->comm);
	return 0;
}

static void print_counts(int fd)
{
	char key[16], *before = NULL;
	__u64 values[512], sum;

	while (bpf_map_get_next_key(fd, before, key) == 0) {
		sum = 0;
		if (bpf_map_lookup_elem(fd, key, values) == 0)
			for (int i = 0; i < libbpf_num_possible_cpus(); i++)
				sum += values[i];
		fprintf(out, "@[%s]: %llu\n", key, (unsigned long long)sum);
		before = key;
	}
}

static void print_buckets(int fd)
{
	__u64 values[512], sum;

	for (__u32 i = 0; i < 64; i++) {
		sum = 0;
		if (bpf_map_lookup_elem(fd, &i, values) == 0)
			for (int k = 0; k < libbpf_num_possible_cpus(); k++)
				sum += values[k];
		if (sum)
			fprintf(out, "[%llu] %llu\n", 1ull << i, (unsigned long long)sum);
	}
}

static int attach(struct bpf_object *object, const char *mode)
{
	struct bpf_program *p;
	int n = 0;

	bpf_object__for_each_program (p, object) {
		if (!bpf_program__autoload(p))
			continue;
		if (!bpf_program__attach(p))
			return -errno;
		n++;
	}
	return n ? 0 : -ENOENT;
}

static pid_t start(char **command)
{
	pid_t pid = fork();

	if (pid == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	return pid;
}

static void trace(struct bpf_object *object, const char *mode, char **command)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	struct ring_buffer *ring = NULL;
	pid_t pid;

	if (strcmp(mode, "events") == 0)
		ring = ring_buffer__new(
		    bpf_object__find_map_fd_by_name(object, "events"), print_event, NULL, NULL);
	pid = start(command);
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (ring)
			ring_buffer__consume(ring);
		nanosleep(&pause, NULL);
	}
	if (ring)
		ring_buffer__consume(ring);
	ring_buffer__free(ring);
	if (strcmp(mode, "count") == 0)
		print_counts(bpf_object__find_map_fd_by_name(object, "counts"));
	if (strcmp(mode, "hist") == 0)
		print_buckets(bpf_object__find_map_fd_by_name(object, "buckets"));
}

static void print_cost(struct bpf_object *object)
{
	unsigned long long runs = 0, ns = 0;
	struct bpf_program *p;

	bpf_object__for_each_program (p, object) {
		struct bpf_prog_info info = { 0 };
		__u32 size = sizeof(info);

		if (bpf_program__autoload(p) &&
		    bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &size) == 0) {
			runs += info.run_cnt;
			ns += info.run_time_ns;
		}
	}
	fprintf(stderr, "%llu %llu\n", runs, ns);
}

int main(int argc, char **argv)
{
	struct bpf_object *object = argc > 4 ? bpf_object__open_file(argv[1], NULL) : NULL;
	struct bpf_program *p;

	if (!object) {
		fprintf(stderr, "usage: floor_trace OBJECT events|count|hist FILE COMMAND...\n");
		return 2;
	}
	out = fopen(argv[3], "w");
	bpf_object__for_each_program (p, object)
		bpf_program__set_autoload(p, strncmp(bpf_program__name(p), argv[2], strlen(argv[2])) == 0);
	if (!out || bpf_object__load(object) || attach(object, argv[2])) {
		fprintf(stderr, "floor_trace: cannot load, attach or write: %s\n", strerror(errno));
		return 1;
	}
	trace(object, argv[2], argv + 4);
	print_cost(object);
	fclose(out);
	bpf_object__close(object);
	return 0;
}
