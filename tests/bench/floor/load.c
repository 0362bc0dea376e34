/*
 * The floor of a start: floor_load OBJECT opens an image of btrun as what it also is, an ordinary BPF ELF
 * object, with libbpf and nothing else, loads and attaches its programs, says so, and waits for SIGINT. It
 * reads no event. Where an object has a program for each way of attaching, those of trampolines are taken, as
 * btrun does.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool begins(const struct bpf_program *p, const char *with)
{
	return strncmp(bpf_program__section_name(p), with, strlen(with)) == 0;
}

static bool is_trampoline(const struct bpf_program *p)
{
	return begins(p, "fentry") || begins(p, "fexit");
}

static int trace(struct bpf_object *object)
{
	struct bpf_program *p;
	bool trampolines = false;

	bpf_object__for_each_program (p, object)
		trampolines |= is_trampoline(p);
	bpf_object__for_each_program (p, object)
		if (trampolines && (begins(p, "kprobe") || begins(p, "kretprobe")))
			bpf_program__set_autoload(p, false);
	if (bpf_object__load(object))
		return -errno;
	bpf_object__for_each_program (p, object) {
		/* BEGIN and END are run, not attached. */
		bool runs = begins(p, "raw_tp") || begins(p, "raw_tracepoint");

		if (bpf_program__autoload(p) && !runs && !bpf_program__attach(p))
			return -errno;
	}
	printf("__BPFTRACE_NOTIFY_PROBES_ATTACHED\n");
	fflush(stdout);
	pause();
	return 0;
}

static void on_signal(int number)
{
}

int main(int argc, char **argv)
{
	struct bpf_object *object = argc == 2 ? bpf_object__open_file(argv[1], NULL) : NULL;
	int result;

	if (!object) {
		fprintf(stderr, "usage: floor_load OBJECT\n");
		return 1;
	}
	signal(SIGINT, on_signal);
	result = trace(object);
	if (result < 0)
		fprintf(stderr, "floor_load: cannot load or attach: errno %d\n", -result);
	bpf_object__close(object);
	return result < 0;
}
