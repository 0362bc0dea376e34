/*
 * Takes definitions of types apart, as C writes them: struct, union, enum, typedef at the top of a script or
 * in what stands for a header. By hand, since in C the last of a row of names is the member's, which one
 * token of lookahead does not show.
 */
#include "parser/internal.h"

static struct record_syntax *parse_record(struct parser *p, enum type_tag tag, struct span span);

static bool at(struct parser *p, enum token_kind kind)
{
	return parser_peek(p, 0).kind == kind;
}

static bool accept(struct parser *p, enum token_kind kind)
{
	if (!at(p, kind))
		return false;
	parser_take(p);
	return true;
}

static bool wrong(struct parser *p, const char *wanted)
{
	struct token found = parser_peek(p, 0);

	if (!p->definition_wrong) {
		diag_error(
		    p->diag, found.span, "%s is expected here, not %s", wanted, token_words(found.kind));
		diag_hint(p->diag, "types are defined as in C: struct name { int member; char text[16]; };");
	}
	p->definition_wrong = true;
	return false;
}

/* Counts one level deeper, up to leave(); false when that is too deep. */
static bool enter(struct parser *p)
{
	if (++p->definition_depth <= DEPTH_MAX)
		return true;
	if (!p->definition_wrong)
		parser_too_deep(p, parser_peek(p, 0).span);
	p->definition_wrong = true;
	return false;
}

static void leave(struct parser *p)
{
	p->definition_depth--;
}

static bool expect(struct parser *p, enum token_kind kind)
{
	return accept(p, kind) || wrong(p, token_words(kind));
}

static bool is_tag(enum token_kind kind, enum type_tag *tag)
{
	*tag = kind == TOKEN_STRUCT ? TAG_STRUCT : kind == TOKEN_UNION ? TAG_UNION : TAG_ENUM;
	return kind == TOKEN_STRUCT || kind == TOKEN_UNION || kind == TOKEN_ENUM;
}

static bool is_qualifier(struct str word)
{
	return str_is(word, "const") || str_is(word, "volatile");
}

static int64_t parse_number(struct parser *p);

static int64_t parse_operand(struct parser *p)
{
	struct token token = parser_peek(p, 0);
	int64_t value = (int64_t)token.value;

	if (!enter(p))
		value = 0;
	else if (accept(p, TOKEN_MINUS))
		value = (int64_t)(0 - (uint64_t)parse_operand(p));
	else if (accept(p, TOKEN_LPAREN)) {
		value = parse_number(p);
		expect(p, TOKEN_RPAREN);
	} else if (!expect(p, TOKEN_INTEGER)) {
		value = 0;
	}
	leave(p);
	return value;
}

/* Computes as C does, for a divisor that is not 0. */
static int64_t apply(enum token_kind op, int64_t left, int64_t right)
{
	uint64_t a = (uint64_t)left, b = (uint64_t)right;

	if (op == TOKEN_STAR)
		return (int64_t)(a * b);
	if (op == TOKEN_SLASH)
		return right == -1 ? (int64_t)(0 - a) : left / right;
	if (op == TOKEN_PERCENT)
		return right == -1 ? 0 : left % right;
	if (op == TOKEN_PLUS)
		return (int64_t)(a + b);
	if (op == TOKEN_MINUS)
		return (int64_t)(a - b);
	if (op == TOKEN_SHL)
		return (int64_t)(a << (b & 63));
	if (op == TOKEN_SHR)
		return left >> (b & 63);
	if (op == TOKEN_AND)
		return left & right;
	return op == TOKEN_XOR ? left ^ right : left | right;
}

/* The operators stand in C's levels, those that bind closest first. */
static const enum token_kind levels[][3] = {
	{ TOKEN_STAR, TOKEN_SLASH, TOKEN_PERCENT },
	{ TOKEN_PLUS, TOKEN_MINUS, TOKEN_PLUS },
	{ TOKEN_SHL, TOKEN_SHR, TOKEN_SHL },
	{ TOKEN_AND, TOKEN_AND, TOKEN_AND },
	{ TOKEN_XOR, TOKEN_XOR, TOKEN_XOR },
	{ TOKEN_OR, TOKEN_OR, TOKEN_OR },
};

static int64_t parse_level(struct parser *p, size_t level)
{
	const enum token_kind *ops = levels[level];
	int64_t value = level ? parse_level(p, level - 1) : parse_operand(p), right;

	for (;;) {
		enum token_kind op = parser_peek(p, 0).kind;

		if (op != ops[0] && op != ops[1] && op != ops[2])
			return value;
		parser_take(p);
		right = level ? parse_level(p, level - 1) : parse_operand(p);
		if (!right && (op == TOKEN_SLASH || op == TOKEN_PERCENT))
			wrong(p, "a divisor other than 0");
		else
			value = apply(op, value, right);
	}
}

static int64_t parse_number(struct parser *p)
{
	return parse_level(p, sizeof(levels) / sizeof(levels[0]) - 1);
}

static void skip_parentheses(struct parser *p)
{
	unsigned depth = 0;

	do {
		enum token_kind kind = parser_take(p).kind;

		depth += kind == TOKEN_LPAREN;
		depth -= kind == TOKEN_RPAREN;
	} while (depth && !at(p, TOKEN_END));
}

static bool is_attribute(struct str word, const char *plain, const char *guarded)
{
	return str_is(word, plain) || str_is(word, guarded);
}

static void set_number(struct parser *p, struct attributes_syntax *a, struct str word)
{
	uint32_t value;

	parser_take(p);
	value = (uint32_t)parse_number(p);
	expect(p, TOKEN_RPAREN);
	if (str_is(word, "btrun_placed")) {
		a->is_placed = true;
		a->offset = value;
	} else if (str_is(word, "btrun_sized")) {
		a->size = value;
	} else if (value & (value - 1)) {
		wrong(p, "a power of two");
	} else {
		a->align = value;
	}
}

static void parse_attribute(struct parser *p, struct attributes_syntax *a)
{
	struct str word = parser_take(p).text;

	if (is_attribute(word, "packed", "__packed__"))
		a->packed = true;
	else if (at(p, TOKEN_LPAREN) && (is_attribute(word, "aligned", "__aligned__") ||
					    is_attribute(word, "btrun_placed", "btrun_sized")))
		set_number(p, a, word);
	else if (at(p, TOKEN_LPAREN))
		skip_parentheses(p);
	else if (is_attribute(word, "aligned", "__aligned__"))
		a->align = 16; /* the largest that the machine has a use for */
}

static bool at_attributes(struct parser *p)
{
	return at(p, TOKEN_IDENT) && is_attribute(parser_peek(p, 0).text, "__attribute__", "__attribute");
}

static void parse_attributes(struct parser *p, struct attributes_syntax *a)
{
	while (at_attributes(p)) {
		parser_take(p);
		expect(p, TOKEN_LPAREN);
		expect(p, TOKEN_LPAREN);
		while (at(p, TOKEN_IDENT)) {
			parse_attribute(p, a);
			if (!accept(p, TOKEN_COMMA))
				break;
		}
		expect(p, TOKEN_RPAREN);
		expect(p, TOKEN_RPAREN);
	}
}

static void parse_enumerators(struct parser *p, struct record_syntax *record)
{
	int64_t next = 0;

	while (at(p, TOKEN_IDENT)) {
		struct enumerator_syntax one = { .name = parser_take(p).text };

		if (accept(p, TOKEN_ASSIGN))
			next = parse_number(p);
		one.value = next++;
		vec_push(p->arena, &record->enumerators, one);
		if (!accept(p, TOKEN_COMMA))
			break;
	}
}

/* Holds what a declaration begins with: a record, or names of which the last may be the declared one. */
struct base {
	struct record_syntax *record;
	VEC(struct token) names;
	struct attributes_syntax attributes;
	struct span span;
};

static void parse_base(struct parser *p, struct base *base)
{
	enum type_tag tag;

	base->span = parser_peek(p, 0).span;
	for (;;) {
		struct token token = parser_peek(p, 0);

		if (token.kind == TOKEN_IDENT && is_qualifier(token.text)) {
			parser_take(p);
		} else if (is_tag(token.kind, &tag) && !base->record && !base->names.n) {
			parser_take(p);
			base->record = parse_record(p, tag, token.span);
		} else if (at_attributes(p)) {
			parse_attributes(p, &base->attributes);
		} else if (token.kind == TOKEN_IDENT) {
			vec_push(p->arena, &base->names, token);
			parser_take(p);
		} else {
			break;
		}
	}
	if (!base->record && !base->names.n)
		wrong(p, "a type");
}

static struct str join_names(struct parser *p, const struct base *base, size_t n)
{
	struct str text = STR("");

	for (size_t i = 0; i < n; i++)
		text = str_format(
		    p->arena, "%.*s%s%.*s", STR_ARG(text), i ? " " : "", STR_ARG(base->names.v[i].text));
	return text;
}

static void parse_suffix(struct parser *p, struct member_syntax *m)
{
	while (accept(p, TOKEN_LBRACKET)) {
		int64_t elements = at(p, TOKEN_RBRACKET) ? 0 : parse_number(p);

		if (m->n_dimensions == DIMENSIONS_MAX)
			wrong(p, "an array of up to 4 dimensions");
		else if (elements < 0 || elements > INT32_MAX)
			wrong(p, "a number of elements from 0 to 2147483647");
		else
			m->dimensions[m->n_dimensions++] = (uint32_t)elements;
		expect(p, TOKEN_RBRACKET);
	}
	if (accept(p, TOKEN_COLON)) {
		m->is_bitfield = true;
		m->bits = (uint32_t)parse_number(p);
	}
	parse_attributes(p, &m->attributes);
}

/* Reads "(*name)(parameters)", which is a pointer, whatever the function is. */
static void parse_function_pointer(struct parser *p, struct member_syntax *m)
{
	while (accept(p, TOKEN_STAR))
		;
	m->name = parser_peek(p, 0).text;
	expect(p, TOKEN_IDENT);
	expect(p, TOKEN_RPAREN);
	m->record = NULL;
	m->words = STR("void");
	m->pointers = 1;
	skip_parentheses(p);
}

/* Says whether the last of the base's names can be what is declared; in "unsigned int : 3" nothing is. */
static bool ends_with_name(const struct base *base)
{
	return base->names.n > (base->record ? 0 : 1) &&
	       !str_in_words(base->names.v[base->names.n - 1].text, "int long short char signed unsigned");
}

/* Reads one declared thing; its name may be the last of the base's names. */
static struct member_syntax parse_declarator(struct parser *p, const struct base *base, bool first)
{
	struct member_syntax m = {
		.span = base->span, .record = base->record, .name = STR(""), .attributes = base->attributes
	};
	bool named = first && ends_with_name(base) && !at(p, TOKEN_STAR) && !at(p, TOKEN_LPAREN) &&
		     !at(p, TOKEN_IDENT);
	size_t words = base->names.n - named;

	/* What later declarators share with the first: "int a, *b". */
	if (!first && base->names.n > (base->record ? 0 : 1) && p->base_named)
		words--;
	if (first)
		p->base_named = named;
	m.words = join_names(p, base, words);
	if (named)
		m.name = base->names.v[words].text;
	while (accept(p, TOKEN_STAR)) {
		m.pointers++;
		while (at(p, TOKEN_IDENT) && is_qualifier(parser_peek(p, 0).text))
			parser_take(p);
	}
	if (!named && accept(p, TOKEN_LPAREN)) {
		parse_function_pointer(p, &m);
		return m;
	}
	if (!named && at(p, TOKEN_IDENT))
		m.name = parser_take(p).text;
	parse_suffix(p, &m);
	m.span.end = p->taken.end;
	return m;
}

static void parse_members(struct parser *p, struct record_syntax *record)
{
	while (!at(p, TOKEN_RBRACE) && !at(p, TOKEN_END) && !p->definition_wrong) {
		struct base base = { 0 };
		struct member_syntax m;
		bool first = true;

		parse_base(p, &base);
		do {
			m = parse_declarator(p, &base, first);
			first = false;
			vec_push(p->arena, &record->members, m);
		} while (accept(p, TOKEN_COMMA));
		expect(p, TOKEN_SEMICOLON);
	}
}

static struct record_syntax *parse_record(struct parser *p, enum type_tag tag, struct span span)
{
	struct record_syntax *record = arena_one(p->arena, struct record_syntax);

	record->span = span;
	record->tag = tag;
	record->name = STR("");
	parse_attributes(p, &record->attributes);
	if (at(p, TOKEN_IDENT))
		record->name = parser_take(p).text;
	if (!accept(p, TOKEN_LBRACE))
		return record;
	record->has_body = true;
	if (enter(p) && tag == TAG_ENUM)
		parse_enumerators(p, record);
	else
		parse_members(p, record);
	leave(p);
	expect(p, TOKEN_RBRACE);
	parse_attributes(p, &record->attributes);
	return record;
}

/* Goes on to where the definition ends, after a mistake. */
static void skip_rest(struct parser *p)
{
	unsigned depth = 0;

	while (!at(p, TOKEN_END) && !at(p, TOKEN_SPEC) && !at(p, TOKEN_DEFINITION)) {
		enum token_kind kind = parser_take(p).kind;

		depth += kind == TOKEN_LBRACE;
		if (kind == TOKEN_RBRACE && depth)
			depth--;
		if (!depth && kind == TOKEN_SEMICOLON)
			return;
	}
}

void parser_define(struct parser *p, struct token opener)
{
	struct definition_syntax d = { .is_typedef = str_is(opener.text, "typedef") };
	struct base base = { .span = opener.span };
	enum type_tag tag = str_is(opener.text, "struct")  ? TAG_STRUCT
			    : str_is(opener.text, "union") ? TAG_UNION
							   : TAG_ENUM;

	p->definition_wrong = false;
	p->definition_depth = 0;
	if (d.is_typedef) {
		parse_base(p, &base);
		d.declared = parse_declarator(p, &base, true);
	} else {
		d.declared.record = parse_record(p, tag, opener.span);
		d.declared.span = opener.span;
	}
	if (p->definition_wrong)
		skip_rest(p);
	vec_push(p->arena, &p->script->definitions, d);
}
