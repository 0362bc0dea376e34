#include "parser/internal.h"

#include <string.h>

struct node *build_int(struct parser *p, struct token token)
{
	struct node *node = ast_new(p->arena, NODE_INT, token.span);

	node->integer.value = token.value;
	node->integer.is_unsigned = token.is_unsigned;
	return node;
}

struct node *build_name(struct parser *p, enum node_kind kind, struct token token)
{
	struct node *node = ast_new(p->arena, kind, token.span);

	if (kind == NODE_STRING)
		node->string.text = token.text;
	else if (kind == NODE_IDENT)
		node->ident.name = token.text;
	else if (kind == NODE_VARIABLE)
		node->variable.name = token.text;
	else
		node->param.number = (unsigned)token.value;
	return node;
}

struct node *build_map(struct parser *p, struct token token, struct node *keys, struct span span)
{
	struct node *node = ast_new(p->arena, NODE_MAP, span);

	node->map.name = token.text;
	node->map.keys = ast_map_keys(keys);
	return node;
}

struct node *build_call(struct parser *p, struct token name, struct node *args, struct span span)
{
	struct node *node = ast_new(p->arena, NODE_CALL, span);

	node->call.name = name.text;
	node->call.name_span = name.span;
	node->call.args = args;
	return node;
}

struct node *build_unary(struct parser *p, enum op op, struct node *operand, struct span span)
{
	struct node *node = ast_new(p->arena, NODE_UNARY, span);

	node->unary.op = op;
	node->unary.operand = operand;
	return node;
}

struct node *build_binary(struct parser *p, enum op op, struct node *left, struct node *right)
{
	struct node *node = ast_new(p->arena, NODE_BINARY, span_join(left->span, right->span));

	node->binary.op = op;
	node->binary.left = left;
	node->binary.right = right;
	return node;
}

struct node *build_step(struct parser *p, struct node *target, bool before, bool down, struct span span)
{
	struct node *node = ast_new(p->arena, NODE_STEP, span);

	node->step.target = target;
	node->step.before = before;
	node->step.down = down;
	return node;
}

struct node *build_ternary(struct parser *p, struct node *condition, struct node *yes, struct node *no)
{
	struct node *node = ast_new(p->arena, NODE_TERNARY, span_join(condition->span, no->span));

	node->ternary.condition = condition;
	node->ternary.yes = yes;
	node->ternary.no = no;
	return node;
}

struct node *build_cast(struct parser *p, struct type_syntax *to, struct node *operand, struct span span)
{
	struct node *node = ast_new(p->arena, NODE_CAST, span);

	node->cast.to = to;
	node->cast.operand = operand;
	return node;
}

struct node *build_member(struct parser *p, struct node *object, struct token name, bool arrow)
{
	struct node *node = ast_new(p->arena, NODE_MEMBER, span_join(object->span, name.span));

	node->member.object = object;
	node->member.name = name.text;
	if (name.kind == TOKEN_INTEGER)
		node->member.name = str_format(p->arena, "%llu", (unsigned long long)name.value);
	node->member.name_span = name.span;
	node->member.arrow = arrow;
	return node;
}

struct node *build_index(struct parser *p, struct node *object, struct node *index, struct span span)
{
	struct node *node = ast_new(p->arena, NODE_INDEX, span);

	node->index.object = object;
	node->index.index = index;
	return node;
}

struct node *build_tuple(struct parser *p, struct node *elements, struct span span)
{
	struct node *node = ast_new(p->arena, NODE_TUPLE, span);

	node->tuple.elements = elements;
	return node;
}

struct node *build_sizeof(struct parser *p, struct type_syntax *type, struct node *expr, struct span span)
{
	struct node *node = ast_new(p->arena, NODE_SIZEOF, span);

	node->sizeof_.of_type = type;
	node->sizeof_.of_expr = expr;
	return node;
}

struct node *build_expr(struct parser *p, struct node *expr)
{
	struct node *node = ast_new(p->arena, NODE_EXPR, expr->span);

	node->expr.expr = expr;
	return node;
}

struct node *build_assign(struct parser *p, struct node *target, enum op op, struct node *value)
{
	struct node *node = ast_new(p->arena, NODE_ASSIGN, span_join(target->span, value->span));

	node->assign.target = target;
	node->assign.op = op;
	node->assign.value = value;
	return node;
}

struct node *build_if(
    struct parser *p, struct node *condition, struct node *yes, struct node *no, struct span span)
{
	struct node *node = ast_new(p->arena, NODE_IF, span);

	node->if_.condition = condition;
	node->if_.yes = yes;
	node->if_.no = no;
	return node;
}

struct node *build_block(struct parser *p, struct node *statements, struct span span)
{
	struct node *node = ast_new(p->arena, NODE_BLOCK, span);

	node->block.statements = statements;
	return node;
}

struct node *build_while(struct parser *p, struct node *condition, struct node *body, struct span span)
{
	struct node *node = ast_new(p->arena, NODE_WHILE, span);

	node->while_.condition = condition;
	node->while_.body = body;
	return node;
}

struct node *build_range(struct parser *p, struct token variable, struct node *from, struct node *to,
    struct node *body, struct span span)
{
	struct node *node = ast_new(p->arena, NODE_RANGE, span);

	node->range.variable = build_name(p, NODE_VARIABLE, variable);
	node->range.from = from;
	node->range.to = to;
	node->range.body = body;
	return node;
}

struct node *build_offsetof(struct parser *p, struct type_syntax *type, struct token member, struct span span)
{
	struct node *node = build_sizeof(p, type, NULL, span);

	node->sizeof_.member = member.text;
	return node;
}

struct node *build_unroll(struct parser *p, struct node *count, struct node *body, struct span span)
{
	struct node *node = ast_new(p->arena, NODE_UNROLL, span);

	node->unroll.count = count;
	node->unroll.body = body;
	return node;
}

struct node *build_jump(struct parser *p, enum node_kind kind, struct span span)
{
	return ast_new(p->arena, kind, span);
}

struct node *build_return(struct parser *p, struct node *value, struct span span)
{
	struct node *node = ast_new(p->arena, NODE_RETURN, span);

	node->return_.value = value;
	return node;
}

/* Adds a node, which is NULL for an empty statement and for one with an error. */
struct node_list build_list(struct node_list list, struct node *node)
{
	if (!node)
		return list;
	if (list.last)
		list.last->next = node;
	else
		list.first = node;
	list.last = node;
	return list;
}

struct node *build_list_front(struct node *first, struct node_list rest)
{
	first->next = rest.first;
	return first;
}

struct type_syntax *build_type(struct parser *p, enum type_tag tag, struct token name)
{
	struct type_syntax *type = arena_one(p->arena, struct type_syntax);

	type->span = name.span;
	type->tag = tag;
	type->name = name.text;
	return type;
}

/* Joins "unsigned" and then "long" to one name. const says nothing here. */
struct type_syntax *build_type_word(struct parser *p, struct type_syntax *type, struct token word)
{
	if (str_is(type->name, "const") || str_is(type->name, "volatile"))
		type->name = word.text;
	else if (!str_is(word.text, "const") && !str_is(word.text, "volatile"))
		type->name = str_format(p->arena, "%.*s %.*s", STR_ARG(type->name), STR_ARG(word.text));
	type->span = span_join(type->span, word.span);
	return type;
}

struct type_syntax *build_array(
    struct parser *p, struct type_syntax *type, struct token elements, struct span span)
{
	if (elements.value == 0 || elements.value > UINT32_MAX)
		diag_error(
		    p->diag, elements.span, "an array of %llu elements", (unsigned long long)elements.value);
	type->is_array = true;
	type->elements = (uint32_t)elements.value;
	type->span = span;
	return type;
}

/* Takes off the quotes and the backslashes in them. A dollar sign in quotes, or behind a backslash, is no
 * parameter's. */
static struct str unquote(struct arena *a, struct str text)
{
	char *to = arena_alloc(a, text.n + 1);
	bool inside = false, literal;
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		literal = inside;
		if (text.p[i] == '\\' && i + 1 < text.n) {
			literal = true;
			i++;
		} else if (text.p[i] == '"') {
			inside = !inside;
			continue;
		}
		to[n++] = literal && text.p[i] == '$' ? AST_LITERAL_DOLLAR : text.p[i];
	}
	return (struct str){ to, n };
}

void build_attach(struct parser *p, struct token spec)
{
	ptrdiff_t colon = str_find(spec.text, ':');
	size_t n = colon < 0 ? spec.text.n : (size_t)colon;
	size_t rest = colon < 0 ? n : n + 1;
	struct attach_syntax attach = {
		.span = spec.span,
		.provider = str_slice(spec.text, 0, n),
		.rest = unquote(p->arena, str_slice(spec.text, rest, spec.text.n)),
		.rest_span = { spec.span.begin + (uint32_t)rest, spec.span.end },
	};

	vec_push(p->arena, &p->probe->attach, attach);
}

void build_probe(struct parser *p, struct node *predicate, struct node *body, struct span span)
{
	p->probe->span = span;
	p->probe->predicate = predicate;
	p->probe->body = body;
	vec_push(p->arena, &p->script->probes, *p->probe);
}
