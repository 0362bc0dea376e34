/*
 * The syntax tree. The parser makes it; analysis fills in the fields that are
 * marked so, and puts what they stand for in the place of names, parameters,
 * sizeof and unroll's count. Builtin names are identifiers here.
 *
 * Everything lives in the compile's arena.
 */
#ifndef BTRUN_PARSER_AST_H
#define BTRUN_PARSER_AST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/source.h"
#include "base/str.h"

/* analysis/ */
struct type;
struct member;
struct field_path;
struct variable;
struct map;
struct call;

/* Says where a number comes from that only the kernel where the script runs knows for certain; the value is
 * that of the kernel that is compiled for. */
enum origin {
	ORIGIN_SCRIPT, /* it is written there */
	ORIGIN_ENUM,   /* a constant of a kernel's enum: "ENUM:CONSTANT" */
	ORIGIN_SIZE,   /* "struct NAME" or "union NAME" */
	ORIGIN_OFFSET, /* "struct NAME:MEMBER" */
};

enum node_kind {
	/* expressions */
	NODE_INT,      /* integer: value, is_unsigned when it was written with u or does not fit int64 */
	NODE_STRING,   /* string: escapes already resolved */
	NODE_IDENT,    /* ident: a builtin variable, a #define'd or enum constant */
	NODE_PARAM,    /* param: $1; number 0 is $# */
	NODE_VARIABLE, /* variable: $x */
	NODE_MAP,      /* map: @x, @x[k1, k2] */
	NODE_CALL,     /* call: name(args) */
	NODE_UNARY,    /* unary: - ! ~ * & */
	NODE_BINARY,   /* binary, also && || and comparisons */
	NODE_STEP,     /* step: ++ and --, before or after */
	NODE_TERNARY,  /* ternary: a ? b : c */
	NODE_CAST,     /* cast: (type)expr */
	NODE_MEMBER,   /* member: expr.name and expr->name */
	NODE_INDEX,    /* index: expr[expr] */
	NODE_TUPLE,    /* tuple: (a, b) */
	NODE_SIZEOF,   /* sizeof_: sizeof(type) or sizeof(expr) */
	/* statements */
	NODE_EXPR,   /* expr: an expression for its effect */
	NODE_ASSIGN, /* assign: variable or map element = += -= ... value */
	NODE_IF,     /* if_ */
	NODE_BLOCK,  /* block: a statement list with a scope of its own */
	NODE_WHILE,  /* while_ */
	NODE_RANGE,  /* range: for $i : from..to */
	NODE_UNROLL, /* unroll */
	NODE_BREAK,
	NODE_CONTINUE,
	NODE_RETURN,
};

enum op {
	OP_ADD,
	OP_SUB,
	OP_MUL,
	OP_DIV,
	OP_MOD,
	OP_SHL,
	OP_SHR,
	OP_AND,
	OP_OR,
	OP_XOR,
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_LAND,
	OP_LOR,
	OP_NEG,
	OP_NOT,
	OP_LNOT,
	OP_DEREF,
	OP_ADDRESS,
	OP_NONE, /* plain assignment */
};

enum type_tag { TAG_NONE, TAG_STRUCT, TAG_UNION, TAG_ENUM };

/* Holds a type as it is written: "struct sock *", "uint8[4]", "pid_t". */
struct type_syntax {
	struct span span;
	enum type_tag tag;
	struct str name;
	unsigned pointers;
	bool is_array;
	uint32_t elements; /* 0: of the operand's size */
};

struct node {
	enum node_kind kind;
	struct span span;
	struct node *next;             /* the next of a list: statements, arguments, keys, elements */
	const struct type *type;       /* analysis: an expression's type */
	const struct field_path *path; /* analysis: to a member, an element, what * gives; else NULL */
	union {
		struct {
			uint64_t value;
			bool is_unsigned;
			enum origin origin; /* analysis */
			struct str named;   /* analysis: what the origin is of */
		} integer;
		struct {
			struct str text;
		} string;
		struct {
			struct str name;
			struct call *call; /* analysis: the builtin it names (see program.h) */
		} ident;
		struct {
			unsigned number;
			/* analysis puts INT or STRING in its place or, when an image gets it later: */
			bool is_text;
			uint32_t skip; /* bytes of the text that the script leaves out */
			uint32_t row;  /* of program.parameters */
		} param;
		struct {
			struct str name;           /* with its $ */
			struct variable *variable; /* analysis */
		} variable;
		struct {
			struct str name;   /* with its @; just "@" for the unnamed one */
			struct node *keys; /* list, NULL when there is no [] */
			struct map *map;   /* analysis */
		} map;
		struct {
			struct str name;
			struct span name_span;
			struct node *args; /* list */
			struct call *call; /* analysis */
		} call;
		struct {
			enum op op;
			struct node *operand;
		} unary;
		struct {
			enum op op;
			struct node *left, *right;
		} binary;
		struct {
			bool before;
			bool down;
			struct node *target;
		} step;
		struct {
			struct node *condition, *yes, *no;
		} ternary;
		struct {
			struct type_syntax *to;
			struct node *operand;
		} cast;
		struct {
			struct node *object;
			struct str name;
			struct span name_span;
			bool arrow;
			const struct member *member; /* analysis */
		} member;
		struct {
			struct node *object, *index;
		} index;
		struct {
			struct node *elements;
		} tuple;
		struct {
			struct type_syntax *of_type;
			struct node *of_expr;
			struct str member;           /* offsetof(type, member); empty for sizeof */
			const struct type *measured; /* analysis: of what; NULL: the value is not known yet */
			uint64_t value;              /* analysis */
		} sizeof_;
		struct {
			struct node *expr;
		} expr;
		struct {
			struct node *target; /* NODE_VARIABLE or NODE_MAP */
			enum op op;          /* OP_NONE, or the operator of += and its like */
			struct node *value;
		} assign;
		struct {
			struct node *condition, *yes, *no;
		} if_; /* yes: NODE_BLOCK; no: NODE_BLOCK, NODE_IF or NULL */
		struct {
			struct node *statements;
		} block;
		struct {
			struct node *condition, *body;
		} while_;
		struct {
			struct node *variable; /* NODE_VARIABLE */
			struct node *from, *to, *body;
		} range;
		struct {
			struct node *count, *body;
		} unroll;
		struct {
			struct node *value;
		} return_;
	};
};

/* Stands for a $ that begins no parameter: it was quoted. No text of a script has this byte. */
#define AST_LITERAL_DOLLAR '\x01'

/* Holds one attach point as written; analysis takes the text apart. */
struct attach_syntax {
	struct span span;
	struct str provider; /* before the first ':' */
	struct str rest; /* after it, quotes resolved; empty when there is none; AST_LITERAL_DOLLAR in it */
	struct span rest_span;
};

struct probe_syntax {
	struct span span;
	VEC(struct attach_syntax) attach;
	struct node *predicate; /* NULL when there is none */
	struct node *body;      /* NODE_BLOCK */
	uint32_t unrolled;      /* analysis: copies that unroll() has made in it */
};

#define DIMENSIONS_MAX 4

struct enumerator_syntax {
	struct str name;
	int64_t value;
};

/* Holds what __attribute__((...)) says about the layout of a record or a member. */
struct attributes_syntax {
	bool packed;
	uint32_t align; /* bytes; 0: not given */
	/* btrun's own, for what the reader of C headers knows from libclang. */
	bool is_placed;
	uint32_t offset; /* placed(OFFSET): bits from the beginning of the record */
	uint32_t size;   /* sized(SIZE): bytes; 0: not given */
};

/* Holds a struct, union or enum, or a name of one, as C declares it. */
struct record_syntax {
	struct span span;
	enum type_tag tag;
	struct str name; /* empty: anonymous */
	bool has_body;
	struct attributes_syntax attributes;
	VEC(struct member_syntax) members;
	VEC(struct enumerator_syntax) enumerators;
};

/* Holds a member, or a name that a typedef makes. */
struct member_syntax {
	struct span span;
	struct str name;              /* empty: an anonymous struct or union, or padding bits */
	struct record_syntax *record; /* its type, or NULL: */
	struct str words;             /* "unsigned int" */
	unsigned pointers;
	uint32_t dimensions[DIMENSIONS_MAX]; /* of an array, outermost first; 0 elements: [] */
	unsigned n_dimensions;
	bool is_bitfield;
	uint32_t bits;
	struct attributes_syntax attributes;
};

struct definition_syntax {
	bool is_typedef;
	struct member_syntax declared;
};

struct script {
	VEC(struct definition_syntax) definitions;
	VEC(struct probe_syntax) probes;
};

/* Copies a tree, with the fields of analysis cleared: one action is analysed once for
 * each kind of context that its attach points give it. A number keeps the type that it has: what it has taken
 * the place of gave it that. */
struct node *ast_clone(struct arena *a, const struct node *node);
struct node *ast_new(struct arena *a, enum node_kind kind, struct span span);
/* Returns what a map's keys are when it is written with this list: @m[(a, b)] is @m[a, b]. */
struct node *ast_map_keys(struct node *list);
#define AST_CHILDREN 4
/* Gives a node's children, each NULL or the first of a list; returns how many places there are. */
unsigned ast_children(const struct node *node, struct node *out[AST_CHILDREN]);
const char *ast_op_text(enum op op);
/* Prints the tree as indented lines, for -d ast. print_type, when not NULL, prints a
 * node's type after it (-d types). */
void ast_dump(FILE *out, const struct script *script, void (*print_type)(FILE *out, const struct type *type));
void ast_dump_node(
    FILE *out, const struct node *node, int depth, void (*print_type)(FILE *out, const struct type *type));

#endif
