/*
 * What the two kinds of kernel share. Only kernel/ includes this.
 */
#ifndef BTRUN_KERNEL_PRIVATE_H
#define BTRUN_KERNEL_PRIVATE_H

#include "kernel/kernel.h"

/* The longest name is a program's path and the (C++) name of one of its functions. */
#define KERNEL_NAME_MAX 4096

struct kernel {
	int (*open)(struct kernel *k, enum kernel_fact fact, struct str name);
	char *root;    /* host */
	char *tracefs; /* host; NULL until it was looked for */
	int socket;    /* client; not ours to close */
	struct {
		kernel_give *give;
		void *context;
	} given[KERNEL_FACTS_];  /* a host: of kernel_use() */
	const char *btf;         /* of kernel_of_btf() */
	kernel_watcher *watcher; /* a host: of kernel_watch(), or NULL */
	void *watcher_context;
	int held[KERNEL_FACTS_]; /* a host: descriptor + 1 of kernel_hold(), or 0 */
};

/* May a compiler ask for this? 0 or -EINVAL. Both ends of the socket check it. */
int kernel_check(unsigned fact, struct str name);

/* Reads the fields of a format file's text. 0 or -EBADMSG. */
int tracepoint_parse(struct arena *a, struct str text, struct tracepoint_format *format);

/* Passes the rows of a text that fd holds, without their ends, until row() returns nonzero. Closes fd. */
int kernel_rows(int fd, int (*row)(void *context, struct str line), void *context);

#endif
