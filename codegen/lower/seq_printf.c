/*
 * printf() of a pinned iterator: whoever reads the pin gets the text from the kernel itself, as no btrun runs
 * then. analysis/builtin_types.c lets only through what the kernel's bpf_seq_printf() can print.
 */
#include "codegen/lower/seq_printf.h"

#include "base/format.h"
#include "base/round.h"
#include "codegen/bpf/helpers.h"
#include "codegen/bpf/memory.h"
#include "codegen/lower/expr.h"

static bool is_number(const struct format_piece *p)
{
	return p->wants == FORMAT_SIGNED || p->wants == FORMAT_UNSIGNED || p->wants == FORMAT_POINTER;
}

/* The kernel's own %p shows no addresses, and its %d only 32 bits. */
static struct str conversion(struct function *f, const struct format_piece *p)
{
	static const char signs[] = "-+ 0";
	struct str flags = STR(""), width = STR("");

	for (unsigned i = 0; i < sizeof(signs) - 1; i++)
		if (p->flags & 1u << i)
			flags = str_format(f->g->arena, "%.*s%c", STR_ARG(flags), signs[i]);
	if (p->width)
		width = str_format(f->g->arena, "%d", p->width);
	if (p->wants == FORMAT_POINTER)
		return str_format(f->g->arena, "0x%%%.*s%.*sllx", STR_ARG(flags), STR_ARG(width));
	return str_format(f->g->arena, "%%%.*s%.*s%s%c", STR_ARG(flags), STR_ARG(width),
	    is_number(p) ? "ll" : "", p->conversion);
}

static struct str kernel_format(struct function *f, const struct format *format)
{
	struct str out = STR("");

	for (size_t i = 0; i < format->pieces.n; i++) {
		const struct format_piece *p = &format->pieces.v[i];
		struct str text = p->wants != FORMAT_LITERAL ? conversion(f, p)
				  : str_is(p->text, "%")     ? STR("%%")
							     : p->text;

		out = str_format(f->g->arena, "%.*s%.*s", STR_ARG(out), STR_ARG(text));
	}
	return out;
}

/* What runtime/print/printf.c's cut() does. */
static LLVMValueRef cut(struct function *f, LLVMValueRef v, const struct format_piece *p, uint32_t size)
{
	unsigned least = size > 4 ? size : 4, shift = 64 - 8 * (p->int_bytes ? p->int_bytes : least);

	if (!shift || p->wants == FORMAT_POINTER)
		return v;
	v = LLVMBuildShl(f->b, v, gen_const(f, shift), "");
	return p->wants == FORMAT_SIGNED ? LLVMBuildAShr(f->b, v, gen_const(f, shift), "")
					 : LLVMBuildLShr(f->b, v, gen_const(f, shift), "");
}

/* A string's address, or a number, as the helper takes them: 64 bits each. */
static LLVMValueRef argument(struct function *f, struct node *arg, const struct format_piece *p)
{
	LLVMValueRef text;

	if (p->wants != FORMAT_STRING)
		return cut(f, gen_value(f, arg), p, arg->type->size);
	text = gen_temporary(f, (arg->type->size + 8) / 8 * 8);
	gen_zero(f, text, (arg->type->size + 8) / 8 * 8);
	gen_bytes_to(f, arg, text, arg->type);
	return LLVMBuildPtrToInt(f->b, text, f->m->i64, "");
}

/* ctx->meta->seq: both are first of their structs (include/linux/bpf.h, kernel/bpf/). */
static LLVMValueRef seq_file(struct function *f)
{
	LLVMValueRef meta = gen_volatile(f, f->m->ptr, f->bpf->context_arg);

	return gen_volatile(f, f->m->ptr, meta);
}

void seq_printf(struct function *f, struct node *node)
{
	struct node *format_node = node->call.args,
		    *text = ast_new(f->g->arena, NODE_STRING, format_node->span);
	struct format format = { 0 };
	struct format_error wrong;
	LLVMValueRef args[5], data, room;
	uint32_t size;
	unsigned n = 0;

	if (format_parse(f->g->arena, format_node->string.text, &format, &wrong))
		return; /* which analysis has seen */
	text->string.text = kernel_format(f, &format);
	size = (uint32_t)text->string.text.n + 1;
	text->type = type_string(f->g->program->types, size);
	room = gen_temporary(f, round_8(size));
	gen_value_to(f, text, room, text->type);
	data = gen_temporary(f, 8 * format.n_conversions + 8);
	for (struct node *arg = format_node->next; arg; arg = arg->next, n++)
		gen_store64(f, gen_offset(f, data, 8 * n), argument(f, arg, format_conversion(&format, n)));
	args[0] = seq_file(f);
	args[1] = room, args[2] = gen_const(f, size);
	args[3] = data, args[4] = gen_const(f, 8 * n);
	/* When there is no room left, the kernel makes some and begins with the object again. */
	gen_call(f, BPF_FUNC_seq_printf, f->m->i64, args, 5);
}
