/*
 * One file of the kernel's BTF in memory, its types found by number (Documentation/bpf/btf.rst). libbpf's
 * reader copies the 5 MB of vmlinux once more than this one, and each page of a copy has to be made first: a
 * third of what a short script takes to compile.
 *
 * The bytes are not trusted: what lies outside of the file, and names without an end, are an error or
 * missing. Ownership: btf_file_open()/btf_file_close(). Errors: negative errno, -EBADMSG for a file that is
 * none.
 */
#ifndef BTRUN_KERNEL_BTF_FILE_H
#define BTRUN_KERNEL_BTF_FILE_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct btf_file {
	const struct btf_file *base; /* of a module: vmlinux, which outlives it */
	void *bytes;
	size_t size;
	bool mapped;
	const char *types, *strings;
	uint32_t types_size, strings_size; /* bytes */
	uint32_t strings_begin;            /* offsets of names below are the base's */
	uint32_t begin, end;               /* the ids of this file's own types */
	uint32_t *offsets;                 /* by id - begin, from types */
};

/* Reads fd, which is at its beginning and has size bytes. */
int btf_file_open(struct btf_file *f, const struct btf_file *base, int fd, size_t size);
int btf_file_copy(struct btf_file *f, const void *bytes, size_t size);
void btf_file_close(struct btf_file *f);

/* Returns NULL when there is no such type. */
const struct btf_type *btf_file_type(const struct btf_file *f, uint32_t id);
/* Returns an empty text when there is no such string. */
struct str btf_file_string(const struct btf_file *f, uint32_t offset);
/* Returns the offset of a name among the strings of this file alone, or -1. */
int64_t btf_file_find_string(const struct btf_file *f, struct str name);
/* Returns the bytes that a value of the type takes; 0 when it has none. */
uint64_t btf_file_size_of(const struct btf_file *f, uint32_t id);

#endif
