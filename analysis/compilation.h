/*
 * What the files of analysis/ share; nobody outside includes it.
 *
 * The passes of language/passes.def run one after the other, each a file with one entry:
 *
 * - expand works on the script as it is written, before it is copied for each attach point: what the command
 *   line says takes the place of $N, $# and getopt(), delete(@m, k) becomes delete(@m[k]) and unroll() is
 *   counted out. It may write anything into the script.
 * - resolve finds what names stand for: types, attach points and their units, variables, maps. It makes
 * these, and puts numbers in the place of constants and of the names of signals. After it no node of a unit
 * is made, replaced or moved before lower.
 * - infer gives every expression its type, and what comes with it: which member, which builtin with what to
 *   send, which form the unit needs. The types of maps and variables grow with what is assigned to them, so
 * it goes through all units until a round changes nothing. It is silent: what it cannot type it records as a
 *   problem, and the problems of the last round are those that count.
 * - check tells the problems and writes nothing.
 * - lower makes what the code generator wants of what is known now: sizes, maps, records with their layouts.
 * A record that grows too large is a problem that only lower can find; analyse() tells it.
 *
 * c->error is the type of what is wrong or not known yet: whoever meets it says
 * nothing and passes it on, so that one mistake gives one message.
 */
#ifndef BTRUN_ANALYSIS_COMPILATION_H
#define BTRUN_ANALYSIS_COMPILATION_H

#include "analysis/program.h"
#include "base/format.h"
#include "base/round.h"

/* What a variable, a map's value or one of its keys holds so far. */
struct inferred_type {
	const struct type *type; /* NULL: nothing yet */
	bool literal;            /* only literals >= 0 so far, which take any signedness */
	bool is_key;             /* of a map: unlike pointers are just numbers there */
	struct span first;
};

struct variable_info {
	struct variable variable; /* first: a struct variable * points to it */
	struct inferred_type inferred;
};

struct map_info {
	struct map map; /* first */
	struct inferred_type value;
	bool used; /* key_span and has_key are known */
	bool has_key;
	struct span key_span;
	uint32_t n_keys;
	struct inferred_type *keys;
};

/* What is wrong, or what somebody should know, as a value: recorded where it is found, told by pass_check().
 */
struct problem {
	enum problem_severity { PROBLEM_ERROR, PROBLEM_WARNING, PROBLEM_OF_COMMAND_LINE } severity;
	struct span span;
	struct str text;
	VEC(struct str) hints;
};

enum param_kind {
	PARAM_INT,
	PARAM_ADDRESS,     /* an integer, a pointer or a char array */
	PARAM_ANY,         /* any value */
	PARAM_PRINTABLE,   /* any value, or a whole map */
	PARAM_LITERAL,     /* "text" */
	PARAM_LITERAL_INT, /* 12 */
	PARAM_FORMAT,      /* "text %d" */
	PARAM_MAP,         /* @x */
	PARAM_MAP_ELEMENT, /* @x[k], or @x */
	PARAM_TEXT,        /* a string, or an array of char */
	PARAM_STACK,       /* a mode of a stack, or a number of frames */
	PARAM_KEY,         /* a key of the map before it, or a tuple of its keys */
	PARAM_DEFAULT,     /* 12, "text", true or false */
	PARAM_SIGNAL,      /* a number, or "KILL" */
};

#define SIGNATURE_PARAMS 8
#define SIGNAL_MAX 64 /* of include/uapi/asm-generic/signal.h: _NSIG */
#define SIGNAL_MAX 64

/* "result(parameter, [optional], ...)" of a row of builtins.def, taken apart. */
struct signature {
	struct str result;
	unsigned n_params, n_required;
	bool variadic;
	enum param_kind params[SIGNATURE_PARAMS];
};

struct compilation;
struct use;

/* A pass; language/passes.def has the rows. */
#define PASS(name, ...) void pass_##name(struct compilation *c);
#include "language/passes.def"
#undef PASS

/* A row of builtins.def. */
struct builtin {
	const char *name;
	unsigned forms;
	const char *signature;
	unsigned where;
	const struct type *(*rule)(struct compilation *c, struct use *use);
};

/* One use of a builtin, for its rule. */
struct use {
	const struct builtin *builtin;
	struct signature signature;
	struct node *node; /* NODE_CALL or NODE_IDENT */
	struct span name;  /* the builtin's name in the script */
	struct node *args; /* NULL for a variable */
	unsigned n_args;
	struct node *target; /* the map element that the result is assigned to, or NULL */
	struct call *call;
};

/* A row of probes.def. */
struct probe_row {
	const char *name, *aliases, *pattern;
	unsigned gives;
	bool (*split)(struct compilation *c, const struct attach_syntax *syntax, struct attach *attach);
};

/* Says of a program's variable, "binary:symbol", which type it has; NULL: nobody knows. */
struct known_variable {
	struct str name;
	const struct type *type;
};

struct compilation {
	struct arena *arena;
	struct diag *diag; /* problems_tell() alone writes to it */
	const struct source_map *map;
	struct script *script;
	const struct analysis_options *options;
	struct program *program;
	struct types *types;
	const struct type *error;
	const struct script *defined_by; /* the script whose types are being defined */
	bool others;      /* the action has another attach point, so a missing one is a warning */
	bool incomplete;  /* an action could not be typed at all, so what it assigns is not known */
	bool names_args;  /* the action uses args */
	bool conditional; /* the script itself asks whether its function exists */
	bool trial;       /* only whether an attach point is there is asked */
	bool muted;       /* the last problem was not recorded, so neither are its hints */
	/* infer.c */
	bool changed;   /* an inferred type has grown in this round */
	bool measures;  /* the types are stable, so sizeof and offsetof have values */
	bool has_sizes; /* there is a sizeof or offsetof */
	struct unit *unit;
	struct node *target;                  /* see use.target; taken by the next expression */
	uint32_t unrolled;                    /* copies that unroll() has made */
	unsigned loops;                       /* that the statement lies in */
	struct record *run;                   /* that the next async call joins */
	struct call *run_last;                /* the last that has joined it */
	VEC(struct known_variable) variables; /* what uaddr() was asked for */
	VEC(struct problem) problems;
	size_t n_told;                       /* of the problems */
	struct commandline line;             /* taken apart */
	VEC(struct parameter) options_named; /* every getopt() */
	VEC(const struct type *)
	types_alone; /* the kernel has one of that name: warn_namesakes() has looked */
};

/* problem.c: what the passes find. Only pass_check() and the end of analyse() tell it. */
void problem_error(struct compilation *c, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Something to attach to is not there: an error, or a warning when c->others, or nothing when
 * c->conditional. */
void problem_missing(struct compilation *c, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void problem_warning(struct compilation *c, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void problem_hint(struct compilation *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Records a mistake in the words behind the script, which has no place in it. */
void problem_of_command_line(struct compilation *c, struct str text);
/* Forgets what has been recorded since there were n. */
void problems_drop(struct compilation *c, size_t n);
/* Is there one with this text? */
bool problem_is_recorded(const struct compilation *c, struct str text);
/* Prints what has not been told yet, each only once however many units have it. */
void problems_tell(struct compilation *c);
/* "did you mean a or b?", or otherwise when nothing is near. */
void problem_hint_near(struct compilation *c, const struct str_near *near, const char *otherwise);
/* "LINE:COLUMN" of a place. */
struct str problem_place(struct compilation *c, struct span at);
bool is_unknown(const struct compilation *c, const struct type *t);

/* signature.c: NULL when all is well, else what is wrong with it. */
const char *signature_parse(const char *text, struct signature *signature);
/* What its argument i is to be. */
enum param_kind signature_param(const struct signature *signature, unsigned i);
/* The type of the result when its word says it; else NULL: the rule decides. */
bool signature_by_rule(struct str word);
const struct type *signature_result(struct types *types, struct str word);

/* builtin_rows.c */
const struct builtin *builtin_row(enum builtin_id id);
/* The N of a name that is prefix and N, or -1. */
int builtin_numbered(struct str name, const char *prefix);
/* N of "argN" when a register holds that argument, else -1. */
int builtin_argument(struct compilation *c, struct str name);
const struct builtin *builtin_find(struct str name, enum builtin_id *id);
/* Is nothing after a call of it reached? */
bool builtin_ends_action(enum builtin_id id);
/* Can it decide, as a whole predicate, whether a probe is attached at all? */
bool builtin_is_condition(enum builtin_id id);
/* Is it args, whose members the probe decides? */
bool builtin_is_args(enum builtin_id id);
void builtin_near(struct compilation *c, struct str_near *near, unsigned forms);
/* builtin.c: a use of a builtin has the type that the row's rule gives it */
const struct type *infer_builtin(struct compilation *c, struct node *node, struct node *target);
const struct type *infer_argn(struct compilation *c, struct node *node, struct str name, bool *is_arg);

/* probe.c, attach.c, tracepoint.c */
const struct probe_row *probe_row(enum probe_id id);
const struct probe_row *probe_find(struct str name, enum probe_id *id);
void probe_near(struct compilation *c, struct str_near *near);
/* The names of the probes that give one of these WITH_ bits. */
struct str probe_names(struct compilation *c, unsigned gives);

/* Names that a search finds, offered for a hint; the callback is a kernel_found. */
struct near_found {
	struct arena *arena;
	struct str_near near;
	struct str prefix; /* only names that begin so, without it */
};
int near_offer_found(void *context, struct str name, struct str module);

struct attach_list {
	VEC(struct attach *) v;
};
/* The attach points that one syntax stands for (globs of typed probes are expanded). */
void attach_expand(struct compilation *c, const struct attach_syntax *syntax, struct attach_list *list);
/* The type of args in a probe, or NULL. */
const struct type *attach_args(struct compilation *c, const struct attach *attach);
/* Does the probe itself say that argN has a sign? A usdt probe does. */
bool attach_signed_argument(struct compilation *c, int number);
/* The text is not written as the probe's pattern says. Always false. */
bool attach_malformed(struct compilation *c, const struct attach_syntax *syntax, const struct attach *a);
/* What the kernel gives the program of an iterator, or NULL when it has no such iterator. */
const struct type *attach_iterator(struct compilation *c, const struct attach *a);
/* Do its arguments have types? */
bool attach_is_typed(const struct attach *a);
/* Digits, 1e6, or 0x and hexadecimal ones, of up to 64 bits. */
bool attach_number(struct str text, uint64_t *number);
/* The same, or a parameter that an image gets later: 1, and a->parameter says which. */
bool attach_count(struct compilation *c, const struct attach_syntax *syntax, struct attach *a,
    struct str text, uint64_t *count);
const struct type *tracepoint_args(struct compilation *c, const struct attach *attach);
/* parameters.c: of the unit's uprobe; read when it is first asked for. c->error when there are none. */
const struct type *parameters_args(struct compilation *c, struct span at);
/* Returns the type of the number that a program's function returns; NULL: it is not known, or none. */
const struct type *parameters_returned(struct compilation *c, const struct attach *a);
/* Does the action use args? */
/* Returns the type of a variable, "binary:symbol", of its size at least; NULL: nothing is known of it. */
const struct type *parameters_variable(struct compilation *c, struct str name);
bool parameters_wanted(const struct probe_syntax *syntax);
/* The functions of a program that a pattern stands for. 0 or negative errno. */
int parameters_each_function(
    struct compilation *c, const struct attach *pattern, kernel_found *found, void *context);
bool tracepoint_exists(
    struct compilation *c, const struct attach_syntax *syntax, const struct attach *attach);

/* expr.c, operator.c: the type of an expression, also put into the node */
const struct type *infer_expr(struct compilation *c, struct node *node);
/* As infer_expr(), and an error for what has no value. */
const struct type *infer_value(struct compilation *c, struct node *node);
/* A value that can be true or false. */
void infer_condition(struct compilation *c, struct node *node);
const struct type *infer_unary(struct compilation *c, struct node *node);
const struct type *infer_binary(struct compilation *c, struct node *node);
/* Of left op right, for compound assignments too; at: where errors are shown. */
const struct type *infer_operation(struct compilation *c, enum op op, struct span at, const struct type *left,
    const struct node *left_node, const struct type *right, const struct node *right_node);
const struct type *infer_ternary(struct compilation *c, struct node *node);
const struct type *infer_cast(struct compilation *c, struct node *node);
const struct type *infer_type_syntax(struct compilation *c, const struct type_syntax *syntax);
/* Where the bytes of an lvalue lie. */
enum address_space infer_space(const struct node *node);

/* define.c */
void define_types(struct compilation *c, const struct script *script);

/* portable.c: warnings about what is not, where that is asked for */
void portable_address(struct compilation *c, const struct node *node);
void portable_member(struct compilation *c, const struct node *node, const struct type *record);
void portable_attach(struct compilation *c, const struct attach_syntax *syntax, const struct attach *a);
void portable_parameters(struct compilation *c, struct span at, const struct attach *a);

/* fold.c */
bool fold_int(const struct node *node, int64_t *value);

/* commandline.c. Finds the getopt()s of the script and hands out the words of the command line. */
void commandline_begin(struct compilation *c, const struct script *script);
/* "true" or "false". */
bool commandline_is_bool(struct str text);
/* Pass expand. $N as a number, $#: they become one, unless they are open or no number. */
void commandline_as_number(struct compilation *c, struct node *node);
/* $N and $N + number as a text, where one is asked for; other nodes stay what they are. */
void commandline_as_text(struct compilation *c, struct node *node);
/* getopt(): it becomes what the command line or its default says, unless it is open. */
void commandline_as_option(struct compilation *c, struct node *call);
/* Pass resolve: those that are open get their rows. */
void commandline_param_row(struct compilation *c, struct node *node);
void commandline_option_row(struct compilation *c, const struct node *call);
/* Pass infer. The type of $N that is still there. */
const struct type *commandline_param_type(struct compilation *c, const struct node *node);
/* Will $N (0: $#) be known only when the image runs? */
bool commandline_is_open(const struct compilation *c, unsigned number);
/* Of one that is known. */
struct str commandline_text(const struct compilation *c, unsigned number);
/* The row of an open $N that is no part of the code: a number, or a name in an attach point. */
uint32_t commandline_open(struct compilation *c, enum parameter_kind kind, unsigned number, struct span at);
void commandline_open_names(struct compilation *c, struct str text, struct span at);
/* After the message that node is not known: is that so because it is open? Then a hint says so. */
bool commandline_hint(struct compilation *c, const struct node *node);
/* A sizeof or offsetof whose value is known becomes a number. */
void fold_size(struct compilation *c, struct node *node);
bool fold_constant(struct compilation *c, struct node *node);
void fold_into_int(struct node *node, uint64_t value, const struct type *type);
/* The same of what another kernel may have another value for. */
void fold_into_kernel_int(
    struct compilation *c, struct node *node, uint64_t value, enum origin origin, struct str named);

/* inferred_type.c: false when the value does not fit what is there (the type then stays as it was) */
bool inferred_take(struct compilation *c, struct inferred_type *inferred, const struct type *type,
    bool literal, struct span at);
/* How a type is kept in a variable: char arrays become strings. */
const struct type *inferred_stored(struct compilation *c, const struct type *type);
/* The same in a map: integers become 8 bytes. */
const struct type *inferred_stored_in_map(struct compilation *c, const struct type *type);
bool inferred_is_literal(const struct node *node);

/* map.c */
/* Finds the map of a node, or makes it. */
void map_resolve(struct compilation *c, struct node *node);
/* Types the keys and joins them to the map's. */
void map_use_keys(struct compilation *c, struct node *node);
/* The type of its values as far as it is known; NULL: nothing has been assigned yet. */
const struct type *map_value_type(const struct map *map);
const struct type *map_read(struct compilation *c, struct node *node);
void map_assign(struct compilation *c, struct node *node, const struct type *type, struct node *value);
void map_finish(struct compilation *c);

/* Of a script, loops in loops counted out. */
#define UNROLLED_MAX 10000
/* unroll.c: unroll (N) { ... } becomes N blocks, all in one. */
void unroll_expand(struct compilation *c, struct node *block);

/* scope.c: gives every NODE_VARIABLE of the unit its variable */
void scope_resolve(struct compilation *c);
/* names.c: the same for the other names of the unit */
void names_resolve(struct compilation *c);

/* stmt.c */
void infer_statements(struct compilation *c, struct node *list);

/* record.c */
void record_add(struct compilation *c, struct node *call);
void record_close(struct compilation *c);
void record_alone(struct compilation *c, struct node *call);
/* skboutput()'s record, which is no part of a run; nothing of other calls. */
void record_packet(struct compilation *c, struct call *call);
/* stmt.c: the call that sends something when the statement is one, or NULL */
struct node *statement_async_call(struct node *statement);
/* Is nothing after the statement reached? */
bool statement_ends_action(const struct node *statement);

#endif
