/*
 * The image: the only thing that crosses from the compiler to the runtime. An
 * ordinary BPF ELF object, plus the section .btrun, whose content this header
 * describes as structs. The writer serialises them; the reader checks every
 * number, since an image is untrusted input.
 *
 * Places are in the script's text, the only one that the image has: what another text says has its place
 * where that came into the script.
 *
 * Kinds (builtins, probes, types, counters, externs) are stored by name, so an image
 * made by another version is understood or refused by name, never misread.
 *
 * In the ELF object:
 *	programs    sections "kprobe/f", "fexit/f", "tracepoint/c/e", ... ; symbol = program name
 *	.maps       BTF-defined: the rows of language/map_kinds.def that it needs, and one for
 *	            each @map
 *	.rodata     the externs; the runtime fills them before it loads
 *	.bss        btrun_enabled (u32): programs return at once while it is 0; exit() makes it so
 *	            btrun_exit (u64), where a script has exit(): IMAGE_EXIT and its code once it was called
 *	            btrun_undone (u8), where it has clear() or zero(): for each map one of each enum
 *image_undone
 *	            btrun_generations (u64), where maps have two halves: a bit each says which one is written
 */
#ifndef BTRUN_IMAGE_IMAGE_H
#define BTRUN_IMAGE_IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/commandline.h"
#include "language/registry.h"
#include "base/source.h"
#include "base/str.h"

#define IMAGE_SECTION ".btrun"
#define IMAGE_VERSION 9
#define IMAGE_NONE UINT32_MAX /* no index */

/* The header begins every record in the output buffer; fields follow at their offsets. */
struct record_header {
	uint32_t id;   /* index of image.records */
	uint32_t size; /* bytes, header and tail included */
};

#define IMAGE_EXIT (1ull << 32)

/* What is still to be done to a map, since there was no room for the record that would have asked for it. */
enum image_undone { UNDONE_CLEAR, UNDONE_ZERO, IMAGE_UNDONE_ };

/* The tail's entry stands in the place of a field that lies in the record's tail. */
struct record_tail {
	uint32_t offset; /* from the record's start */
	uint32_t length; /* bytes; of a string without the NUL. UINT32_MAX: could not be read */
};

struct inet_value {
	uint32_t family; /* 2: IPv4, 10: IPv6 (Linux's AF_INET, AF_INET6) */
	uint8_t address[16];
};

/* usym: */
struct usym_value {
	uint64_t address;
	uint64_t pid;
};

/* kstack is the hash of one, 0 for none, UINT64_MAX when there was no room for it. */
struct stack_value {
	uint64_t n; /* frames */
	uint64_t addresses[127];
};

struct ustack_value {
	uint64_t hash;
	uint64_t pid;
};

/* buffer: */
struct buffer_value {
	uint32_t length; /* bytes that follow; UINT32_MAX: could not be read */
	uint8_t bytes[];
};

enum usdt_kind { USDT_CONSTANT, USDT_REGISTER, USDT_MEMORY };

#define USDT_ARGUMENTS 12

/* Where a usdt probe's argument is: value; the register base; or user memory at base + index * scale + value.
 * Registers are numbered as in struct arch; a number that is none (UINT32_MAX) stands for 0. */
struct usdt_argument {
	int64_t value;
	uint32_t kind;
	uint32_t base, index, scale;
	uint32_t cut; /* 64 minus the bits of its size */
	uint16_t is_signed;
	uint16_t shift; /* bits that come first in the register */
};

/* hist() value: hist_buckets(bits) counters of u64. Bucket 0: below 0; 1: zero; then
 * powers of two, each in 2^bits parts. The code generator computes the bucket, the runtime
 * its bounds; both through base/hist.h. */

/* A type refers only to types before it: it is pushed after its elements and items. */
struct image_type {
	enum type_kind_id kind;
	uint32_t size; /* bytes */
	bool is_signed;
	bool is_char;     /* array of char: text */
	uint32_t element; /* array: index of a type, else IMAGE_NONE */
	uint32_t count;   /* array: elements; hist: bits; kstack, ustack: enum stack_mode */
	struct str name;  /* enum, struct: its name; timestamp: the format;
			     cgroup_path: the filter */
	int64_t range[3]; /* lhist: from, to, step */
	uint32_t n_items; /* tuple, struct */
	const struct image_item *items;
};

/* An element of a tuple, a member of a struct. */
struct image_item {
	uint32_t type;
	uint32_t offset; /* bytes */
	uint32_t shift;  /* of a bitfield: bits below it, from offset on */
	uint32_t bits;   /* of a bitfield, else 0 */
	struct str name; /* struct */
};

struct image_field {
	uint32_t type;
	uint32_t offset;
	bool tail;
	bool is_time;     /* nanoseconds of the event, for time() */
	bool is_register; /* of which the script does not say how much is used: %d takes an int where it fits
			   */
};

struct image_action {
	struct str builtin;
	struct span span;
	struct str format;
	uint32_t map; /* index of maps, or IMAGE_NONE */
	int64_t numbers[2];
	uint32_t n_fields;
	struct image_field *fields;
};

struct image_record {
	uint32_t size;      /* fixed part */
	uint32_t tail_size; /* at most */
	uint32_t n_actions;
	struct image_action *actions;
};

struct image_map {
	struct str name;     /* as the script has it, "@x" */
	struct str elf_name; /* the map in the ELF object */
	uint32_t key_type;   /* a tuple; IMAGE_NONE: no key (the ELF map's key is a u64 0) */
	uint32_t value_type;
	enum map_kind_id kind;
	uint32_t generation; /* its bit of btrun_generations, or IMAGE_NONE: it has no halves */
	struct str halves;   /* with a key: the array of maps in the ELF object that gets the two, elf_name
				being the first. Without: empty, the ELF map's key is 0 or 1 */
	struct span span;
};

/* Where a program may be attached only if the target kernel's prototype has
 * parameter number with this size, as the code was made for it. */
struct image_param {
	uint32_t number;
	uint32_t size;
};

struct image_program {
	struct str name; /* symbol in the ELF object */
	enum program_kind_id kind;
	uint32_t attach;   /* the attach it serves, or the first of them */
	uint32_t n_attach; /* and how many: consecutive attaches (globs of one action) */
	bool needs_retval; /* not for a void function */
	uint32_t
	    btf_id; /* of the function, in the BTF of the kernel with image.kernel_id; 0: to be looked up */
	uint32_t n_params;
	struct image_param *params;
};

struct image_attach {
	enum probe_id probe;
	struct str text; /* "kprobe:tcp_connect" */
	struct span span;
	uint32_t action; /* which action of the script: attach points of one action are alternatives */
	bool glob;
	struct str module, function;
	uint64_t offset;
	struct str category, event, binary;
	uint64_t period_ns, count, address;
	uint32_t length;
	struct str mode;
	struct str condition; /* function that must (negated: must not) exist; empty: always */
	bool condition_negated;
	bool is_open;       /* $N stands in some of these texts, or: */
	uint32_t parameter; /* the number by which period_ns or count is multiplied, or IMAGE_NONE */
	bool is_rate;       /* period_ns is divided by it */
};

struct image_counter { /* its index is its key in the counters map (per-CPU array of u64) */
	enum loss_id kind;
	uint32_t attach; /* IMAGE_NONE when of no single one */
	uint32_t map;
	uint32_t statements; /* of the script that one count stands for; 1 but for LOSS_OF_STATEMENTS */
	struct span span;
};

enum image_extern_kind {
#define EXTERN(name, ...) EXTERN_##name,
#include "language/externs.def"
#undef EXTERN
	EXTERNS_
};

/* Returns the bytes of an extern, 4 or 8. */
uint32_t image_extern_size(enum image_extern_kind kind);
bool image_extern_is_named(enum image_extern_kind kind);

struct image_extern {
	enum image_extern_kind kind;
	uint32_t offset; /* in .rodata */
	uint32_t size;
	struct str name;
	struct span span; /* what needs it, first */
};

/* What the command line gives: the runtime writes its value to .rodata before it loads. */
struct image_parameter {
	enum parameter_kind kind;
	uint32_t number; /* of $1; 0: it is named, or $# */
	struct str name, description;
	struct str fallback;   /* the value when it is not given, as it would be given; empty by position */
	uint32_t offset, size; /* in .rodata (IMAGE_NONE: only attach points use it); 8 bytes, or the room for
				  a text and its NUL */
	uint32_t skip;         /* bytes of a text that are left out */
	struct span span;
};
/* What a tracepoint's field holds: its value, or where in the record that lies. */
enum image_loc { LOC_NONE, LOC_DATA, LOC_REL };

/* btrun's own relocation: the 16-bit offset of the instruction at insn (in bytes from its
 * section's start) becomes the tracepoint field's offset on the kernel where it runs. */
struct image_reloc {
	struct str section;
	uint32_t insn;
	struct str category, event, field; /* no category: a parameter of a function, whose context has it */
	uint32_t size;                     /* the field's size when compiled */
	uint32_t delta;                    /* bytes to add to the field's offset */
	uint32_t width; /* of a number without a sign, which may be smaller on another kernel; 0: the size
			   must be the same */
	uint32_t loc;   /* enum image_loc: another kind is refused */
	struct span span;
};

struct image {
	struct str script_name;
	struct str script_text;  /* for carets in messages of the runtime */
	struct str compiler;     /* "btrun 0.1.0, LLVM 19.1.7" */
	struct str machine;      /* name of its struct arch: registers have other places elsewhere */
	struct str kernel;       /* release of the kernel that it was compiled against */
	struct str kernel_id;    /* of that very build, in hexadecimal: there everything is where the code has
				    it. Empty: not known, or more than the kernel counts */
	uint32_t enabled_offset; /* of btrun_enabled in .bss */
	uint32_t exit_offset;    /* of btrun_exit there, or IMAGE_NONE */
	uint32_t undone_offset;  /* of btrun_undone there, or IMAGE_NONE */
	uint32_t generations_offset; /* of btrun_generations there, or IMAGE_NONE */
	VEC(struct image_type) types;
	VEC(struct image_record) records;
	VEC(struct image_map) maps;
	VEC(struct image_attach) attaches;
	VEC(struct image_program) programs;
	VEC(struct image_counter) counters;
	VEC(struct image_extern) externs;
	VEC(struct image_parameter) parameters;
	uint32_t n_fixed; /* parameters by position that it was compiled with */
	VEC(struct image_reloc) relocs;
};

/*
 * Do the numbers of the image fit each other? Empty when they do, else what is
 * wrong, as the middle of a sentence. Both functions below ask this.
 */
struct str image_check(struct arena *a, const struct image *image);

/*
 * Adds the section to the ELF object in fd (a memfd or file, read-write), and the seal. 0 or negative errno:
 * -ENOEXEC when fd holds no ELF object, -EEXIST when it has the section already, -EINVAL when the
 * image breaks a rule of image_check().
 */
int image_write(int fd, const struct image *image);

/*
 * A file with an image is the ELF object and, behind it, the seal: the object's length and checksum. It may
 * stand behind an executable (btrun's own, --aot): from image_behind() of where that ends.
 */
int image_seal(int fd);
/* Return where an executable's own bytes end, and where an image behind it begins. */
uint64_t image_program_end(const Elf64_Ehdr *header);
uint64_t image_behind(uint64_t program_end);
/*
 * The object of such a file, in memory of its own that the caller unmaps: room bytes from *object, of which
 * the object has size. 0, or -EINVAL and *why as image_read() says it. Only whether the bytes are those that
 * were written is checked here: everything else is left to image_read().
 */
int image_load(int fd, void **object, size_t *size, size_t *room, struct str *why);

/* Lists the parameters that have names, for commandline_split(). */
void image_commandline(struct arena *a, const struct image *image, struct commandline *line);

/*
 * Reads and checks the section of the ELF object at data. Everything in *image
 * points into the arena, nothing into data. 0; -EINVAL when it is no image or a
 * damaged one, -EPROTONOSUPPORT for another version's: *why then says what is
 * wrong with it, as the middle of a sentence.
 */
int image_read(struct arena *a, const void *data, size_t size, struct image *image, struct str *why);

#endif
