/*
 * How types are written in messages and dumps.
 */
#include "analysis/type.h"

static struct str tuple_text(struct arena *a, const struct type *t)
{
	struct str text = STR("");

	for (uint32_t i = 0; i < t->elements; i++) {
		struct str item = type_text(a, t->items[i]);

		text = str_format(a, "%.*s%s%.*s", STR_ARG(text), i ? ", " : "", STR_ARG(item));
	}
	return str_format(a, "(%.*s)", STR_ARG(text));
}

static struct str record_text(struct arena *a, const char *tag, const struct type *t)
{
	return t->name.n ? str_format(a, "%s %.*s", tag, STR_ARG(t->name))
			 : str_format(a, "%s (anonymous)", tag);
}

static struct str int_text(struct arena *a, const struct type *t)
{
	if (t->is_char)
		return STR("char");
	return str_format(a, "%sint%u", t->is_signed ? "" : "u", t->size * 8);
}

static struct str array_text(struct arena *a, const struct type *t)
{
	struct str target = type_text(a, t->target);

	return str_format(a, "%.*s[%u]", STR_ARG(target), t->elements);
}

static struct str ptr_text(struct arena *a, const struct type *t)
{
	struct str target = type_text(a, t->target);
	const char *blank = t->target->form == FORM_PTR ? "" : " ";

	return str_format(a, "%.*s%s*", STR_ARG(target), blank);
}

const char *type_stack_mode(enum stack_mode mode)
{
	static const char *const modes[STACK_MODES_] = {
#define STACK_MODE(name, text) text,
#include "language/stack_modes.def"
#undef STACK_MODE
	};

	return modes[mode];
}

static struct str stack_text(struct arena *a, const struct type *t)
{
	return str_format(a, "%s(%s, %u)", type_form_text(t->form), type_stack_mode(t->mode), t->frames);
}

struct str type_text(struct arena *a, const struct type *t)
{
	switch (t->form) {
	case FORM_INT:
		return int_text(a, t);
	case FORM_ENUM:
		return record_text(a, "enum", t);
	case FORM_FLOAT:
		return t->size == 4 ? STR("float") : t->size == 8 ? STR("double") : STR("long double");
	case FORM_PTR:
		return ptr_text(a, t);
	case FORM_STRUCT:
		return record_text(a, "struct", t);
	case FORM_UNION:
		return record_text(a, "union", t);
	case FORM_ARRAY:
		return array_text(a, t);
	case FORM_STRING:
		return str_format(a, "string[%u]", t->size);
	case FORM_BUFFER:
		return str_format(a, "buffer[%u]", t->elements);
	case FORM_TUPLE:
		return tuple_text(a, t);
	case FORM_KSTACK:
	case FORM_USTACK:
		return stack_text(a, t);
	case FORM_HIST:
		return t->hist_bits ? str_format(a, "hist(%u)", t->hist_bits) : STR("hist");
	case FORM_LHIST:
		return str_format(a, "lhist(%lld, %lld, %lld)", (long long)t->range[0],
		    (long long)t->range[1], (long long)t->range[2]);
	/* Their rows have a text. */
	case FORM_VOID:
	case FORM_BOOL:
	case FORM_INET:
	case FORM_PROBE:
	case FORM_FUNC:
	case FORM_ARGS:
	case FORM_KSYM:
	case FORM_USYM:
	case FORM_MAC:
	case FORM_TIMESTAMP:
	case FORM_CGROUP_PATH:
	case FORM_USERNAME:
	case FORM_STRERROR:
	case FORM_STRINGS:
	case FORM_COUNT:
	case FORM_SUM:
	case FORM_AVG:
	case FORM_MIN:
	case FORM_MAX:
	case FORM_STATS:
	case FORMS_:
		break;
	}
	return str_of(type_form_text(t->form));
}

void type_print(FILE *out, const struct type *t)
{
	struct arena *a = arena_new();
	struct str text = type_text(a, t);

	fprintf(out, "%.*s%s", STR_ARG(text), t->form == FORM_PTR && t->space == SPACE_USER ? " user" : "");
	arena_free(a);
}
