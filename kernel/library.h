/*
 * The files that a script's words for a binary stand for: "/bin/bash", "bash",
 * "libc", "c", "libssl.so.3", "/usr/lib/STAR/libfooSTAR" with STAR for '*'.
 *
 * Ownership: texts lie in the arena. Errors: negative errno, -ENOENT when nothing was found.
 */
#ifndef BTRUN_KERNEL_LIBRARY_H
#define BTRUN_KERNEL_LIBRARY_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/str.h"

struct library_scope {
	const char *root;   /* precedes every path; "" for the real system */
	pid_t pid;          /* not 0: names are those of this process, in its root */
	const char *search; /* folders of programs, separated by ':'; NULL: $PATH */
};

struct library_file {
	struct str name; /* as its own root has it: "/usr/bin/bash" */
	struct str path; /* as we open it, and a uprobe: "/proc/12/root/usr/bin/bash"; equal to name without
			    root and pid */
};

/*
 * A word without a slash is a program in the search path or a library in the
 * loader's cache (/etc/ld.so.cache; without one, in the standard folders), which
 * of them first depends on whether it looks like a library. Of several
 * versions the loader's first counts. One file, but for globs.
 */
typedef int library_found(void *context, const struct library_file *file);
int library_each(
    const struct library_scope *scope, struct arena *a, struct str text, library_found *found, void *context);
/* The first of them. */
int library_find(
    const struct library_scope *scope, struct arena *a, struct str text, struct library_file *file);

#endif
