/*
 * What the files of the code generator share: one struct gen a compile. It turns
 * the typed program into an LLVM module and, beside it, the image's description.
 *
 *	module.c    module, debug information, emission
 *	maps.c      .maps, externs of .rodata, .bss
 *	loss_counters.c     counters of what is lost
 *	map_upsert.c      elements that are not there yet
 *	core_read.c      CO-RE offsets and memory reads
 *	btf_load.c    members read by plain loads
 *	expr.c stmt.c    the language
 *	builtins.c context.c text.c aggregate.c stack.c    builtin_X of language/builtins.def
 *	usdt.c      where usdt arguments are
 *	events.c    records of ASYNC calls
 *	unit.c      a unit -> one function for each kind of program
 *	image_tables.c      the image's tables
 *	relocs.c    btrun's own relocations out of .BTF.ext
 *	compile.c   the attempts, one after the other
 *	frames.c    how much stack a finished object takes
 *	seq_printf.c  what iterators print
 *
 * Everything but LLVM's own objects lives in the compile's arena.
 */
#ifndef BTRUN_CODEGEN_GEN_H
#define BTRUN_CODEGEN_GEN_H

#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/TargetMachine.h>

#include "analysis/program.h"
#include "base/round.h"
#include "base/diag.h"
#include "image/image.h"
#include "language/loss_counters.h"
#include "language/map_kinds.h"
#include "language/program_kinds.h"

/* Numbers of enum bpf_func_id, the kernel's include/uapi/linux/bpf.h. */
enum helper {
	HELPER_MAP_LOOKUP = 1,
	HELPER_MAP_UPDATE = 2,
	HELPER_MAP_DELETE = 3,
	HELPER_KTIME = 5,
	HELPER_CPU = 8,
	HELPER_PRANDOM = 7,
	HELPER_PID_TGID = 14,
	HELPER_UID_GID = 15,
	HELPER_COMM = 16,
	HELPER_PERF_OUTPUT = 25,
	HELPER_SKB_OUTPUT = 111,
	HELPER_CURRENT_TASK = 35,
	HELPER_NUMA_NODE = 42,
	HELPER_CURRENT_TASK_BTF = 158,
	HELPER_OVERRIDE = 58,
	HELPER_GET_STACK = 67,
	HELPER_CGROUP_ID = 80,
	HELPER_SEND_SIGNAL = 109,
	HELPER_READ_USER = 112,
	HELPER_NS_PID_TGID = 120,
	HELPER_READ_KERNEL = 113,
	HELPER_READ_USER_STR = 114,
	HELPER_READ_KERNEL_STR = 115,
	HELPER_KTIME_BOOT = 125,
	HELPER_SEQ_PRINTF = 126,
	HELPER_RING_OUTPUT = 130,
	HELPER_RING_RESERVE = 131,
	HELPER_RING_SUBMIT = 132,
	HELPER_PATH = 147,
	HELPER_ATTACH_COOKIE = 174,
	HELPER_FUNC_ARG = 183,
	HELPER_FUNC_RET = 184,
	HELPER_LOOKUP_PERCPU = 195,
};

/* Of the 512 bytes that a BPF program has; the rest is for what LLVM spills. */
#define STACK_REGION 256

struct cse_load;
struct typed;

/* Blocks of a function, the first to the last, that go to its end. */
struct rare {
	LLVMBasicBlockRef first, last, after;
};

struct gen {
	struct arena *arena;
	const struct program *program;
	struct image *image;

	LLVMTargetMachineRef machine;
	LLVMContextRef context;
	LLVMModuleRef module;
	LLVMBuilderRef b;
	LLVMDIBuilderRef di;
	LLVMMetadataRef file, cu;
	LLVMTypeRef i1, i8, i16, i32, i64, ptr, void_;

	LLVMValueRef events, counters, scratch, large, enabled;
	VEC(LLVMValueRef) maps;            /* of program.maps */
	LLVMValueRef *upserts, *adders;    /* the same, where there is one: see map_upsert.c */
	unsigned *adds;                    /* the same: statements of this program that add to an element */
	LLVMValueRef loss_function;        /* the subprogram that adds to a counter */
	LLVMValueRef loss_update_function; /* the same of an update that was refused, by its result */
	LLVMValueRef stacks, stack_id;     /* the map, and the subprogram; NULL: no use for them */
	LLVMValueRef packets;              /* only with skboutput() */
	LLVMValueRef usdt_map, usdt_function; /* the same */
	uint32_t stack_region; /* bytes for temporaries: STACK_REGION, or 0 when that was too much */
	bool one_kind;         /* see struct generate_options */
	bool btf_loads;        /* see btf_load.c */
	bool muted;            /* LLVM's errors are not printed: there will be another attempt */
	bool refused;          /* LLVM has reported an error */
	uint32_t programs;     /* how many functions there are */
	unsigned attempt;      /* how many programs this process has made before */
	unsigned depth;        /* of structs in structs that image_tables_type() is in */
	uint32_t small_size;   /* the largest region of a program so far that fits a per-CPU map */
	uint32_t large_size;   /* and of those that don't */
	unsigned n_large;      /* how many they are */

	/* the function that is being made */
	const struct unit *unit;
	const struct attach *attach;
	enum program_kind_id program_kind;
	LLVMValueRef function, context_arg;
	LLVMMetadataRef scope;
	struct span place;       /* of gen_place() */
	LLVMBasicBlockRef entry; /* allocas and what has to come first */
	LLVMValueRef *variables; /* by variable.index: where it lives */
	LLVMValueRef ids;        /* alloca: tgid << 32 | pid, once somebody has asked */
	bool ids_used;
	LLVMValueRef scratch_slot; /* alloca: the scratch region's address */
	bool scratch_used, scratch_large;
	LLVMValueRef stack;    /* alloca of STACK_REGION bytes: what helpers are given the address of */
	uint32_t stack_top;    /* bytes of it that are taken */
	uint32_t scratch_top;  /* bytes of the region that are taken */
	uint32_t scratch_size; /* the most that were */
	LLVMBasicBlockRef loop_next, loop_after; /* of the loop that is open: where continue and break go */
	LLVMBasicBlockRef after_record; /* of the record that is open: where to go when there is no room */
	LLVMValueRef record;            /* its bytes */
	LLVMValueRef tail_used;         /* alloca: bytes of it in use, the tail included */
	const struct record *open;
	VEC(struct cse_load *) cse_loads; /* see load_cse.c */
	const struct node *copied;        /* of portable_copy(): what is at copied_address; NULL: nothing */
	LLVMValueRef copied_address;
	VEC(struct typed *) typed; /* see btf_load.c */
	VEC(struct rare) rare;
	unsigned rare_depth;
	bool keeps_reads; /* a predicate is being made, a part that is always evaluated */
};

/* module.c */
int gen_begin(struct gen *g);
LLVMTypeRef gen_int_type(struct gen *g, uint32_t size);
LLVMValueRef gen_const(struct gen *g, uint64_t value);
LLVMValueRef gen_const32(struct gen *g, uint32_t value);
LLVMValueRef gen_call(struct gen *g, enum helper helper, LLVMTypeRef result, LLVMValueRef *args, unsigned n);
LLVMValueRef gen_intrinsic(struct gen *g, const char *name, LLVMTypeRef *overloads, unsigned n_overloads,
    LLVMValueRef *args, unsigned n);
/* Code that is made from here on belongs to this place of the script. */
void gen_place(struct gen *g, struct span span);
LLVMBasicBlockRef gen_block(struct gen *g, const char *name);
/* An alloca of size bytes, aligned to 8, in the entry block. */
LLVMValueRef gen_alloca(struct gen *g, uint32_t size, const char *name);
LLVMValueRef gen_offset(struct gen *g, LLVMValueRef base, uint32_t offset);
/* A scalar's load and store: extended to and cut from 64 bits by its type. */
LLVMValueRef gen_load(struct gen *g, const struct type *type, LLVMValueRef from);
void gen_store(struct gen *g, const struct type *type, LLVMValueRef to, LLVMValueRef value);
/* The value that comes from one of two blocks, where both go on. Cheaper for LLVM than an alloca: what it
 * spends on these grows with the number of blocks. */
LLVMValueRef gen_either(
    struct gen *g, LLVMValueRef a, LLVMBasicBlockRef from_a, LLVMValueRef b, LLVMBasicBlockRef from_b);
LLVMValueRef gen_load64(struct gen *g, LLVMValueRef from);
void gen_store64(struct gen *g, LLVMValueRef to, LLVMValueRef value);
LLVMValueRef gen_volatile(struct gen *g, LLVMTypeRef type, LLVMValueRef from);
/* The same value, of which LLVM knows nothing: a bound that is checked on it is checked in the
 * register that is used, which is where the verifier looks. */
LLVMValueRef gen_opaque(struct gen *g, LLVMValueRef v);
void gen_zero(struct gen *g, LLVMValueRef to, uint32_t size);
/* 0 when size bytes are the same, a multiple of 8. A loop: for what is too long to be compared at once. */
LLVMValueRef gen_difference(struct gen *g, LLVMValueRef a, LLVMValueRef b, uint32_t size);
#define RESERVE_LIMIT 400 /* bytes of a record; what is larger is built in the scratch region */
#define UNROLL_LIMIT 256  /* bytes that are copied or compared without a loop */
void gen_copy(struct gen *g, LLVMValueRef to, LLVMValueRef from, uint32_t size);
/* from is aligned to align bytes only. */
void gen_copy_aligned(struct gen *g, LLVMValueRef to, LLVMValueRef from, uint32_t size, uint32_t align);
/* if (condition) a new block, which the builder is then in; *after follows it. */
void gen_if(struct gen *g, LLVMValueRef condition, LLVMBasicBlockRef *after, const char *name);
/* The same of what seldom happens: it is moved behind everything else, so that what happens always runs
 * straight on. From gen_end_rare() on the builder is where both meet. */
void gen_if_rare(struct gen *g, LLVMValueRef condition, struct rare *r, const char *name);
void gen_end_rare(struct gen *g, struct rare *r);
void gen_move_rare(struct gen *g); /* at the function's end */
/* Ends the block with a jump, unless it has an end, and goes on in block. */
void gen_go(struct gen *g, LLVMBasicBlockRef block);
bool gen_ended(struct gen *g);
int gen_dump_ir(struct gen *g, FILE *out);
/* Optimises the module and emits it; negative errno with a message on stderr. */
/* Checks the module and runs the passes over it. */
int gen_optimise(struct gen *g);
int gen_emit(struct gen *g, LLVMCodeGenFileType kind, LLVMMemoryBufferRef *out);
LLVMMetadataRef gen_subprogram(struct gen *g, const char *name, LLVMValueRef function, struct span span);
/* Begins a subprogram of the object's own, which is called and never inlined: the builder stands in its
 * entry. */
LLVMValueRef gen_begin_function(
    struct gen *g, const char *name, LLVMTypeRef result, LLVMTypeRef *params, unsigned n);
/* A global function, which the verifier walks through once and not at each call. Its arguments are numbers of
 * 4 or 8 bytes, its result is an int. */
LLVMValueRef gen_declare_global(struct gen *g, const char *name, const uint32_t *sizes, unsigned n);
void gen_enter_global(struct gen *g, LLVMValueRef function);
void gen_end(struct gen *g);

/* maps.c */
void maps_begin(struct gen *g);
void maps_end(struct gen *g); /* gives scratch and counters their sizes */
/* Symbols of what lies in .rodata, before its number: relocs.c reads the places from the object. */
#define EXTERN_SYMBOL "extern_"
#define PARAMETER_SYMBOL "para_"
/* A row of program.parameters: a number, or a text to the memory at to. */
LLVMValueRef param_load(struct gen *g, uint32_t row, const struct type *type, LLVMValueRef to);
LLVMValueRef extern_load(struct gen *g, enum image_extern_kind kind, struct str name);
/* An extern of which only the question counts. */
void extern_note(struct gen *g, enum image_extern_kind kind, struct str name);

/* loss_counters.c */
/* The subprograms. */
void loss_define(struct gen *g);
/* The key of a counter. */
LLVMValueRef loss_index(struct gen *g, enum loss_id kind, uint32_t map, struct span span);
void loss_count(struct gen *g, enum loss_id kind, uint32_t map, struct span span);
/* An update that failed with result: because the map was full, or not. */
void loss_count_update(struct gen *g, LLVMValueRef result, uint32_t map, struct span span);
/* Counts when result, a helper's, is negative. */
void loss_count_failure(
    struct gen *g, LLVMValueRef result, enum loss_id kind, uint32_t map, struct span span);

/* map_upsert.c */
void map_upsert_begin(struct gen *g);
/* Another program begins. */
void map_upsert_begin_program(struct gen *g);
/* Adds to an element, whose old value nobody asks for. */
void map_upsert_sum(struct gen *g, struct node *element, LLVMValueRef by);
/* The address of an element that was not there and is now, made of zeros, or NULL. */
LLVMValueRef map_upsert_element(struct gen *g, const struct map *map, LLVMValueRef key, struct span span);
/* The subprograms that do it, when all that want one are known. */
void map_upsert_define(struct gen *g);

/* core_read.c */
/* The kinds of llvm.bpf.preserve.field.info, as clang's bpf_core_read.h numbers them. */
enum field_info {
	FIELD_BYTE_OFFSET = 0,
	FIELD_BYTE_SIZE = 1,
	FIELD_SIGNED = 3,
	FIELD_LSHIFT = 4,
	FIELD_RSHIFT = 5,
};
/* Is it a member, or an element of one that is an array, that CO-RE finds in the kernel's own BTF? */
bool core_is_field(const struct node *node);
/* Of such a node. */
LLVMValueRef core_field_info(struct gen *g, struct node *node, enum field_info info);
/* The bytes from an element of an array, or of what a pointer points to, to the next one. */
LLVMValueRef core_stride(struct gen *g, struct node *object, const struct type *element);
/* The remote address (i64) of a member, element or dereference. */
LLVMValueRef core_address(struct gen *g, struct node *node);
/* The value of one that is a scalar: read, extended, shifted out of its bitfield. */
LLVMValueRef core_value(struct gen *g, struct node *node);
/* size bytes at a remote address -> to; failures are counted for span, the bytes then zero. */
void core_read(struct gen *g, enum address_space space, LLVMValueRef to, uint32_t size, LLVMValueRef address,
    struct span span);
/* A string: result is the helper's (bytes with the NUL, or negative). limit: i64, at most size. */
LLVMValueRef core_read_string(
    struct gen *g, enum address_space space, LLVMValueRef to, LLVMValueRef limit, LLVMValueRef address);
enum address_space core_space(const struct gen *g, const struct node *node);
/* core_read() of a size that is not known; the helper's result. */
LLVMValueRef core_read_bytes(struct gen *g, enum address_space space, LLVMValueRef to, LLVMValueRef size,
    LLVMValueRef address, struct span span);
/* Does a member, element ... lie in our own memory: in a variable, a map's value, a tuple? */
bool core_is_local(const struct node *node);
/* A struct, array, tuple ... of our own memory -> to. */
void core_local_copy(struct gen *g, struct node *node, LLVMValueRef to);
/* Debug information, by which CO-RE finds a member: an integer, any type, and a struct or union of one
 * member. inner: that member's type. */
LLVMMetadataRef core_describe_int(struct gen *g, const char *name, uint32_t bytes, unsigned encoding);
LLVMMetadataRef core_describe_type(struct gen *g, const struct type *t);
LLVMMetadataRef core_describe_record(struct gen *g, struct str name, bool is_union, uint32_t size,
    struct str member, uint64_t bit_offset, uint64_t bits, bool bitfield, LLVMMetadataRef inner);
/* The address of that member, relocated. */
LLVMValueRef core_preserve(struct gen *g, LLVMValueRef base, LLVMMetadataRef record, bool is_union);
/* To 64 bits, by its type. */
LLVMValueRef core_extend(struct gen *g, const struct type *t, LLVMValueRef v);

/* The address of a member, of the type that the verifier knows, from pointer on, which is root's. */
LLVMValueRef core_pointer_from(
    struct gen *g, struct node *node, const struct node *root, LLVMValueRef pointer);

/* btf_load.c */
struct btf_load {
	struct node *root;    /* the pointer that the member is reached from */
	LLVMValueRef base;    /* its value */
	LLVMValueRef value;   /* what a direct load gave; NULL: there can't be one */
	LLVMValueRef pointer; /* the same, when it is a pointer that the verifier knows, */
	uint32_t btf_id;      /* and the struct that it points to, or 0 */
};
/* Loads a scalar member. False: nothing is known, nothing has been done. */
bool btf_load_member(struct gen *g, struct node *node, struct btf_load *d);
/* What was loaded is known under this value from here on. */
void btf_load_done(struct gen *g, const struct btf_load *d, LLVMValueRef value);
/* A value that is an argument, what the function returned, the current task. */
void btf_load_argument(struct gen *g, LLVMValueRef value, uint32_t number);
void btf_load_retval(struct gen *g, LLVMValueRef value);
LLVMValueRef btf_load_task(struct gen *g, const struct type *type);
/* The address of a member, or the pointer that it is, with the type that the verifier knows. In an iterator
 * it goes to missing when its object is none. */
LLVMValueRef btf_load_pointer(struct gen *g, struct node *node, LLVMBasicBlockRef missing);
/* A variable has got a value, which from made. */
void btf_load_assigned(
    struct gen *g, const struct variable *variable, const struct node *from, LLVMValueRef value);

/* load_cse.c */
/* The value of a map's element (NODE_MAP, a scalar) that has been read already, or NULL. */
LLVMValueRef load_cse_read(struct gen *g, const struct node *node);
/* It has been read now. */
void load_cse_add(struct gen *g, const struct node *node, LLVMValueRef value);
/* The map is written to; NULL: nothing is known any more. */
void load_cse_forget(struct gen *g, const struct map *map);

/* portable.c: what is copied whole, where the kernel's layout may be another than the image's. */
bool portable_copies(const struct gen *g, const struct node *node);
void portable_copy(struct gen *g, struct node *node, LLVMValueRef to);

/* args.c */
/* A member of args that is a scalar. */
LLVMValueRef args_value(struct gen *g, struct node *node);
/* The pointer that is a parameter, loaded from the trampoline's context: with the type that the verifier
 * knows. */
LLVMValueRef args_typed_load(struct gen *g, const struct member *m);
/* Of an iterator: with the type that the verifier knows. */
LLVMValueRef args_iter_load(struct gen *g, const struct member *m);
/* An array in a tracepoint's record, element by element: needs no helper, so it works under lockdown. */
void args_copy_field(struct gen *g, struct node *node, LLVMValueRef to);
/* context.c: of a function's arguments at its entry: 0-5 those in registers, 6 on those on the stack. */
LLVMValueRef gen_entry_argument(struct gen *g, uint32_t place);

/* expr.c */
bool gen_is_scalar(const struct type *type);
/* A scalar's value as i64, extended by its type. */
LLVMValueRef gen_value(struct gen *g, struct node *node);
/* Any value into memory of type, which may be wider than the node's. All type->size bytes are written. */
void gen_value_to(struct gen *g, struct node *node, LLVMValueRef to, const struct type *type);
/* A text that a helper writes, its NUL included (comm): where nobody looks behind the NUL it can go to memory
 * that holds anything. */
bool gen_is_given_text(const struct node *node);
/* A truth value as i1. */
LLVMValueRef gen_truth(struct gen *g, struct node *node);
/* Memory for a temporary, until its statement ends: the stack region when it is small and there is
 * room, else the scratch region. Not for what is only stored and loaded: that is gen_alloca()'s, which
 * LLVM turns into registers. */
LLVMValueRef gen_temporary(struct gen *g, uint32_t size);
/* The same, always in the scratch region. */
LLVMValueRef gen_scratch(struct gen *g, uint32_t size);
/* What a map has under a key; what is not there reads as zero. */
LLVMValueRef gen_element_value(struct gen *g, const struct map *map, LLVMValueRef key, LLVMValueRef to);
/* The key of a map element, packed. */
LLVMValueRef gen_key(struct gen *g, struct node *node);

LLVMValueRef gen_operate(struct gen *g, enum op op, LLVMValueRef a, LLVMValueRef b, bool is_signed);
/* How the operation treats values of these types. */
bool gen_is_signed(struct gen *g, enum op op, const struct type *a, const struct type *b);

/* stmt.c */
void gen_block_statements(struct gen *g, struct node *statements);
void gen_assign(struct gen *g, struct node *node);
LLVMValueRef gen_step(struct gen *g, struct node *node);
/* Adds to the first word of an element, which in maps of some kinds other CPUs write too. */
void gen_add_word(struct gen *g, const struct map *map, LLVMValueRef element, LLVMValueRef by);
/* Adds to a map element, making it when it is not there; its value before. */
LLVMValueRef gen_add_to_element(struct gen *g, struct node *element, LLVMValueRef by);
/* A map's element, made of zeros when it is not there. The builder is then where it is present;
 * gen_go(after) leaves that. */
struct element {
	LLVMValueRef at;
	LLVMBasicBlockRef after;
	LLVMBasicBlockRef absent; /* from where after is reached when there is none */
};
void gen_element(struct gen *g, struct node *element, struct element *e);
/* Ends the program here. */
void gen_return(struct gen *g);

/* stack.c, usdt.c: the subprograms, when the script needs them */
void stack_define(struct gen *g);
void usdt_define(struct gen *g);

/* aggregate.c: the number that an aggregation's element holds. */
LLVMValueRef gen_aggregate_value(struct gen *g, const struct type *type, LLVMValueRef map_and_key[2]);

/* builtins.c */
LLVMValueRef builtin_value(struct gen *g, struct node *node, LLVMValueRef to);

/* str() into memory of its type's size; the helper's result: bytes with the NUL, or negative. NULL
 * when the node is no such call. */
LLVMValueRef gen_string_result(struct gen *g, struct node *node, LLVMValueRef to);

/* events.c */
void event_call(struct gen *g, struct node *node);

/* unit.c */
/* seq_printf.c */
void seq_printf(struct gen *g, struct node *node);
void unit_generate(struct gen *g, const struct unit *unit);

/* image_tables.c */
void image_tables_begin(struct gen *g);
uint32_t image_tables_type(struct gen *g, const struct type *type);
void image_tables_records(struct gen *g);

/* unit.c: tgid << 32 | pid of the current thread, of which the program asks the kernel once. */
LLVMValueRef gen_pid_tgid(struct gen *g);
/* frames.c: bytes of the stack that the programs of an object take at most. */
#define FRAMES_LIMIT 512
uint32_t frames_deepest(void *object, size_t size);
/* What the error says whose action takes more. */
void gen_too_large(struct gen *g, const char *why);

/* relocs.c */
int relocs_take(struct gen *g, int fd);

#endif
