#include "lexer/headers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lexer/internal.h"

static bool is_read(const struct headers *h, struct str name)
{
	for (size_t i = 0; i < h->names.n; i++)
		if (str_eq(h->names.v[i], name))
			return true;
	return false;
}

static void take_macro(struct arena *a, struct headers *h, struct str rest)
{
	struct headers_macro macro;

	macro.name = str_split(rest, ' ', &macro.text);
	vec_push(a, &h->macros, macro);
}

#define DEFINE "#define "

static int read_one(struct arena *a, struct kernel *k, struct str name, struct headers *h)
{
	struct str text, rest, types = h->text;
	int err;

	if (is_read(h, name))
		return 0;
	err = kernel_read(k, a, KERNEL_HEADER, name, &text);
	if (err)
		return err;
	vec_push(a, &h->names, name);
	/* Macros first, then what is left is copied in one piece. */
	char *left = arena_alloc(a, types.n + text.n + 1);
	size_t n = types.n;

	memcpy(left, types.p ? types.p : "", n);
	while (text.n) {
		struct str line = str_split(text, '\n', &rest);

		if (str_starts(line, DEFINE)) {
			take_macro(a, h, str_slice(line, sizeof(DEFINE) - 1, line.n));
		} else {
			memcpy(left + n, line.p, line.n);
			n += line.n;
			left[n++] = '\n';
		}
		text = rest;
	}
	h->text = (struct str){ left, n };
	return 0;
}

/* What a script includes depends on its conditions: the whole of it is scanned, without a word about errors.
 */
static void read_included(
    struct arena *a, struct kernel *k, const struct source *source, bool have_btf, struct headers *h)
{
	char *text = NULL;
	size_t size;
	struct diag mute = { .source = source, .out = open_memstream(&text, &size), .no_warnings = true };
	struct lexer *lexer;

	if (!mute.out)
		return;
	lexer = lexer_new(a, source, &mute);
	headers_give(h, lexer);
	if (have_btf)
		lexer_define(lexer, STR("BPFTRACE_HAVE_BTF"), STR("1"));
	while (lexer_next(lexer).kind != TOKEN_END)
		;
	for (size_t i = 0; i < lexer->includes.n; i++)
		read_one(a, k, lexer->includes.v[i], h);
	fclose(mute.out);
	free(text);
}

int headers_read(struct arena *a, struct kernel *k, const struct source *source, bool have_btf,
    const struct str *wanted, size_t n_wanted, struct headers *h)
{
	*h = (struct headers){ 0 };
	for (size_t i = 0; i < n_wanted; i++) {
		int err = read_one(a, k, wanted[i], h);

		if (err)
			return err;
	}
	if (memmem(source->text.p, source->text.n, "include", strlen("include")))
		read_included(a, k, source, have_btf, h);
	return 0;
}

void headers_give(const struct headers *h, struct lexer *lexer)
{
	for (size_t i = 0; i < h->macros.n; i++)
		lexer_define(lexer, h->macros.v[i].name, h->macros.v[i].text);
	lexer->headers = h;
}

bool headers_have(const struct headers *h, struct str name)
{
	return h && is_read(h, name);
}
