/*
 * printf() of a pinned iterator: whoever reads the pin gets the text from the kernel itself, as no btrun runs
 * then. analysis/builtin_types.c lets only through what the kernel's bpf_seq_printf() can print.
 */
#include "base/format.h"
#include "codegen/gen.h"

static bool is_number(const struct format_piece *p)
{
	return p->wants == FORMAT_SIGNED || p->wants == FORMAT_UNSIGNED || p->wants == FORMAT_POINTER;
}

/* The kernel's own %p shows no addresses, and its %d only 32 bits. */
static struct str conversion(struct gen *g, const struct format_piece *p)
{
	static const char signs[] = "-+ 0";
	struct str flags = STR(""), width = STR("");

	for (unsigned i = 0; i < sizeof(signs) - 1; i++)
		if (p->flags & 1u << i)
			flags = str_format(g->arena, "%.*s%c", STR_ARG(flags), signs[i]);
	if (p->width)
		width = str_format(g->arena, "%d", p->width);
	if (p->wants == FORMAT_POINTER)
		return str_format(g->arena, "0x%%%.*s%.*sllx", STR_ARG(flags), STR_ARG(width));
	return str_format(g->arena, "%%%.*s%.*s%s%c", STR_ARG(flags), STR_ARG(width),
	    is_number(p) ? "ll" : "", p->conversion);
}

static struct str kernel_format(struct gen *g, const struct format *format)
{
	struct str out = STR("");

	for (size_t i = 0; i < format->pieces.n; i++) {
		const struct format_piece *p = &format->pieces.v[i];
		struct str text = p->wants != FORMAT_LITERAL ? conversion(g, p)
				  : str_is(p->text, "%")     ? STR("%%")
							     : p->text;

		out = str_format(g->arena, "%.*s%.*s", STR_ARG(out), STR_ARG(text));
	}
	return out;
}

/* What runtime/print/printf.c's cut() does. */
static LLVMValueRef cut(struct gen *g, LLVMValueRef v, const struct format_piece *p, uint32_t size)
{
	unsigned least = size > 4 ? size : 4, shift = 64 - 8 * (p->int_bytes ? p->int_bytes : least);

	if (!shift || p->wants == FORMAT_POINTER)
		return v;
	v = LLVMBuildShl(g->b, v, gen_const(g, shift), "");
	return p->wants == FORMAT_SIGNED ? LLVMBuildAShr(g->b, v, gen_const(g, shift), "")
					 : LLVMBuildLShr(g->b, v, gen_const(g, shift), "");
}

/* A string's address, or a number, as the helper takes them: 64 bits each. */
static LLVMValueRef argument(struct gen *g, struct node *arg, const struct format_piece *p)
{
	LLVMValueRef text;

	if (p->wants != FORMAT_STRING)
		return cut(g, gen_value(g, arg), p, arg->type->size);
	text = gen_temporary(g, (arg->type->size + 8) / 8 * 8);
	gen_zero(g, text, (arg->type->size + 8) / 8 * 8);
	gen_value_to(g, arg, text, arg->type);
	return LLVMBuildPtrToInt(g->b, text, g->i64, "");
}

/* ctx->meta->seq: both are first of their structs (include/linux/bpf.h, kernel/bpf/). */
static LLVMValueRef seq_file(struct gen *g)
{
	LLVMValueRef meta = gen_volatile(g, g->ptr, g->context_arg);

	return gen_volatile(g, g->ptr, meta);
}

void seq_printf(struct gen *g, struct node *node)
{
	struct node *format_node = node->call.args, *text = ast_new(g->arena, NODE_STRING, format_node->span);
	struct format format = { 0 };
	struct format_error wrong;
	LLVMValueRef args[5], data, room;
	uint32_t size;
	unsigned n = 0;

	if (format_parse(g->arena, format_node->string.text, &format, &wrong))
		return; /* which analysis has seen */
	text->string.text = kernel_format(g, &format);
	size = (uint32_t)text->string.text.n + 1;
	text->type = type_string(g->program->types, size);
	room = gen_temporary(g, round_8(size));
	gen_value_to(g, text, room, text->type);
	data = gen_temporary(g, 8 * format.n_conversions + 8);
	for (struct node *arg = format_node->next; arg; arg = arg->next, n++)
		gen_store64(g, gen_offset(g, data, 8 * n), argument(g, arg, format_conversion(&format, n)));
	args[0] = seq_file(g);
	args[1] = room, args[2] = gen_const(g, size);
	args[3] = data, args[4] = gen_const(g, 8 * n);
	/* When there is no room left, the kernel makes some and begins with the object again. */
	gen_call(g, HELPER_SEQ_PRINTF, g->i64, args, 5);
}
