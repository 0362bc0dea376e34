/*
 * The command line. Ownership: texts are argv's own. Errors: options_parse() prints
 * what is wrong and returns -EINVAL.
 */
#ifndef BTRUN_CLI_OPTIONS_H
#define BTRUN_CLI_OPTIONS_H

#include "runtime/run.h"

enum mode {
	MODE_RUN,
	MODE_HELP,
	MODE_VERSION,
	MODE_LIST,
	MODE_DUMP, /* -d: show a stage of the compiler */
	MODE_INFO,
};

struct options {
	enum mode mode;
	struct run_options run;
	const char *text;                  /* -e */
	const char *file;                  /* script, image or "-" */
	const char *const *stages;         /* -d: NULL-terminated, or NULL */
	const char *one_stage[2];          /* what stages may point to */
	int image;                         /* this program's own, or -1 */
	const char *aot;                   /* --aot, or NULL */
	const char *compiling;             /* the first option that only a script can have, or NULL */
	const char *emit;                  /* --emit-elf */
	const char *emit_llvm;             /* --emit-llvm, or NULL */
	const char *search;                /* -l's pattern, or NULL */
	char **params;                     /* NULL-terminated */
	const char *btf;                   /* a file with the kernel's BTF, or NULL */
	uint64_t max_strlen, max_map_keys; /* 0: the compiler's own */
	VEC(const char *) folders;         /* -I */
	VEC(const char *) includes;        /* --include */
	bool unsafe, no_warnings, no_cache, is_static;
	uint64_t cache_bytes; /* 0: the usual */
};

/* image: see struct options. */
int options_parse(struct arena *a, int argc, char **argv, int image, struct options *o);

#endif
