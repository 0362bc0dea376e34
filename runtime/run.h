/*
 * Runs an image: loads and attaches its programs, prints what they send, and leaves
 * nothing behind. The one door of the runtime for cli/.
 *
 * Errors are printed to stderr where they are understood; the caller only gets the exit status.
 */
#ifndef BTRUN_RUNTIME_RUN_H
#define BTRUN_RUNTIME_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "kernel/kernel.h"
#include "runtime/print/output.h"

/* How function probes are attached: --attach. */
enum attach_method {
	ATTACH_AUTO,
	ATTACH_FENTRY, /* fentry and fexit: a BPF trampoline */
	ATTACH_TRACEFS,
	ATTACH_PERF,
	ATTACH_MULTI,
	ATTACH_UPROBE_MULTI, /* all places of a program at once */
	ATTACH_UPROBE,       /* one by one */
	ATTACH_METHODS_
};

struct run_options {
	const char *output; /* NULL: standard output */
	enum output_form form;
	enum output_buffering buffering;
	enum attach_method method;
	bool perf_buffer;
	uint64_t buffer_size;              /* bytes; 0: chosen */
	uint64_t buffer_pages;             /* the same as pages of each CPU; 0: not given */
	uint64_t max_probes, max_programs; /* 0: no limit */
	uint64_t cat_bytes;                /* that cat() prints; 0: the usual */
	bool no_user_symbols;
	unsigned maxactive;  /* slots of a tracefs kretprobe; 0: chosen */
	const char *command; /* -c, or NULL */
	pid_t pid;           /* -p, or 0 */
	char *const *params; /* of an image, NULL-terminated; NULL: none */
	bool verbose, quiet, dry_run, stats, strict;
	/* Probes at places of which it is not known that an instruction begins there, and images that change
	 * the system. */
	bool unsafe;
	bool mangled;  /* C++ names as the binaries have them */
	bool one_kind; /* the image has only the program for the first method of each probe */
	bool fresh;    /* the image was compiled just now, against the kernel that runs */
};

/* With options.strict, when the script's own status is 0 and something was lost. */
#define RUN_STATUS_LOSSES 3

/* The image in fd (a memfd or a file). Returns the exit status of btrun; or, with options.one_kind and
 * nothing done yet, -EAGAIN when a probe needs another method, so that an image with all of them has to be
 * made.
 */
int run_image(struct kernel *k, int fd, const struct run_options *options);

/* --info: what the image in fd is and needs, and which of that this kernel has, as text. Asks for no
 * privilege. 0, or negative errno and a message is printed. */
int describe_image(struct kernel *k, int fd, FILE *out);
/* A line for each parameter of an image. */
struct arena;
struct image;
void describe_parameters(struct arena *a, const struct image *image, FILE *out);

#endif
