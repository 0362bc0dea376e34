/*
 * Header files of the user, which libclang reads: their types and macros come as text in the language of
 * scripts (KERNEL_HEADER; headers/main.c says how it is written). Each run of definitions of one file becomes
 * a text of the map with the file's name; macros go into the lexer of the script.
 */
#ifndef BTRUN_LEXER_HEADERS_H
#define BTRUN_LEXER_HEADERS_H

#include "base/source.h"
#include "kernel/kernel.h"
#include "lexer/lexer.h"

struct headers_macro {
	struct str name, text;
	struct span definition;
};

struct headers_failure {
	struct str name;
	int error; /* negative errno; -EBADMSG: whoever read it has told why */
};

struct headers {
	VEC(struct str) names; /* the headers that were read */
	VEC(struct headers_failure) failures;
	VEC(struct headers_macro) macros;
};

/*
 * Reads the headers that the script includes and whose constants are not built in, and those of wanted, into
 * the map. One that can't be read is left out: the lexer then says so at its #include. have_btf:
 * BPFTRACE_HAVE_BTF is defined. Returns 0 or the negative errno of a wanted one.
 */
int headers_read(struct arena *a, struct kernel *k, struct source_map *map, bool have_btf,
    const struct str *wanted, size_t n_wanted, struct headers *headers);
/* Gives a new lexer the macros, and lets it pass over the #includes. */
void headers_give(const struct headers *headers, struct lexer *lexer);

#endif
