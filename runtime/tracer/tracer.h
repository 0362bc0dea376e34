/*
 * What load.c, attach*.c, buffer.c, loss.c and run.c share: one struct tracer, made by
 * run.c from an image and its options. It lives until the process ends its run.
 *
 * Ownership: tables lie in the runtime's arena; the BPF object, links and buffers are
 * freed by attach_undo(), buffer_close() and load_close(). Errors: negative errno, the message printed
 * at the layer that knows, through tracer.diag.
 */
#ifndef BTRUN_RUNTIME_TRACER_H
#define BTRUN_RUNTIME_TRACER_H

#include "base/diag.h"
#include "runtime/run.h"
#include "runtime/print/runtime.h"

struct bpf_link;
struct bpf_map;
struct bpf_object;
struct bpf_program;
struct buffer;
struct packets;
struct kernel_btf;

/* Names, sorted, none of them twice. */
struct function_names {
	struct str *v;
	size_t n, cap;
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
	unsigned skipped; /* functions of a glob that could not be attached */
};

/* A process that tidies up when this one is killed. */
struct cleanup_child {
	int pipe;  /* it waits for this to close */
	pid_t pid; /* 0: there is none */
};

struct tracer {
	struct runtime runtime;
	const struct run_options *options;
	struct image image;
	struct source source;
	struct diag diag;
	void *elf;                 /* private copy, patched; gone once everything is attached */
	size_t elf_size, elf_room; /* bytes of it, and of the mapping */
	struct str *parameters;    /* bytes for each of the image's */
	struct kernel_btf *btf;    /* NULL: not asked for, or none */
	bool btf_asked;
	bool same_kernel; /* the image was compiled for this very build of the kernel */
	bool btf_module;  /* a module's BTF is on top of it */
	unsigned version; /* of the kernel, as FEATURES_VERSION */
	struct bpf_object *object;
	VEC(struct probe) probes;
	struct probe *failed; /* by load or attach */
	int error;
	bool explained;     /* why it failed has been said */
	bool not_permitted; /* EPERM from some method: lockdown, which may be hidden */
	struct str log;     /* the verifier's, of the failed program */
	bool refused_by_verifier;
	unsigned refusals; /* of kprobes: set of enum features_refusal */
	volatile uint32_t *enabled;
	struct buffer *buffer;
	struct packets *packets;      /* NULL: no skboutput() */
	bool perf;                    /* it is a perf buffer: asked for, or the kernel has no ring buffer */
	uint64_t lost;                /* by the perf buffer */
	pid_t command_pid;            /* of -c, or 0 */
	struct str command_path;      /* of its program */
	uint64_t unwatched;           /* addresses for which there was no watchpoint left */
	_Atomic bool iterate_no_more; /* somebody wants to end */
	_Atomic bool iterated;        /* the iterators have come to their end */
	int events_fd, profile_fd;    /* tracefs' kprobe_events and kprobe_profile, or -1 */
	int usdt_fd;                  /* the map of usdt arguments, or -1 */
	int counters_fd;
	uint64_t *counter_values;    /* room for one counter of every CPU */
	uint64_t losses;             /* that have been told at the end: --strict */
	uint64_t loss_watched_ns;    /* CLOCK_MONOTONIC: when loss_watch() last looked */
	uint64_t loss_told[LOSSES_]; /* by it */
	struct cleanup_child events_cleanup, wake_cleanup;
	unsigned n_events;                /* of tracefs, made so far */
	struct function_names *functions; /* of each attach point; NULL: the list has not been read */
};

const struct image_attach *tracer_attach(const struct tracer *t, const struct probe *p);
/* Notes why a probe can't be attached by its present method. Returns err. */
int tracer_refuse(struct tracer *t, struct probe *p, int err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
const char *tracer_method_name(const struct probe *p);
/* Does the kernel have this function? BTF, then the lists of functions. */
/* Of what this kernel lacks. */
void tracer_hint_kernel(struct tracer *t);
bool tracer_has_function(struct tracer *t, struct str name);
struct kernel_btf *tracer_btf(struct tracer *t);

/* The size of the output buffer that was asked for, in bytes (perf: for each CPU); 0: none was. */
uint64_t tracer_buffer_size(const struct tracer *t);
/* load.c: maps and patches the image; opens, fills, sizes and loads the BPF object. */
int load_map(struct tracer *t, int fd);
int load_object(struct tracer *t);
/* Only opens the object and sizes its maps: to be looked at, without asking the kernel for anything. */
int load_unloaded(struct tracer *t);
/* What an image does that only --unsafe allows, as "runs commands"; NULL: nothing. */
const char *load_unsafe_part(struct tracer *t);
/* The map of a section of data, which libbpf names after the object too. */
struct bpf_map *load_internal_map(struct tracer *t, const char *section);
/* relocate.c: one relocation, in the bytes of the image. */
int relocate(struct tracer *t, const struct image_reloc *r);
/* Of a parameter: does the function that it is for have it here? */
bool relocate_has_parameter(struct tracer *t, const struct image_reloc *r);
/* Of a tracepoint's field: would it be, with the fields that the tracepoint has here? */
bool relocate_fits(const struct image_reloc *r, const struct tracepoint_format *format);
/* externs.c: into a copy of .rodata. */
int externs_fill(struct tracer *t, char *bytes, size_t size);
/* Does this machine have what the extern names? Says nothing. */
bool externs_has(struct tracer *t, const struct image_extern *row);
/* Frees what only loading needs. */
void load_done(struct tracer *t);
void load_close(struct tracer *t);

/* constants.c: reads the parameters of the command line; writes them and the externs into .rodata. */
int constants_take(struct tracer *t);
int constants_fill(struct tracer *t);

/* same_kernel.c: what need not be looked up where an image was compiled. Due before the object is opened;
 * then for each probe with a trampoline: says where it is to be attached. 0 or negative errno. */
void same_kernel_begin(struct tracer *t);
int same_kernel_set_target(struct tracer *t, struct probe *p);

/* attach_policy.c: makes tracer.probes and decides which methods each is tried by. */
int attach_policy_decide(struct tracer *t);
/* To the next method of the probe that failed. False: there is none. */
bool attach_policy_next(struct probe *p);
bool attach_policy_has_next(const struct probe *p);
/* There are methods for which options.one_kind has left out the program. */
bool attach_policy_lacks_programs(const struct tracer *t, const struct probe *p);

/* functions.c: those that an attach point with a pattern stands for. 0 or negative errno. */
int functions_of(struct tracer *t, uint32_t attach, const struct function_names **found);

/* attach.c */
/* A function of the kernel. */
bool attach_is_function(const struct image_attach *a);
int attach_all(struct tracer *t);
/* At the end: says on stderr which probes could no longer fire, since somebody has switched off what they
 * need. */
void attach_tell_switched_off(struct tracer *t);
/* Nothing fires any more; what is known of the places stays. */
void attach_detach(struct tracer *t);
/* As if nothing had been attached. */
void attach_undo(struct tracer *t);
/* Prints how each was attached. */
void attach_tell(const struct tracer *t);
/* The last method failed: a message for a person. True: it was only a warning, and the probe is off. */
bool attach_explain(struct tracer *t);
uint32_t attach_target(struct tracer *t, uint32_t attach, uint32_t n, struct str probe, struct str func);
int attach_keep(struct tracer *t, struct probe *p, struct bpf_link *link, uint32_t target, struct str event);
/* The same of a link that libbpf does not know. */
int attach_keep_fd(struct tracer *t, struct probe *p, int fd, uint32_t target);
/* The rows of language/probes.def. */
#define PROBE(name, aliases, pattern, gives, split, attach, list, ...) \
	int attach(struct tracer *t, struct probe *p);
#include "language/probes.def"
#undef PROBE
/* A perf event of a tracepoint with this number, as a BPF link. */
int attach_event_id(
    struct tracer *t, struct probe *p, struct str id_path, uint64_t cookie, struct bpf_link **link);
/* A perf event of a process (-1: any) on a CPU (-1: any), as a BPF link. 0 or negative errno. */
struct perf_event_attr;
int attach_perf_link(struct probe *p, struct perf_event_attr *attr, pid_t pid, int cpu, uint64_t cookie,
    struct bpf_link **link);
/* attach_uprobe.c: the address of a symbol as the binary has it. 0 or negative errno. */
int uprobe_symbol(struct tracer *t, struct str binary, struct str symbol, uint64_t *address);
/* attach_perf.c: the event on each CPU that is online. */
int attach_on_every_cpu(struct tracer *t, struct probe *p, struct perf_event_attr *attr);
/* watch.c: detaches the watchpoints at an address. */
void watch_remove(struct runtime *r, uint64_t address);
/* A function was called with an address that the watchpoint of this attach point is for. */
void watch_add(struct runtime *r, int64_t attach, uint64_t address);
/* No process stays stopped for a record that nobody reads any more; due when all is detached. */
void watch_end(struct tracer *t);
/* Pins those iterators that have a pin. 0, or negative errno and a message is printed. */
int attach_pins(struct tracer *t);
/* Runs the iterators to their end. True: there was one. */
bool attach_iterate(struct tracer *t);
/* BEGIN or END */
int attach_run_now(struct tracer *t, enum probe_id which);

/* attach_tracefs.c */
int attach_tracefs(struct tracer *t, struct probe *p, const struct image_attach *a, uint32_t target);
/* Its files are opened once: who opened them may not be permitted to later. */
void attach_tracefs_close(struct tracer *t);
void attach_tracefs_remove(struct tracer *t, struct str event);
/* Misses of an event, from kprobe_profile. */
int attach_tracefs_missed(struct tracer *t, struct str event, uint64_t *missed);

/* cleanup_child.c. At each start: removes the tracefs events of tracers that are dead. */
void cleanup_sweep_dead(struct tracer *t);
/* Removes this process's tracefs events when it is killed; t->events_fd is open. */
int cleanup_child_start(struct tracer *t);
/* A process that is stopped for us goes on when this process is killed. 0 or negative errno. */
int cleanup_child_start_waking(struct tracer *t, pid_t stopped);
void cleanup_child_end(struct tracer *t);

/* verify.c: explains the verifier's refusal at its place in the script. */
void verify_explain(struct tracer *t, struct probe *p);
/* Place of an instruction of program name. False: unknown. */
bool verify_place(const struct tracer *t, struct str program, uint32_t insn, struct span *at);
/* The last instruction of a verifier's log, and its last line of words. */
bool verify_last(struct str log, uint32_t *insn, struct str *essence);

/* buffer.c: the output buffer. buffer_wait() is due after the descriptors became readable. */
int buffer_open(struct tracer *t, int map_fd, bool perf, size_t size);
void buffer_close(struct tracer *t);
int buffer_fd(const struct tracer *t);
/* Lets a batch gather, then hands every record to event_handle(). */
void buffer_read(struct tracer *t, bool wait);

/* drop_capabilities.c: what the image needs of the system while it traces: a set of enum needs. */
unsigned capabilities_needs(const struct image *image);
/* Prints what is kept of the capabilities that this process has. */
void capabilities_describe(const struct tracer *t, FILE *out);
/* Due when all is attached: gives up the rest for good. */
void capabilities_drop(const struct tracer *t);

/* packets.c: what skboutput() sends. Opens its files too; a script without it: 0, and nothing is done. */
int packets_open(struct tracer *t);
void packets_close(struct tracer *t);
int packets_fd(const struct tracer *t);
void packets_read(struct tracer *t);

/* loss.c */
void loss_collect(struct tracer *t);
/* While tracing: says on stderr what has been lost so far, when a second has gone by since it last looked. */
#define LOSS_WATCH_MS 1000
void loss_watch(struct tracer *t);
void loss_report(struct tracer *t);
void loss_stats(struct tracer *t);

/* command.c: -c. Starts it held back; release lets it go. */
struct command {
	pid_t pid;
	int start_pipe;  /* it starts when a byte comes, or not at all */
	char path[4096]; /* of its program */
};
int command_start(const char *line, struct command *c);
/* Has it stop for us before its memory goes: what it maps can then still be read. Due before it is released.
 */
void command_watch(struct command *c);
enum command_news {
	COMMAND_NOTHING,
	COMMAND_ENDING, /* only when it is watched; command_let_end() is due */
	COMMAND_ENDED,  /* with the status */
};
/* After SIGCHLD, until there is no news. */
enum command_news command_step(struct command *c, int *status);
void command_let_end(struct command *c);
void command_release(struct command *c);
void command_end(struct command *c);

#endif
