/*
 * What a compile has asked of the machine beyond the kernel itself: headers, programs, modules, tracepoints.
 * Recorded while compiling, each with an identity of the answer; when the image is to be used again, the same
 * questions must still have the same answers.
 *
 * Ownership: names and the list lie in the arena of who records.
 */
#ifndef BTRUN_CACHE_WATCH_H
#define BTRUN_CACHE_WATCH_H

#include <sys/types.h>
#include <time.h>

#include "base/digest.h"
#include "kernel/kernel.h"

enum watch_kind {
	WATCH_FILE,    /* a path: which file it is, and that it was not written to; or that there is none */
	WATCH_BINARY,  /* the same of what an attach point names */
	WATCH_MODULES, /* the kernel's modules, of which lists of functions are made */
	WATCH_SIZE,    /* that of the kernel's own BTF: the rest of it is known from the kernel */
	WATCH_CONTENT, /* any other fact of the kernel: the bytes of the answer, or the error */
};

struct watch {
	enum watch_kind kind;
	enum kernel_fact fact; /* of WATCH_SIZE and WATCH_CONTENT */
	struct str name;
	unsigned char identity[DIGEST_SIZE];
};

struct watches {
	struct watch *v;
	size_t n, cap;
};

struct watcher {
	struct arena *arena;
	struct kernel *kernel;
	pid_t pid;             /* of -p, or 0: what sees the files that attach points name */
	const char *btf;       /* the file or folder that stands for the kernel's BTF, or NULL */
	struct timespec begin; /* of the compile */
	struct watches list;
	bool unsure; /* something was asked whose answer can't be told by its looks: nothing is kept */
};

void watcher_begin(struct watcher *w);
/* Records an answer of the kernel: it is a kernel_watch() function, whose context is the watcher. */
void watcher_take(void *context, enum kernel_fact fact, struct str name, int fd);
void watcher_take_file(struct watcher *w, const char *path);
/* Returns the first watch whose answer is another now; NULL: none is. */
const struct watch *watcher_changed(struct watcher *w, const struct watches *list);

#endif
