/*
 * One tracer: made by runtime/run.c from an image and its options, and handed through the rooms. Each part of
 * it belongs to the room that writes it; the others only read it.
 *
 * Ownership: tables lie in the arena of struct runtime; the BPF object, links and buffers are freed by
 * attach_undo(), buffer_close() and load_close(). Errors: negative errno, the message printed at the layer
 * that knows, through tracer.diag.
 */
#ifndef BTRUN_RUNTIME_TRACER_TRACER_H
#define BTRUN_RUNTIME_TRACER_TRACER_H

#include "base/diag.h"
#include "runtime/print/runtime.h"
#include "runtime/tracer/options.h"

struct bpf_link;
struct bpf_map;
struct bpf_object;
struct bpf_program;
struct buffer;
struct packets;
struct kernel_btf;

/* Names, sorted, none of them twice; those that several functions have come last. */
struct function_names {
	struct str *v;
	size_t n, cap;
	size_t n_shared;
};

/* A probe attached at one place. */
struct attached {
	struct bpf_link *link; /* NULL: it has been detached, or there is only fd */
	int fd;                /* a link of a kind that libbpf does not know, or -1 */
	struct str event;      /* tracefs event that goes with it; empty: none */
	uint32_t target;       /* index of runtime.targets */
	uint64_t missed;       /* read before it is detached */
	bool missed_known;
	uint64_t address; /* of a watchpoint */
	int perf_event;   /* of a clock or counter: its descriptor, which is the link's */
	int cpu;          /* of a clock or counter: where it is */
};

/* The programs that serve the same attaches, of which one is loaded. */
struct probe {
	uint32_t attach, n_attach;
	const struct image_program *programs[PROGRAM_KINDS_];
	bool off; /* condition false, or the function is missing and others of its action are there */
	enum attach_method methods[ATTACH_METHODS_]; /* to be tried in this order */
	unsigned n_methods, method;
	struct str refused;        /* why the methods before failed, for -v and the last message */
	enum program_kind_id kind; /* of the program that is loaded */
	struct bpf_program *program;
	VEC(struct attached) attached;
	unsigned skipped;                  /* functions of a glob that could not be attached */
	struct perf_event_attr *every_cpu; /* what is opened on each CPU; NULL: nothing is */
};

/* What attach/cpus.c knows. */
struct cpu_watch {
	int events_fd, online_fd; /* -1: CPUs are not watched */
	uint64_t looked_ns;       /* CLOCK_MONOTONIC */
	bool *online, *before;    /* of each CPU */
	uint64_t missed;          /* times that a probe could not be attached to a CPU that had come */
};

/* A process that tidies up when this one is killed. */
struct cleanup_child {
	int pipe;  /* it waits for this to close */
	pid_t pid; /* 0: there is none */
};

/* What is known of the kernel that runs: by run.c, and by tracer_btf() when somebody asks. */
struct kernel_facts {
	unsigned version;       /* as FEATURES_VERSION */
	unsigned refusals;      /* of kprobes: set of enum features_refusal */
	struct kernel_btf *btf; /* NULL: not asked for, or none */
	bool btf_asked;
	bool btf_module;  /* a module's BTF is on top of it */
	bool same_kernel; /* the image was compiled for this very build of the kernel */
};

/* What load/ makes of the image. */
struct loaded {
	void *elf;                 /* private copy, patched; gone once everything is attached */
	size_t elf_size, elf_room; /* bytes of it, and of the mapping */
	struct str *parameters;    /* bytes for each of the image's */
	struct bpf_object *object;
	volatile uint32_t *enabled; /* the programs read it: 0 stops them */
	struct str log;             /* the verifier's, of the failed program */
	bool refused_by_verifier;
	const char *remedy; /* of what failed without a word of the verifier; NULL: none is known */
};

/* What attach/ has attached, and why it could not attach the rest. */
struct attachment {
	VEC(struct probe) probes;
	struct probe *failed; /* by load or attach */
	int error;
	bool needs_all_kinds; /* a method that is left wants a program that the image lacks: options.one_kind
			       */
	bool explained;       /* why it failed has been said */
	bool not_permitted;   /* EPERM from some method: lockdown, which may be hidden */
	int events_fd, profile_fd; /* tracefs' kprobe_events and kprobe_profile, or -1 */
	int usdt_fd;               /* the map of usdt arguments, or -1 */
	unsigned n_events;         /* of tracefs, made so far */
	uint64_t unwatched;        /* addresses for which there was no watchpoint left */
	struct cpu_watch cpus;
	struct function_names *names; /* of each attach point; NULL: the list has not been read */
	struct cleanup_child events_cleanup, wake_cleanup;
};

/* Where events/ reads what the programs send. */
struct arriving {
	struct buffer *buffer;
	struct packets *packets; /* NULL: no skboutput() */
	bool perf;               /* it is a perf buffer: asked for, or the kernel has no ring buffer */
	uint64_t lost;           /* by the perf buffer */
};

/* What events/loss.c knows of losses. */
struct loss_state {
	int counters_fd;
	uint64_t *values;       /* room for one counter of every CPU */
	uint64_t total;         /* losses that have been told at the end: --strict */
	uint64_t watched_ns;    /* CLOCK_MONOTONIC: when loss_watch() last looked */
	uint64_t told[LOSSES_]; /* by it */
	int kernel_log;         /* of events/nested.c; -1: not read */
};

struct tracer {
	struct runtime runtime;
	const struct run_options *options;
	struct image image;
	struct source_map map; /* the image's script alone */
	struct diag diag;
	struct kernel_facts facts;
	struct loaded loaded;
	struct attachment attachment;
	struct arriving arriving;
	struct loss_state loss;
	pid_t command_pid;            /* of -c, or 0 */
	struct str command_path;      /* of its program */
	_Atomic bool iterate_no_more; /* somebody wants to end */
	_Atomic bool iterated;        /* the iterators have come to their end */
};

/* The first attach point of a probe stands for all that it serves. */
const struct image_attach *tracer_attach(const struct tracer *t, const struct probe *p);
/* Notes why a probe can't be attached by its present method. Returns err. */
int tracer_refuse(struct tracer *t, struct probe *p, int err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Names, for a person, the method by which a probe is attached. */
const char *tracer_method_name(const struct probe *p);
/* Says what to do about something that this kernel lacks, after the message about it. */
void tracer_hint_kernel(struct tracer *t);
/* Tells whether the kernel has this function, by its BTF, then by its lists of functions. */
bool tracer_has_function(struct tracer *t, struct str name);
/* Returns the kernel's BTF, which is read when it is first asked for; NULL: there is none. */
struct kernel_btf *tracer_btf(struct tracer *t);

#endif
