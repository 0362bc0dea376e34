/*
 * Typed program -> image: the code generator's door. Errors are negative errno, with
 * a message on the standard error; they are defects of ours, but for -E2BIG: the script is too large.
 */
#ifndef BTRUN_CODEGEN_COMPILE_H
#define BTRUN_CODEGEN_COMPILE_H

#include <stdio.h>

#include "analysis/program.h"

enum generate_text_kind {
	GENERATE_IR,        /* LLVM's intermediate code, as it comes from us */
	GENERATE_OPTIMISED, /* the same after LLVM's passes */
	GENERATE_ASM,       /* BPF assembly */
};

struct generate_options {
	struct str release;   /* of the kernel that it is compiled against */
	struct str kernel_id; /* see struct image */
	/* Of a probe that can be attached in two ways only the program for the one that is tried first: for
	 * an image that is not kept. */
	bool one_kind;
};

/* fd: an empty file or memfd, read-write. */
int generate_image(
    struct arena *a, const struct program *program, const struct generate_options *options, int fd);
/* The version of the LLVM in use, as "19.1.7". */
const char *generate_llvm_version(void);
int generate_text(struct arena *a, const struct program *program, enum generate_text_kind kind, FILE *out);

#endif
