/*
 * A sorted table of symbols: 16 bytes each and their names in one block.
 *
 * Ownership: symbol_table_free() gives back what a table holds; a zeroed table is an empty one. Errors: when
 * memory runs out, symbols are missing, nothing else.
 */
#ifndef BTRUN_RUNTIME_SYMBOL_TABLE_H
#define BTRUN_RUNTIME_SYMBOL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct symbol_entry {
	uint64_t start;
	uint32_t size; /* bytes; 0 until symbol_table_sort(): not known, up to the next one */
	uint32_t name; /* offset in names */
};

struct symbol_table {
	struct symbol_entry *v;
	size_t n, room;
	char *names;
	size_t names_used, names_room;
};

void symbol_table_add(struct symbol_table *t, uint64_t start, uint64_t size, struct str name);
/* Due when all are added. Of several names of one place the plainest stays first. */
void symbol_table_sort(struct symbol_table *t);
/* The symbol that holds a place; of nested ones the innermost. NULL: none. */
const struct symbol_entry *symbol_table_find(const struct symbol_table *t, uint64_t at);
static inline const char *symbol_table_name(const struct symbol_table *t, const struct symbol_entry *e)
{
	return t->names + e->name;
}
void symbol_table_free(struct symbol_table *t);

#endif
