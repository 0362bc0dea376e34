/*
 * What is known while compiling: literals and named constants. A node that
 * names one becomes it.
 */
#include "analysis/compilation.h"
#include "lexer/lexer.h"

void fold_into_int(struct node *node, uint64_t value, const struct type *type)
{
	node->kind = NODE_INT;
	node->integer.value = value;
	node->integer.is_unsigned = !type->is_signed;
	node->integer.origin = ORIGIN_SCRIPT;
	node->type = type;
}

void fold_into_kernel_int(
    struct compilation *c, struct node *node, uint64_t value, enum origin origin, struct str named)
{
	fold_into_int(node, value, type_int(c->types, 8, true));
	node->integer.origin = origin;
	node->integer.named = named;
}

static bool fold_binary(const struct node *node, int64_t *value)
{
	int64_t a, b;

	if (!fold_int(node->binary.left, &a) || !fold_int(node->binary.right, &b))
		return false;
	/* Only what constants in scripts are written with; wraps as the program would. */
	if (node->binary.op == OP_ADD)
		*value = (int64_t)((uint64_t)a + (uint64_t)b);
	else if (node->binary.op == OP_SUB)
		*value = (int64_t)((uint64_t)a - (uint64_t)b);
	else if (node->binary.op == OP_MUL)
		*value = (int64_t)((uint64_t)a * (uint64_t)b);
	else if (node->binary.op == OP_SHL && b >= 0 && b < 64)
		*value = (int64_t)((uint64_t)a << b);
	else
		return false;
	return true;
}

bool fold_int(const struct node *node, int64_t *value)
{
	if (node->kind == NODE_INT) {
		*value = (int64_t)node->integer.value;
		return true;
	}
	if (node->kind == NODE_UNARY && node->unary.op == OP_NEG && fold_int(node->unary.operand, value)) {
		*value = (int64_t)(0 - (uint64_t)*value);
		return true;
	}
	if (node->kind == NODE_SIZEOF && node->sizeof_.measured) {
		*value = (int64_t)node->sizeof_.value;
		return true;
	}
	return node->kind == NODE_BINARY && fold_binary(node, value);
}

/* A struct of the kernel's has other sizes and offsets on another kernel. */
void fold_size(struct compilation *c, struct node *node)
{
	const struct type *measured = node->sizeof_.measured;
	struct str member = node->sizeof_.member, name;

	if (!measured)
		return;
	if (!type_is_kernels(measured)) {
		fold_into_int(node, node->sizeof_.value, type_int(c->types, 8, true));
		return;
	}
	name = type_kernel_name(c->arena, measured);
	if (member.n)
		name = str_format(c->arena, "%.*s:%.*s", STR_ARG(name), STR_ARG(member));
	fold_into_kernel_int(c, node, node->sizeof_.value, member.n ? ORIGIN_OFFSET : ORIGIN_SIZE, name);
}

bool fold_constant(struct compilation *c, struct node *node)
{
	struct str name = node->ident.name;
	uint32_t type;
	const struct type *enumeration;
	struct btf_info info;
	int64_t value;

	if (type_find_constant(c->types, node->ident.name, &value, &enumeration)) {
		fold_into_int(node, (uint64_t)value, enumeration);
		return true;
	}
	if (str_is(node->ident.name, "true") || str_is(node->ident.name, "false")) {
		fold_into_int(node, str_is(node->ident.name, "true"), type_bool(c->types));
		return true;
	}
	if (lexer_constant(node->ident.name, &value)) {
		fold_into_int(node, (uint64_t)value, type_int(c->types, 8, true));
		return true;
	}
	if (!c->program->btf || btf_find_enum_value(c->program->btf, STR(""), name, &value, &type))
		return false;
	btf_info(c->program->btf, type, &info);
	fold_into_kernel_int(c, node, (uint64_t)value, ORIGIN_ENUM,
	    str_format(c->arena, "%.*s:%.*s", STR_ARG(info.name), STR_ARG(name)));
	node->type = type_of_btf(c->types, type, SPACE_KERNEL);
	node->integer.is_unsigned = !node->type->is_signed;
	return true;
}
