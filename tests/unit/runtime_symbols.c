#include "runtime/symbols/symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/symbols/demangle.h"
#include "runtime/symbols/symbol_table.h"
#include "tests/unit/test.h"

int named_function(void);

__attribute__((noinline)) int named_function(void)
{
	return 3;
}

static const char *name_at(const struct symbol_table *t, uint64_t at)
{
	const struct symbol_entry *e = symbol_table_find(t, at);

	return e ? symbol_table_name(t, e) : "-";
}

static void check_table(void)
{
	struct symbol_table t = { 0 };

	CHECK(symbol_table_find(&t, 5) == NULL);
	symbol_table_add(&t, 300, 0, STR("label"));
	symbol_table_add(&t, 100, 50, STR("__first"));
	symbol_table_add(&t, 100, 50, STR("first"));
	symbol_table_add(&t, 100, 50, STR("_first"));
	symbol_table_add(&t, 120, 10, STR("inner"));
	symbol_table_add(&t, 400, 8, STR("last"));
	symbol_table_sort(&t);
	CHECK_TEXT(name_at(&t, 99), 1, "-");
	CHECK_INT(strcmp(name_at(&t, 100), "first"), 0);
	CHECK_INT(strcmp(name_at(&t, 119), "first"), 0);
	CHECK_INT(strcmp(name_at(&t, 120), "inner"), 0);
	CHECK_INT(strcmp(name_at(&t, 129), "inner"), 0);
	CHECK_INT(strcmp(name_at(&t, 130), "first"), 0);
	CHECK_INT(strcmp(name_at(&t, 150), "-"), 0);
	CHECK_INT(strcmp(name_at(&t, 399), "label"), 0);
	CHECK_INT(strcmp(name_at(&t, 407), "last"), 0);
	CHECK_INT(strcmp(name_at(&t, 408), "-"), 0);
	symbol_table_free(&t);
	CHECK(symbol_table_find(&t, 100) == NULL);
}

static void check_kernel(void)
{
	struct kernel *k = kernel_host("tests/fixtures/kernel");
	struct symbols *s = symbols_new(&(struct symbols_options){ .kernel = k });
	struct symbol symbol;

	CHECK_INT(symbols_kernel(s, 0xffffffff81000000, &symbol), 0);
	CHECK(symbol.name != NULL);
	CHECK_INT(symbol.offset, 0);
	CHECK_INT(symbols_kernel(s, 0x1000, &symbol), -ENOENT);
	symbols_free(s);
	kernel_free(k);
}

static void check_user(void)
{
	struct kernel *k = kernel_host("");
	struct symbols *s = symbols_new(&(struct symbols_options){ .kernel = k });
	struct symbol symbol;
	pid_t child;

	CHECK_INT(symbols_user(s, getpid(), (uint64_t)(uintptr_t)named_function + 1, &symbol), 0);
	CHECK_INT(strcmp(symbol.name, "named_function"), 0);
	CHECK_INT(symbol.offset, 1);
	CHECK(symbol.object && strstr(symbol.object, "unit_runtime_symbols"));
	/* a function of a library */
	CHECK_INT(symbols_user(s, getpid(), (uint64_t)(uintptr_t)getpid, &symbol), 0);
	CHECK_INT(strcmp(symbol.name, "getpid"), 0);
	CHECK_INT(symbols_user(s, getpid(), 16, &symbol), -ENOENT);
	CHECK(symbol.object == NULL);
	child = fork();
	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
	CHECK_INT(symbols_user(s, child, (uint64_t)(uintptr_t)named_function, &symbol), -ESRCH);
	symbols_free(s);
	s = symbols_new(&(struct symbols_options){ .kernel = k, .no_users = true });
	CHECK_INT(symbols_user(s, getpid(), (uint64_t)(uintptr_t)named_function, &symbol), -ENOENT);
	symbols_free(s);
	kernel_free(k);
}

int main(void)
{
	CHECK_INT(named_function(), 3);
	check_table();
	check_kernel();
	check_user();
	CHECK_STR(demangle("_ZN2ns8functionEii"), "ns::function(int, int)");
	CHECK_INT(demangle("plain").n, 0);
	return test_end();
}
