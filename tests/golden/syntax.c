/* The front end alone: tests/golden/run uses it for tokens and trees where there is no
 * btrun-compile. Usage: golden_syntax tokens|ast FILE */
#include <stdio.h>
#include <string.h>

#include "parser/parser.h"

static struct str read_all(struct arena *a, FILE *in)
{
	VEC(char) text = { 0 };

	for (int c; (c = getc(in)) != EOF;)
		vec_push(a, &text, (char)c);
	return str_copy(a, text.v, text.n);
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new();
	FILE *in = argc == 3 ? fopen(argv[2], "r") : NULL;

	if (!in) {
		fprintf(stderr, "usage: golden_syntax tokens|ast FILE\n");
		return 2;
	}
	const char *slash = strrchr(argv[2], '/');
	struct source_map map = { .script = { str_of(slash ? slash + 1 : argv[2]), read_all(a, in) } };
	struct diag diag = { .map = &map, .out = stderr };
	struct lexer *lexer = lexer_new(a, &map, &diag);

	lexer_define(lexer, STR("BPFTRACE_HAVE_BTF"), STR("1"));
	if (strcmp(argv[1], "tokens") == 0) {
		lexer_dump(lexer, stdout);
	} else {
		struct script *script = parse_script(a, lexer);

		if (!diag.errors)
			ast_dump(stdout, script, NULL);
	}
	fclose(in);
	arena_free(a);
	return diag.errors != 0;
}
