/*
 * The section .BTF.ext of an object: records about the instructions of its programs (the kernel's
 * Documentation/bpf/btf.rst), which begin with the instruction's offset in bytes. Those of one kind stand
 * together, first the size of a record, then for each section of programs its name, their number and the
 * records.
 *
 * Nothing is believed: what the section has no bytes for is an error. Errors: -EBADMSG.
 */
#ifndef BTRUN_IMAGE_BTF_EXT_H
#define BTRUN_IMAGE_BTF_EXT_H

#include <stddef.h>
#include <stdint.h>

enum btf_ext_kind {
	BTF_EXT_FUNCTIONS,
	BTF_EXT_LINES,       /* struct bpf_line_info */
	BTF_EXT_RELOCATIONS, /* struct bpf_core_relo */
	BTF_EXT_KINDS_
};

/* The header of the section lies at its beginning. */
struct btf_ext_head {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t size;
	struct {
		uint32_t offset, size; /* bytes; the offset is from the header's end */
	} of[BTF_EXT_KINDS_];
};

struct btf_ext_walk {
	const char *at, *end;
	uint32_t record_size;
};

/* A section of programs, and what it has of records. */
struct btf_ext_section {
	uint32_t name; /* offset in the strings of .BTF */
	uint32_t n;
	const char *records;
};

/* Begins a walk through the records of a kind. Returns 1, or 0 when there are none, or negative errno. */
int btf_ext_begin(struct btf_ext_walk *w, const void *ext, size_t size, enum btf_ext_kind kind);
/* Gives the next section of programs. Returns 1, or 0 when there is no other, or negative errno. */
int btf_ext_next(struct btf_ext_walk *w, struct btf_ext_section *section);

#endif
