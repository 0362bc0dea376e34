#include "lexer/headers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lexer/internal.h"

#define FILE_MARK "#file "
#define DEFINE "#define "

/* Takes what was written down from one header and those that it includes. */
struct reader {
	struct arena *arena;
	struct source_map *map;
	struct headers *headers;
	struct source text; /* the run of definitions that is being taken, without its begin */
};

/* Ends the run of definitions before the line at, and begins one of the named file behind it. */
static void change_file(struct reader *r, const char *at, struct str name)
{
	r->text.text.n = (size_t)(at - r->text.text.p);
	if (r->text.text.n)
		source_add(r->arena, r->map, r->text);
	r->text.name = name;
	r->text.text.p = name.p + name.n + 1;
}

static void take_macro(struct reader *r, struct str line)
{
	uint32_t at = source_next(r->map) + (uint32_t)(line.p - r->text.text.p);
	struct headers_macro macro = { .definition = { at, at + (uint32_t)line.n } };

	macro.name = str_split(str_slice(line, sizeof(DEFINE) - 1, line.n), ' ', &macro.text);
	vec_push(r->arena, &r->headers->macros, macro);
}

static void take_text(struct reader *r, struct str text)
{
	const char *end = text.p + text.n;

	r->text.text.p = text.p;
	while (text.n) {
		struct str line = str_split(text, '\n', &text);

		if (str_starts(line, DEFINE))
			take_macro(r, line);
		else if (str_starts(line, FILE_MARK))
			change_file(r, line.p, str_slice(line, sizeof(FILE_MARK) - 1, line.n));
	}
	change_file(r, end, STR(""));
}

static int read_one(struct arena *a, struct kernel *k, struct source_map *map, struct headers *h,
    struct str name, struct span parent)
{
	struct reader r = { a, map, h, { .name = name, .kind = SOURCE_HEADER, .parent = parent } };
	struct str text;
	int err;

	if (headers_have(h, name))
		return 0;
	err = kernel_read(k, a, KERNEL_HEADER, name, &text);
	if (err) {
		vec_push(a, &h->failures, ((struct headers_failure){ name, err }));
		return err;
	}
	vec_push(a, &h->names, name);
	take_text(&r, text);
	return 0;
}

/* Reads what a script includes. That depends on its conditions: all of it is scanned, without a word about
 * errors.
 */
static void read_included(
    struct arena *a, struct kernel *k, struct source_map *map, bool have_btf, struct headers *h)
{
	struct source_map script = { .script = map->script };
	char *text = NULL;
	size_t size;
	struct diag mute = { .map = &script, .out = open_memstream(&text, &size), .no_warnings = true };
	struct lexer *lexer;

	if (!mute.out)
		return;
	lexer = lexer_new(a, &script, &mute);
	headers_give(h, lexer);
	if (have_btf)
		lexer_define(lexer, STR("BPFTRACE_HAVE_BTF"), STR("1"));
	while (lexer_next(lexer).kind != TOKEN_END)
		;
	for (size_t i = 0; i < lexer->includes.n; i++)
		read_one(a, k, map, h, lexer->includes.v[i].name, lexer->includes.v[i].span);
	fclose(mute.out);
	free(text);
}

int headers_read(struct arena *a, struct kernel *k, struct source_map *map, bool have_btf,
    const struct str *wanted, size_t n_wanted, struct headers *h)
{
	struct str script = map->script.text;

	*h = (struct headers){ 0 };
	for (size_t i = 0; i < n_wanted; i++) {
		int err = read_one(a, k, map, h, wanted[i], (struct span){ 0, 0 });

		if (err)
			return err;
	}
	if (memmem(script.p, script.n, "include", strlen("include")))
		read_included(a, k, map, have_btf, h);
	return 0;
}

void headers_give(const struct headers *h, struct lexer *lexer)
{
	for (size_t i = 0; i < h->macros.n; i++)
		macro_define(lexer, h->macros.v[i].name, h->macros.v[i].text, h->macros.v[i].definition);
	lexer->headers = h;
}
