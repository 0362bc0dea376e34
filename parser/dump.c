#include "parser/ast.h"

#include <inttypes.h>

static void print_string(FILE *out, struct str text)
{
	fputc('"', out);
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", out);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void print_type_syntax(FILE *out, const struct type_syntax *type)
{
	static const char *const tags[] = { "", "struct ", "union ", "enum " };

	fprintf(out, "%s%.*s", tags[type->tag], STR_ARG(type->name));
	if (type->pointers)
		fputc(' ', out);
	for (unsigned i = 0; i < type->pointers; i++)
		fputc('*', out);
	if (type->is_array && type->elements)
		fprintf(out, "[%" PRIu32 "]", type->elements);
	else if (type->is_array)
		fputs("[]", out);
}

static void print_head(FILE *out, const struct node *n)
{
	switch (n->kind) {
	case NODE_INT:
		fprintf(out, "int %" PRIu64 "%s", n->integer.value, n->integer.is_unsigned ? "u" : "");
		break;
	case NODE_STRING:
		fputs("string ", out);
		print_string(out, n->string.text);
		break;
	case NODE_IDENT:
		fprintf(out, "name %.*s", STR_ARG(n->ident.name));
		break;
	case NODE_PARAM:
		if (n->param.number)
			fprintf(out, "parameter $%u", n->param.number);
		else
			fputs("parameter $#", out);
		break;
	case NODE_VARIABLE:
		fprintf(out, "variable %.*s", STR_ARG(n->variable.name));
		break;
	case NODE_MAP:
		fprintf(out, "map %.*s%s", STR_ARG(n->map.name), n->map.keys ? " []" : "");
		break;
	case NODE_CALL:
		fprintf(out, "call %.*s", STR_ARG(n->call.name));
		break;
	case NODE_UNARY:
		fprintf(out, "unary %s", ast_op_text(n->unary.op));
		break;
	case NODE_BINARY:
		fprintf(out, "binary %s", ast_op_text(n->binary.op));
		break;
	case NODE_STEP:
		fprintf(out, "%s %s", n->step.down ? "--" : "++", n->step.before ? "before" : "after");
		break;
	case NODE_TERNARY:
		fputs("?:", out);
		break;
	case NODE_CAST:
		fputs("cast ", out);
		print_type_syntax(out, n->cast.to);
		break;
	case NODE_MEMBER:
		fprintf(out, "member %s%.*s", n->member.arrow ? "->" : ".", STR_ARG(n->member.name));
		break;
	case NODE_INDEX:
		fputs("index", out);
		break;
	case NODE_TUPLE:
		fputs("tuple", out);
		break;
	case NODE_SIZEOF:
		fputs(n->sizeof_.member.n ? "offsetof" : "sizeof", out);
		if (n->sizeof_.of_type) {
			fputc(' ', out);
			print_type_syntax(out, n->sizeof_.of_type);
			fprintf(out, "%s%.*s", n->sizeof_.member.n ? " " : "", STR_ARG(n->sizeof_.member));
		}
		break;
	case NODE_EXPR:
		fputs("expression", out);
		break;
	case NODE_ASSIGN:
		fprintf(out, "assign %s=", ast_op_text(n->assign.op));
		break;
	case NODE_IF:
		fputs("if", out);
		break;
	case NODE_BLOCK:
		fputs("block", out);
		break;
	case NODE_WHILE:
		fputs("while", out);
		break;
	case NODE_RANGE:
		fputs("for", out);
		break;
	case NODE_UNROLL:
		fputs("unroll", out);
		break;
	case NODE_BREAK:
		fputs("break", out);
		break;
	case NODE_CONTINUE:
		fputs("continue", out);
		break;
	case NODE_RETURN:
		fputs("return", out);
		break;
	}
}

static void indent(FILE *out, int depth)
{
	fprintf(out, "%*s", depth * 2, "");
}

void ast_dump_node(
    FILE *out, const struct node *node, int depth, void (*print_type)(FILE *out, const struct type *type))
{
	struct node *children[AST_CHILDREN];
	unsigned n = ast_children(node, children);

	indent(out, depth);
	print_head(out, node);
	if (print_type && node->type) {
		fputs(" : ", out);
		print_type(out, node->type);
	}
	fputc('\n', out);
	for (unsigned i = 0; i < n; i++)
		for (const struct node *child = children[i]; child; child = child->next)
			ast_dump_node(out, child, depth + 1, print_type);
}

static void dump_rest(struct str rest, FILE *out)
{
	fputs(" : ", out);
	for (size_t i = 0; i < rest.n; i++)
		fputc(rest.p[i] == AST_LITERAL_DOLLAR ? '$' : rest.p[i], out);
}

void ast_dump(FILE *out, const struct script *script, void (*print_type)(FILE *out, const struct type *type))
{
	for (size_t i = 0; i < script->probes.n; i++) {
		const struct probe_syntax *probe = &script->probes.v[i];

		fputs("probe\n", out);
		for (size_t j = 0; j < probe->attach.n; j++) {
			const struct attach_syntax *attach = &probe->attach.v[j];

			indent(out, 1);
			fprintf(out, "attach %.*s", STR_ARG(attach->provider));
			if (attach->rest.n)
				dump_rest(attach->rest, out);
			fputc('\n', out);
		}
		if (probe->predicate) {
			indent(out, 1);
			fputs("predicate\n", out);
			ast_dump_node(out, probe->predicate, 2, print_type);
		}
		if (probe->body)
			ast_dump_node(out, probe->body, 1, print_type);
	}
}
