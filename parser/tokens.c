/*
 * The tokens as bison reads them. Looking ahead here settles what one token of
 * lookahead cannot: whether a ( opens a cast, and where a for loop ends.
 */
#include "parser/internal.h"

/*
 * Says whether a name is known as a type without looking at the kernel: then "(t)-1" and "(t)*p" are casts.
 * For other names what follows decides: "(x) - 1" is a subtraction.
 */
static bool is_type_name(struct str name)
{
	static const char *const names[] = { "bool", "char", "short", "int", "long", "signed", "unsigned",
		"void", "const", "volatile", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
		"uint64", "s8", "s16", "s32", "s64", "u8", "u16", "u32", "u64", "__s8", "__s16", "__s32",
		"__s64", "__u8", "__u16", "__u32", "__u64", "__be16", "__be32", "__be64", "__le16", "__le32",
		"__le64" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is(name, names[i]))
			return true;
	return name.n > 2 && name.p[name.n - 2] == '_' && name.p[name.n - 1] == 't';
}

/* Says whether the token begins an operand and can be nothing else. */
static bool begins_operand(enum token_kind kind)
{
	static const bool begin[TOKEN_N_] = { [TOKEN_INTEGER] = true,
		[TOKEN_STRING] = true,
		[TOKEN_IDENT] = true,
		[TOKEN_PARAM] = true,
		[TOKEN_VARIABLE] = true,
		[TOKEN_MAP] = true,
		[TOKEN_SIZEOF] = true,
		[TOKEN_NOT] = true,
		[TOKEN_TILDE] = true,
		[TOKEN_LPAREN] = true };

	return begin[kind];
}

/* Says whether the ( before the tokens ahead is that of a cast, or of sizeof(type). */
static bool is_cast(struct parser *p, bool of_sizeof)
{
	struct token first = parser_peek(p, 0);
	size_t n = 1;

	if (first.kind == TOKEN_STRUCT || first.kind == TOKEN_UNION || first.kind == TOKEN_ENUM)
		return true;
	if (first.kind != TOKEN_IDENT)
		return false;
	if (parser_peek(p, n).kind == TOKEN_STRUCT || parser_peek(p, n).kind == TOKEN_IDENT)
		return is_type_name(first.text);
	while (parser_peek(p, n).kind == TOKEN_STAR)
		n++;
	if (n > 1)
		return parser_peek(p, n).kind == TOKEN_RPAREN;
	if (parser_peek(p, n).kind == TOKEN_LBRACKET) {
		n += parser_peek(p, n + 1).kind == TOKEN_INTEGER ? 2 : 1;
		if (parser_peek(p, n++).kind != TOKEN_RBRACKET)
			return false;
	}
	if (parser_peek(p, n).kind != TOKEN_RPAREN)
		return false;
	return is_type_name(first.text) || (!of_sizeof && begins_operand(parser_peek(p, n + 1).kind));
}

static bool opens(enum token_kind kind)
{
	return kind == TOKEN_LBRACE || kind == TOKEN_LPAREN || kind == TOKEN_LBRACKET;
}

static bool closes(enum token_kind kind)
{
	return kind == TOKEN_RBRACE || kind == TOKEN_RPAREN || kind == TOKEN_RBRACKET;
}

/* Keeps which brackets are open, for the messages. A } closes what is open inside its block, too. */
static void follow_brackets(struct parser *p, struct token token)
{
	if (opens(token.kind)) {
		vec_push(p->arena, &p->open, token);
		return;
	}
	if (!closes(token.kind))
		return;
	while (p->open.n && token.kind == TOKEN_RBRACE && p->open.v[p->open.n - 1].kind != TOKEN_LBRACE)
		p->open.n--;
	if (p->open.n && p->open.v[p->open.n - 1].kind == token.kind - 1)
		p->open.n--;
}

struct token parser_next(struct parser *p, bool *cast)
{
	struct token token = parser_take(p);

	*cast = token.kind == TOKEN_LPAREN &&
		(p->last.kind == TOKEN_OFFSETOF || is_cast(p, p->last.kind == TOKEN_SIZEOF));
	if (token.kind == TOKEN_DEFINITION && parser_defines_type(token))
		parser_define(p, token);
	follow_brackets(p, token);
	p->before = p->last;
	p->last = token;
	return token;
}
