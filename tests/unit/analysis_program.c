/* Whole scripts typed against the fake kernel: variables' scopes, widening, record layouts. */
#include "analysis/program.h"
#include "parser/parser.h"
#include "tests/unit/test.h"

#include <stdlib.h>

static struct arena *arena;
static struct kernel *kernel;
static struct kernel_btf *btf; /* of the program that was analysed last */
static unsigned errors;

static struct program *program_of(const char *text)
{
	struct source_map map = { .script = { STR("test.bt"), str_of(text) } };
	char *messages = NULL;
	size_t n = 0;
	struct diag diag = { .map = &map, .out = open_memstream(&messages, &n) };
	struct lexer *lexer = lexer_new(arena, &map, &diag);
	struct script *script = parse_script(arena, lexer);
	struct str param = STR("7");
	struct analysis_options options = {
		.kernel = kernel, .params = &param, .n_params = 1, .max_strlen = 64, .max_map_keys = 4096
	};
	struct program *program = analyse(arena, script, &diag, &options);

	fclose(diag.out);
	errors = diag.errors;
	free(messages);
	/* The names of types lie in it. */
	kernel_btf_free(btf);
	btf = program->btf;
	return program;
}

static void check_variable(const char *script, unsigned index, const char *type)
{
	struct program *p = program_of(script);
	struct unit *unit = p->units.v[0];

	TEST_RESULT_(!errors && index < unit->variables.n, "%s: %u errors, %zu variables", script, errors,
	    unit->variables.n);
	if (index < unit->variables.n) {
		struct str text = type_text(arena, unit->variables.v[index]->type);

		TEST_RESULT_(
		    str_is(text, type), "%s: the variable is %.*s, not %s", script, STR_ARG(text), type);
	}
}

static void variables(void)
{
	check_variable("BEGIN { $x = 1; }", 0, "int64");
	check_variable("BEGIN { $x = pid; }", 0, "uint32");
	check_variable("BEGIN { $x = pid; $x = 1; }", 0, "int64");
	check_variable("BEGIN { $x = 0; $x = nsecs; }", 0, "uint64");
	check_variable("BEGIN { $x = nsecs; $x = -1; }", 0, "int64");
	check_variable("BEGIN { $x = (uint8)1; $x = (int8)1; }", 0, "int16");
	check_variable("BEGIN { $x = \"ab\"; $x = comm; }", 0, "string[16]");
	check_variable("BEGIN { $x = 1 == 2; }", 0, "bool");
	check_variable("BEGIN { $x = curtask; }", 0, "struct task_struct *");
	check_variable("BEGIN { $x = curtask->comm; }", 0, "string[17]");
	check_variable("BEGIN { $x = bswap((uint16)1); $x = bswap($x); }", 0, "uint16");
	check_variable("BEGIN { $x = pid - 1; }", 0, "int64");
	check_variable("BEGIN { $x = nsecs - 1; }", 0, "uint64");
	check_variable("BEGIN { $x = @y; @y = nsecs; }", 0, "uint64");
	check_variable("BEGIN { $x = @y[1]; @y[2] = curtask; }", 0, "struct task_struct *");
	check_variable("BEGIN { $x = str($1); }", 0, "string[2]");
	check_variable("BEGIN { $x = str(curtask->comm, 4); }", 0, "string[5]");
	check_variable("BEGIN { $x = pid ? \"a\" : \"bcd\"; }", 0, "string[4]");
}

static size_t count_variables(const char *script)
{
	struct program *p = program_of(script);

	return errors ? 1000 + errors : p->units.v[0]->variables.n;
}

static void scopes(void)
{
	/* beside each other: two, of different types */
	CHECK_INT(
	    count_variables("BEGIN { if (1) { $x = 1; print($x); } else { $x = \"a\"; print($x); } }"), 2);
	/* read outside: one */
	CHECK_INT(count_variables("BEGIN { if (1) { $x = 1; } else { $x = 2; } print($x); }"), 1);
	/* read in a block beside: one */
	CHECK_INT(count_variables("BEGIN { if (1) { $x = 1; } if (2) { print($x); } }"), 1);
	/* assigned outside before: one */
	CHECK_INT(count_variables("BEGIN { $x = 0; if (1) { $x = 1; } }"), 1);
	/* assigned outside only after: another one */
	CHECK_INT(count_variables("BEGIN { if (1) { $x = \"a\"; } $x = 1; print($x); }"), 2);
	CHECK_INT(count_variables("BEGIN { if (1) { if (2) { $x = 1; } } if (3) { if (4) { $x++; } } }"), 1);
	CHECK_INT(count_variables("BEGIN { print($x); $x = 1; }"), 1001);
	CHECK_INT(count_variables("BEGIN { if (1) { $x = 1; } else { $x = \"a\"; } print($x); }"), 1001);
}

static void one_record(void)
{
	struct program *p = program_of(
	    "BEGIN { time(\"%H\"); printf(\"%d %s\", pid, comm); printf(\"%d\", (uint8)1); exit(); }");
	struct record *r = p->records.v[0];

	CHECK_INT(errors, 0);
	CHECK_INT(p->records.n, 1);
	CHECK_INT(r->actions.n, 4);
	CHECK_INT(r->actions.v[0]->fields.v[0].offset, 8);
	CHECK_INT(r->actions.v[1]->fields.v[0].offset, 16);
	CHECK_INT(r->actions.v[1]->fields.v[1].offset, 20);
	CHECK_INT(r->actions.v[2]->fields.v[0].offset, 36);
	CHECK_INT(r->size, 40);
	CHECK_INT(r->tail_size, 0);
}

static void separate_records(void)
{
	struct program *p =
	    program_of("BEGIN { print(1); $x = 2; print($x); if ($x) { print(3); } print(4); }");

	CHECK_INT(p->records.n, 4);
	p = program_of("BEGIN { $s = str(1) == \"a\" ? print(1) : print(2); }");
	CHECK_INT(errors, 1);
	p = program_of("BEGIN { pid ? print(1) : print(2); print(3); }");
	CHECK_INT(errors, 0);
	CHECK_INT(p->records.n, 3);
}

static void long_strings(void)
{
	struct program *p = program_of("BEGIN { printf(\"%s %d\", \"0123456789012345678901234567890123456789"
				       "012345678901234567890123456789\", 5); }");
	struct record *r = p->records.v[0];

	CHECK(r->actions.v[0]->fields.v[0].tail);
	CHECK_INT(r->actions.v[0]->fields.v[0].offset, 8);
	CHECK_INT(r->tail_size, 71);
	CHECK_INT(r->actions.v[0]->fields.v[1].offset, 16);
	CHECK_INT(r->size, 24);
}

static void maps(void)
{
	struct program *p =
	    program_of("BEGIN { @[comm, pid] = count(); @y = (uint8)3; @z[curtask->comm] = hist(1, 3);"
		       " @z[\"a\"] = hist(2, 3); }");

	CHECK_INT(errors, 0);
	CHECK_INT(p->maps.n, 3);
	CHECK_STR(type_text(arena, p->maps.v[0]->key), "(string[16], int64)");
	CHECK(map_kinds[p->maps.v[0]->kind].traits & MAP_IS_PER_CPU);
	CHECK_STR(type_text(arena, p->maps.v[1]->value), "int64");
	CHECK(!p->maps.v[1]->key);
	CHECK_STR(type_text(arena, p->maps.v[2]->key), "(string[17])");
	CHECK_STR(type_text(arena, p->maps.v[2]->value), "hist(3)");
}

static void attach_points(void)
{
	struct program *p =
	    program_of("k:mod:f+0x10, kr:f, i:ms:10, interval:2s, kprobe:a*, i:hz:100, k:b* { }");

	CHECK_INT(errors, 0);
	CHECK_INT(p->units.n, 6);
	CHECK_STR(p->attaches.v[0]->module, "mod");
	CHECK_STR(p->attaches.v[0]->function, "f");
	CHECK_INT(p->attaches.v[0]->offset, 16);
	CHECK(p->units.v[0]->needs_kprobe);
	CHECK_STR(p->attaches.v[1]->text, "kretprobe:f");
	CHECK_INT(p->attaches.v[2]->period_ns, 10000000);
	CHECK_INT(p->attaches.v[3]->period_ns, 2000000000);
	CHECK_INT(p->attaches.v[4]->period_ns, 10000000);
	CHECK_INT(p->units.v[5]->attaches.n, 2);
	CHECK_STR(p->units.v[5]->attaches.v[1]->function, "b*");
}

int main(void)
{
	arena = arena_new();
	kernel = kernel_host("tests/fixtures/kernel");
	variables();
	scopes();
	one_record();
	separate_records();
	long_strings();
	maps();
	attach_points();
	kernel_btf_free(btf);
	kernel_free(kernel);
	arena_free(arena);
	return test_end();
}
