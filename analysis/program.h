/*
 * The typed program: what analysis gives to the code generator. Everything
 * lives in the compile's arena.
 *
 * An action is analysed once for each kind of context that its attach points
 * give it; each result is a unit. The code generator turns a unit into one BPF
 * program for each form in which it can be attached.
 *
 * What the code generator can rely on:
 * - A value's type may be narrower than that of the variable, key, map value or parameter
 *   it goes to: integers are extended by their own sign, texts are copied and
 *   filled up with NUL, a char array becomes a string, an integer a pointer.
 * - Integer map values and keys are int64 or uint64. Arithmetic gives int64 or uint64 (type_common()
 *   tells how the operands meet, in comparisons too); & | ^ << >> as well. Comparisons give bool.
 * - pointer + integer counts in elements of the target (void: bytes); *integer reads a uint64.
 * - @m[(a, b)] has become @m[a, b], delete(@m, k) delete(@m[k]), sizeof an integer.
 * - An async call that is not a statement of its own is a branch of ?: and has its own record.
 */
#ifndef BTRUN_ANALYSIS_PROGRAM_H
#define BTRUN_ANALYSIS_PROGRAM_H

#include "analysis/type.h"
#include "arch/arch.h"
#include "base/commandline.h"
#include "base/diag.h"
#include "kernel/kernel.h"
#include "language/map_kinds.h"
#include "parser/ast.h"

/* $x of one unit. It lives as long as its unit's run and starts as zero. */
struct variable {
	struct str name;
	const struct type *type;
	struct span first; /* where it is first assigned */
	uint32_t index;    /* in its unit's list */
};

/* @x of the script. */
struct map {
	struct str name; /* with its @ */
	uint32_t index;  /* in program.maps */
	struct span first;
	const struct type *key; /* NULL: no key; else a tuple (of one for @x[k]) */
	const struct type *value;
	enum map_kind_id kind;
	bool no_array; /* it is deleted or set to zero somewhere: an array can't do the one, or tell the other
			*/
	uint32_t max_entries;
	bool is_reset;       /* cleared or set to zero while programs run: it has two halves */
	uint32_t generation; /* with two halves: its bit of the word that says which one is written */
};

/* How many maps can have two halves. */
#define MAP_GENERATIONS 64

/* What a record carries for one value. */
enum field_kind {
	FIELD_VALUE, /* of the expression value */
	FIELD_TIME,  /* bpf_ktime_get_ns() at the event, 8 bytes */
	FIELD_HOLD,  /* stops the process; what bpf_send_signal() gave, 8 bytes */
	FIELD_JOIN,  /* the strings of the array of pointers at value, in the tail */
};

struct field {
	enum field_kind kind;
	struct node *value;
	const struct type *type;
	uint32_t offset;  /* in the record */
	bool is_register; /* retval, arg0 ...: what type it has is not known */
	bool tail;        /* at offset stand u32 offset, u32 length of bytes in the record's tail */
};

/* One ASYNC call: what the runtime will do when its record arrives. */
struct action {
	enum builtin_id builtin;
	struct span span;
	struct str format;  /* printf, time; empty when there is none */
	struct map *map;    /* print(@x), clear(@x) */
	int64_t numbers[2]; /* print's top and div; 0 when not given */
	VEC(struct field) fields;
};

/* The actions of a straight run of statements share one record: reserved by the
 * first call of the run, sent by the last. */
struct record {
	uint32_t id;        /* index in program.records; the record's first u32 */
	uint32_t unit;      /* index of the unit that sends it */
	uint32_t size;      /* the fixed part in bytes, a multiple of 8, header included */
	uint32_t tail_size; /* the most that the tail can take; 0: none */
	VEC(struct action *) actions;
};

/* What analysis knows of a builtin's use; node->call.call or node->ident.call. */
struct call {
	enum builtin_id builtin;
	uint32_t number; /* argN: N; getopt: the row of program.parameters */
	bool is_arg;     /* arg0..argN, sarg0..., which have no row of their own */
	bool on_stack;   /* sargN */
	/* ASYNC: its part of a record */
	struct record *record;
	struct action *action;
	bool first, last; /* of the record's actions */
	/* count(), hist(), delete(): the map element written to */
	struct node *element; /* NODE_MAP */
	int64_t literal;      /* a literal argument's value */
	struct str text;      /* a literal string argument */
	/* record, without action: skboutput()'s, which is no part of a run */
	bool reads_text; /* str() of memory: the text can be read straight into a record */
};

/* One attach point, taken apart. */
struct attach {
	uint32_t index;  /* in program.attaches */
	uint32_t action; /* which action of the script */
	enum probe_id probe;
	struct str text; /* as probe prints it: "kprobe:tcp_connect" */
	struct span span;
	bool glob;
	struct str module;   /* function probes; empty: any */
	struct str function; /* a name or a pattern */
	uint64_t offset;     /* kprobe: bytes into the function */
	struct str category; /* tracepoint; usdt: the provider, which may be empty */
	struct str event;    /* tracepoint, rawtracepoint, usdt, software, hardware; iter: the object */
	struct str binary;   /* uprobe, usdt: a path, a pattern, or a name to look for; iter: where to pin */
	uint64_t period_ns;  /* interval, profile */
	uint64_t count;      /* software, hardware: events from one firing to the next; 0: the default */
	uint64_t address;    /* watchpoint; uprobe without a function */
	struct {
		uint32_t length;   /* bytes */
		struct str mode;   /* of the letters r, w, x */
		uint32_t argument; /* with a function: which argument is the address */
	} watch;                   /* watchpoint */
	/* Attach only where the kernel has (or, negated, lacks) this function: from a
	 * predicate that is func_exists("...") or its negation. Empty: always. */
	struct str condition;
	bool condition_negated;
	bool is_open;       /* parameters of an image, $N, stand in its names or are its number */
	uint32_t parameter; /* the row of program.parameters that period_ns or count is multiplied with */
	bool is_rate;       /* divided by */
	/* The kernel that we compile against, for function probes without a glob */
	bool in_btf;
	uint32_t proto;  /* BTF id of the prototype */
	uint32_t btf_id; /* of the function in the kernel proper, or 0 */
	uint32_t n_params;
	bool variadic, ambiguous;
	const char *refusal; /* of trampolines: struct btf_func_info */
	uint32_t ret_type;   /* 0: void */
};

struct unit {
	uint32_t index;
	enum probe_id probe;
	VEC(struct attach *) attaches; /* one, or all the globs of an action */
	const struct type *args;       /* FORM_ARGS, or NULL */
	int args_error;                /* of a uprobe: why there are none; 0: nobody has asked */
	struct node *predicate;        /* a typed copy; NULL when there is none (or it became a condition) */
	struct node *body;
	VEC(struct variable *) variables;
	uint32_t arg_mask;    /* bit N: argN is used */
	uint32_t signed_mask; /* bit N: argN has a sign; of usdt */
	bool knows_signs;     /* signed_mask was asked for */
	bool uses_retval;
	const struct type *retval; /* of a register that holds what is returned; NULL: nobody has asked */
	bool needs_kprobe;         /* reg(), ctx, an offset ...: no trampoline form */
	/* A watchpoint whose addresses this unit finds, as arguments of a function; else NULL. The script has
	 * no such action: it is ours. */
	const struct attach *watch;
	bool pinned;      /* an iterator that stays when btrun has ended */
	bool user_memory; /* a number that is used as an address is one of user memory */
};

#define NO_PARAMETER UINT32_MAX

/* What the command line of an image will give. */
struct parameter {
	enum parameter_kind kind;
	uint32_t number; /* of $1; 0: it is named, or $# */
	struct str name; /* getopt()'s */
	struct str description;
	struct str fallback; /* the value when it is not given; empty by position */
	uint32_t size;       /* bytes of the value: 8, or the most that a text can have with its NUL */
	uint32_t skip;       /* bytes of a text that the script leaves out */
	bool unplaced;       /* no code uses it: it belongs to an attach point */
	struct span span;    /* where it is first used */
};

struct program {
	const struct source_map *map;
	const struct source *source; /* the script, of the map */
	struct types *types;
	struct kernel_btf *btf; /* NULL: the kernel has none */
	bool has_packets;       /* skboutput() */
	struct str btf_module;  /* whose BTF is on top of the kernel's; empty: none */
	VEC(struct attach *) attaches;
	VEC(struct unit *) units;
	VEC(struct map *) maps;
	VEC(struct record *) records;
	VEC(struct parameter) parameters; /* that are still open */
	uint32_t n_fixed;                 /* parameters by position that were given while compiling */
	bool uses_stacks;
	const struct arch *arch; /* of the machine that it is compiled for */
	bool portable;           /* of the options */
};

struct analysis_options {
	struct kernel *kernel;
	const struct str *params; /* the words behind the script */
	unsigned n_params;
	bool open_parameters; /* of an image: those that are not given now are given later */
	uint32_t max_strlen;  /* bytes a string holds, NUL included */
	uint32_t max_map_keys;
	const struct arch *arch; /* NULL: of this machine */
	bool portable;           /* the program is to run on other kernels too */
	bool unsafe;             /* --unsafe: builtins that change the system are allowed */
	const char *dump_after; /* the name of a pass: the program is printed after it, and that is the end */
	FILE *dump_to;
};

/* Runs the passes of language/passes.def, and reports every error through diag; the result is good for code
 * generation only when diag->errors is 0. */
struct program *analyse(
    struct arena *a, struct script *script, struct diag *diag, const struct analysis_options *options);
/* Is there a pass of that name? */
bool analysis_has_pass(const char *name);
/* Prints units with their trees, variables, maps and records, as far as the passes have come. */
void program_dump(FILE *out, const struct program *program);

#endif
