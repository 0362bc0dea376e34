/*
 * Header files of the user, which libclang reads: their types and macros come as text in the language of
 * scripts (KERNEL_HEADER), types behind the script, macros into the lexer.
 */
#ifndef BTRUN_LEXER_HEADERS_H
#define BTRUN_LEXER_HEADERS_H

#include "base/source.h"
#include "kernel/kernel.h"
#include "lexer/lexer.h"

struct headers_macro {
	struct str name, text;
};

struct headers {
	VEC(struct str) names; /* the headers that were read */
	VEC(struct headers_macro) macros;
	struct str text; /* definitions of types */
};

/*
 * Reads the headers that a script includes and whose constants are not built in, and those of wanted. One
 * that can't be read is left out: the lexer then says so at its #include. have_btf: BPFTRACE_HAVE_BTF is
 * defined. 0 or the negative errno of a wanted one.
 */
int headers_read(struct arena *a, struct kernel *k, const struct source *source, bool have_btf,
    const struct str *wanted, size_t n_wanted, struct headers *headers);
/* Gives a new lexer the macros, and lets it pass over the #includes. */
void headers_give(const struct headers *headers, struct lexer *lexer);

#endif
