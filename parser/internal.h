/*
 * What the files of parser/ share. The grammar (grammar.y) reads tokens through tokens.c, which looks ahead
 * by ahead.c and has the definitions of types taken apart by define.c, and makes nodes by build.c. message.c
 * puts syntax errors into words; depth.c refuses trees that are too deep. ast.c and dump.c, the tree itself,
 * stand below all of these.
 */
#ifndef BTRUN_PARSER_INTERNAL_H
#define BTRUN_PARSER_INTERNAL_H

#include "lexer/token.h"
#include "parser/parser.h"

/* Holds a list under construction. */
struct node_list {
	struct node *first, *last;
};

/* The passes that recurse may go so deep. */
#define DEPTH_MAX 400

struct parser {
	struct arena *arena;
	struct lexer *lexer;
	struct diag *diag;
	struct script *script;
	struct probe_syntax *probe; /* under construction */
	VEC(struct token) ahead;    /* read from the lexer, not yet given to bison */
	size_t ahead_at;
	VEC(struct token) open; /* brackets of all kinds that are not closed yet */
	struct token last;      /* the token that bison was given last, and the one before */
	struct token before;
	struct span taken; /* of the token that was read last, by bison or by hand */
	bool end_reported;
	unsigned definition_depth; /* of records and parentheses in one another */
	bool definition_wrong;     /* the definition of a type that is being read has a mistake */
	bool base_named;           /* the first name of its declaration stands among its type's words */
};

/* ahead.c */
/* Returns the token that comes after n others, without taking any. */
struct token parser_peek(struct parser *p, size_t n);
struct token parser_take(struct parser *p);

/* tokens.c */
/* Returns the next token for bison. *is_cast: it is the ( of a cast, or of sizeof(type). */
struct token parser_next(struct parser *p, bool *is_cast);

/* define.c: reads the definition of a type that the token opens, up to its end. */
void parser_define(struct parser *p, struct token opener);

/* message.c */
void parser_refuse_definition(struct parser *p, struct token definition);
bool parser_defines_type(struct token definition);
/* Tells of the token found, in whose place one of the n expected could stand. */
void parser_unexpected(struct parser *p, const enum token_kind *expected, unsigned n);
void parser_refuse_map_loop(struct parser *p, struct span span);
void parser_too_deep(struct parser *p, struct span span);

/* build.c */
struct node *build_int(struct parser *p, struct token token);
struct node *build_name(struct parser *p, enum node_kind kind, struct token token);
struct node *build_map(struct parser *p, struct token token, struct node *keys, struct span span);
struct node *build_call(struct parser *p, struct token name, struct node *args, struct span span);
struct node *build_unary(struct parser *p, enum op op, struct node *operand, struct span span);
struct node *build_binary(struct parser *p, enum op op, struct node *left, struct node *right);
struct node *build_step(struct parser *p, struct node *target, bool before, bool down, struct span span);
struct node *build_ternary(struct parser *p, struct node *condition, struct node *yes, struct node *no);
struct node *build_cast(struct parser *p, struct type_syntax *to, struct node *operand, struct span span);
struct node *build_member(struct parser *p, struct node *object, struct token name, bool arrow);
struct node *build_index(struct parser *p, struct node *object, struct node *index, struct span span);
struct node *build_tuple(struct parser *p, struct node *elements, struct span span);
struct node *build_sizeof(struct parser *p, struct type_syntax *type, struct node *expr, struct span span);
struct node *build_expr(struct parser *p, struct node *expr);
struct node *build_assign(struct parser *p, struct node *target, enum op op, struct node *value);
struct node *build_if(
    struct parser *p, struct node *condition, struct node *yes, struct node *no, struct span span);
struct node *build_block(struct parser *p, struct node *statements, struct span span);
struct node *build_while(struct parser *p, struct node *condition, struct node *body, struct span span);
struct node *build_unroll(struct parser *p, struct node *count, struct node *body, struct span span);
struct node *build_range(struct parser *p, struct token variable, struct node *from, struct node *to,
    struct node *body, struct span span);
struct node *build_offsetof(
    struct parser *p, struct type_syntax *type, struct token member, struct span span);
struct node *build_jump(struct parser *p, enum node_kind kind, struct span span);
struct node *build_return(struct parser *p, struct node *value, struct span span);
struct node_list build_list(struct node_list list, struct node *node);
struct node *build_list_front(struct node *first, struct node_list rest);
struct type_syntax *build_type(struct parser *p, enum type_tag tag, struct token name);
struct type_syntax *build_type_word(struct parser *p, struct type_syntax *type, struct token word);
struct type_syntax *build_array(
    struct parser *p, struct type_syntax *type, struct token elements, struct span span);
void build_attach(struct parser *p, struct token spec);
void build_probe(struct parser *p, struct node *predicate, struct node *body, struct span span);

/* depth.c: reports a tree too deep for the passes that follow, which recurse. */
void parser_check_depth(struct parser *p);

#endif
