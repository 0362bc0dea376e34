/* The grammar. Actions call one constructor of build.c each. Tokens come through
 * tokens.c, which tells the ( of a cast from others. */
%code top {
#include "parser/internal.h"
}

%code requires {
#include "parser/internal.h"
}

%define api.pure full
%define api.prefix {grammar_}
%define api.location.type {struct span}
%define parse.error custom
%locations
%expect 0
%param { struct parser *p }

%code {
#define YYLLOC_DEFAULT(current, rhs, n) \
	((current) = (n) ? span_join(YYRHSLOC(rhs, 1), YYRHSLOC(rhs, n)) : \
	    (struct span){ YYRHSLOC(rhs, 0).end, YYRHSLOC(rhs, 0).end })

/* Only a depth of brackets that no script has, and errors in heaps, come near this. */
#define YYMAXDEPTH 5000
#define YYSTACK_USE_ALLOCA 0

static int grammar_lex(YYSTYPE *value, struct span *span, struct parser *p);
static void grammar_error(struct span *span, struct parser *p, const char *message);
}

%union {
	struct token token;
	struct node *node;
	struct node_list list;
	struct type_syntax *type;
	enum op op;
	enum type_tag tag;
	unsigned number;
}

%token <token> SPEC DEFINITION PRED_OPEN PRED_CLOSE
%token <token> INTEGER STRING IDENT VARIABLE PARAM MAP
%token <token> IF ELSE WHILE UNROLL FOR LET BREAK CONTINUE RETURN SIZEOF OFFSETOF STRUCT UNION ENUM
%token <token> LBRACE RBRACE LPAREN RPAREN LBRACKET RBRACKET COMMA SEMICOLON QUESTION COLON
%token <token> DOT DOTDOT ARROW INC DEC
%token <token> ASSIGN ADD_ASSIGN SUB_ASSIGN MUL_ASSIGN DIV_ASSIGN MOD_ASSIGN SHL_ASSIGN SHR_ASSIGN
%token <token> AND_ASSIGN OR_ASSIGN XOR_ASSIGN
%token <token> LOR LAND OR XOR AND EQ NE LE GE LT GT SHL SHR PLUS MINUS STAR SLASH PERCENT NOT TILDE
%token <token> CAST_OPEN

%type <node> predicate block statement simple jump if else expr unary postfix primary lvalue
%type <list> statements expr_list args
%type <op> assign_op
%type <type> type type_name
%type <tag> tag
%type <number> stars
%type <token> member_name

%right QUESTION COLON
%left LOR
%left LAND
%left OR
%left XOR
%left AND
%left EQ NE
%left LE GE LT GT
%left SHL SHR
%left PLUS MINUS
%left STAR SLASH PERCENT
%precedence NO_KEYS
%precedence LBRACKET

%%

script:
	%empty
|	script probe
|	script DEFINITION { parser_refuse_definition(p, $2); }
|	script SEMICOLON
;

probe:
	attach_list predicate block { build_probe(p, $2, $3, @$); }
|	attach_list PRED_OPEN error block { yyerrok; }
|	error block { yyerrok; }
;

attach_list:
	SPEC { p->probe = arena_one(p->arena, struct probe_syntax); build_attach(p, $1); }
|	attach_list COMMA SPEC { build_attach(p, $3); }
|	attach_list COMMA error
;

predicate:
	%empty { $$ = NULL; }
|	PRED_OPEN expr PRED_CLOSE { $$ = $2; }
|	PRED_OPEN error PRED_CLOSE { $$ = NULL; }
;

block:
	LBRACE statements RBRACE { $$ = build_block(p, $2.first, @$); }
|	LBRACE statements simple RBRACE { $$ = build_block(p, build_list($2, $3).first, @$); }
|	LBRACE statements error RBRACE { $$ = build_block(p, $2.first, @$); yyerrok; }
;

statements:
	%empty { $$ = (struct node_list){ 0 }; }
|	statements statement { $$ = build_list($1, $2); }
;

statement:
	SEMICOLON { $$ = NULL; }
|	simple SEMICOLON
|	error SEMICOLON { $$ = NULL; yyerrok; }
|	error block { $$ = NULL; yyerrok; }
|	block
|	if
|	WHILE expr block { $$ = build_while(p, $2, $3, @$); }
|	UNROLL expr block { $$ = build_unroll(p, $2, $3, @$); }
|	FOR VARIABLE COLON expr DOTDOT expr block { $$ = build_range(p, $2, $4, $6, $7, @$); }
|	FOR LPAREN VARIABLE COLON expr DOTDOT expr RPAREN block { $$ = build_range(p, $3, $5, $7, $9, @$); }
|	FOR LPAREN VARIABLE COLON expr RPAREN block { parser_refuse_map_loop(p, @$); $$ = NULL; }
|	FOR VARIABLE COLON expr block { parser_refuse_map_loop(p, @$); $$ = NULL; }
;

simple:
	expr { $$ = build_expr(p, $1); }
|	lvalue assign_op expr { $$ = build_assign(p, $1, $2, $3); }
|	LET VARIABLE { $$ = NULL; }
|	LET VARIABLE ASSIGN expr { $$ = build_assign(p, build_name(p, NODE_VARIABLE, $2), OP_NONE, $4); }
|	jump
;

jump:
	BREAK { $$ = build_jump(p, NODE_BREAK, @$); }
|	CONTINUE { $$ = build_jump(p, NODE_CONTINUE, @$); }
|	RETURN { $$ = build_return(p, NULL, @$); }
|	RETURN expr { $$ = build_return(p, $2, @$); }
;

if:
	IF expr block else { $$ = build_if(p, $2, $3, $4, @$); }
;

else:
	%empty { $$ = NULL; }
|	ELSE block { $$ = $2; }
|	ELSE if { $$ = $2; }
;

assign_op:
	ASSIGN { $$ = OP_NONE; }
|	ADD_ASSIGN { $$ = OP_ADD; }
|	SUB_ASSIGN { $$ = OP_SUB; }
|	MUL_ASSIGN { $$ = OP_MUL; }
|	DIV_ASSIGN { $$ = OP_DIV; }
|	MOD_ASSIGN { $$ = OP_MOD; }
|	SHL_ASSIGN { $$ = OP_SHL; }
|	SHR_ASSIGN { $$ = OP_SHR; }
|	AND_ASSIGN { $$ = OP_AND; }
|	OR_ASSIGN { $$ = OP_OR; }
|	XOR_ASSIGN { $$ = OP_XOR; }
;

expr:
	unary
|	expr QUESTION expr COLON expr { $$ = build_ternary(p, $1, $3, $5); }
|	expr LOR expr { $$ = build_binary(p, OP_LOR, $1, $3); }
|	expr LAND expr { $$ = build_binary(p, OP_LAND, $1, $3); }
|	expr OR expr { $$ = build_binary(p, OP_OR, $1, $3); }
|	expr XOR expr { $$ = build_binary(p, OP_XOR, $1, $3); }
|	expr AND expr { $$ = build_binary(p, OP_AND, $1, $3); }
|	expr EQ expr { $$ = build_binary(p, OP_EQ, $1, $3); }
|	expr NE expr { $$ = build_binary(p, OP_NE, $1, $3); }
|	expr LE expr { $$ = build_binary(p, OP_LE, $1, $3); }
|	expr GE expr { $$ = build_binary(p, OP_GE, $1, $3); }
|	expr LT expr { $$ = build_binary(p, OP_LT, $1, $3); }
|	expr GT expr { $$ = build_binary(p, OP_GT, $1, $3); }
|	expr SHL expr { $$ = build_binary(p, OP_SHL, $1, $3); }
|	expr SHR expr { $$ = build_binary(p, OP_SHR, $1, $3); }
|	expr PLUS expr { $$ = build_binary(p, OP_ADD, $1, $3); }
|	expr MINUS expr { $$ = build_binary(p, OP_SUB, $1, $3); }
|	expr STAR expr { $$ = build_binary(p, OP_MUL, $1, $3); }
|	expr SLASH expr { $$ = build_binary(p, OP_DIV, $1, $3); }
|	expr PERCENT expr { $$ = build_binary(p, OP_MOD, $1, $3); }
;

unary:
	postfix
|	MINUS unary { $$ = build_unary(p, OP_NEG, $2, @$); }
|	PLUS unary { $$ = $2; }
|	NOT unary { $$ = build_unary(p, OP_LNOT, $2, @$); }
|	TILDE unary { $$ = build_unary(p, OP_NOT, $2, @$); }
|	STAR unary { $$ = build_unary(p, OP_DEREF, $2, @$); }
|	AND unary { $$ = build_unary(p, OP_ADDRESS, $2, @$); }
|	INC lvalue { $$ = build_step(p, $2, true, false, @$); }
|	DEC lvalue { $$ = build_step(p, $2, true, true, @$); }
|	CAST_OPEN type RPAREN unary { $$ = build_cast(p, $2, $4, @$); }
|	SIZEOF CAST_OPEN type RPAREN { $$ = build_sizeof(p, $3, NULL, @$); }
|	OFFSETOF CAST_OPEN type COMMA member_name RPAREN { $$ = build_offsetof(p, $3, $5, @$); }
|	SIZEOF LPAREN expr RPAREN { $$ = build_sizeof(p, NULL, $3, @$); }
;

postfix:
	primary
|	lvalue
|	lvalue INC { $$ = build_step(p, $1, false, false, @$); }
|	lvalue DEC { $$ = build_step(p, $1, false, true, @$); }
|	postfix DOT member_name { $$ = build_member(p, $1, $3, false); }
|	postfix DOT INTEGER { $$ = build_member(p, $1, $3, false); }
|	postfix ARROW member_name { $$ = build_member(p, $1, $3, true); }
|	postfix LBRACKET expr RBRACKET { $$ = build_index(p, $1, $3, @$); }
;

member_name:
	IDENT
;

lvalue:
	VARIABLE { $$ = build_name(p, NODE_VARIABLE, $1); }
|	MAP %prec NO_KEYS { $$ = build_map(p, $1, NULL, @$); }
|	MAP LBRACKET expr_list RBRACKET { $$ = build_map(p, $1, $3.first, @$); }
;

primary:
	INTEGER { $$ = build_int(p, $1); }
|	STRING { $$ = build_name(p, NODE_STRING, $1); }
|	IDENT { $$ = build_name(p, NODE_IDENT, $1); }
|	PARAM { $$ = build_name(p, NODE_PARAM, $1); }
|	IDENT LPAREN args RPAREN { $$ = build_call(p, $1, $3.first, @$); }
|	LPAREN expr RPAREN { $$ = $2; }
|	LPAREN expr COMMA expr_list RPAREN
	{ $$ = build_tuple(p, build_list_front($2, $4), @$); }
;

args:
	%empty { $$ = (struct node_list){ 0 }; }
|	expr_list
;

expr_list:
	expr { $$ = build_list((struct node_list){ 0 }, $1); }
|	expr_list COMMA expr { $$ = build_list($1, $3); }
;

type:
	type_name stars { $$ = $1; $$->pointers = $2; $$->span = @$; }
|	type_name LBRACKET RBRACKET { $$ = $1; $$->is_array = true; $$->span = @$; }
|	type_name LBRACKET INTEGER RBRACKET { $$ = build_array(p, $1, $3, @$); }
;

type_name:
	IDENT { $$ = build_type(p, TAG_NONE, $1); }
|	tag IDENT { $$ = build_type(p, $1, $2); }
|	type_name IDENT { $$ = build_type_word(p, $1, $2); }
;

tag:
	STRUCT { $$ = TAG_STRUCT; }
|	UNION { $$ = TAG_UNION; }
|	ENUM { $$ = TAG_ENUM; }
;

stars:
	%empty { $$ = 0; }
|	stars STAR { $$ = $1 + 1; }
;

%%

/* bison's number of each of the lexer's tokens */
static const int numbers[] = {
#define TOKEN(name, text, words) [TOKEN_##name] = name,
#define END GRAMMAR_EOF
#define ERROR GRAMMAR_error
#include "lexer/tokens.def"
#undef TOKEN
};

static int grammar_lex(YYSTYPE *value, struct span *span, struct parser *p)
{
	bool is_cast;

	value->token = parser_next(p, &is_cast);
	*span = value->token.span;
	return is_cast ? CAST_OPEN : numbers[value->token.kind];
}

static int yyreport_syntax_error(const yypcontext_t *context, struct parser *p)
{
	enum token_kind kinds[TOKEN_N_];
	yysymbol_kind_t symbols[TOKEN_N_ + 8];
	int n = yypcontext_expected_tokens(context, symbols, TOKEN_N_ + 8);
	unsigned count = 0;

	for (int i = 0; i < n; i++)
		for (enum token_kind k = 0; k < TOKEN_N_; k++)
			if (YYTRANSLATE(numbers[k]) == symbols[i])
				kinds[count++] = k;
	parser_unexpected(p, kinds, count);
	return 0;
}

/* Called for exhausted memory only: syntax errors take the way above. */
static void grammar_error(struct span *span, struct parser *p, const char *message)
{
	parser_too_deep(p, *span);
}

void parse_text(struct arena *a, struct lexer *lexer, struct script *script)
{
	struct parser p = {
		.arena = a,
		.lexer = lexer,
		.diag = lexer_diag(lexer),
		.script = script,
		.probe = arena_one(a, struct probe_syntax),
	};

	grammar_parse(&p);
	parser_check_depth(&p);
}

struct script *parse_script(struct arena *a, struct lexer *lexer)
{
	struct script *script = arena_one(a, struct script);

	parse_text(a, lexer, script);
	return script;
}
