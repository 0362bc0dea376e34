/* Any bytes as a script: the scanner, the preprocessor and the parser. */
#include "parser/parser.h"

#include <stddef.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static FILE *nowhere;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	struct arena *a = arena_new();
	struct source_map map = { .script = { STR("fuzz.bt"), { (const char *)data, size } } };
	struct diag diag = { .map = &map, .out = nowhere };
	struct lexer *lexer = lexer_new(a, &map, &diag);

	lexer_define(lexer, STR("BPFTRACE_HAVE_BTF"), STR("1"));
	struct script *script = parse_script(a, lexer);

	ast_dump(nowhere, script, NULL);
	for (size_t i = 0; i < script->probes.n; i++)
		ast_clone(a, script->probes.v[i].body);
	arena_free(a);
	return 0;
}
