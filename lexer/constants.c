#include "lexer/lexer.h"

static const struct {
	const char *name;
	int64_t value;
} constants[] = {
#include "lexer/constants_table.inc"
};

bool lexer_constant(struct str name, int64_t *value)
{
	size_t low = 0, high = sizeof(constants) / sizeof(constants[0]);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = str_compare(str_of(constants[middle].name), name);

		if (order == 0) {
			*value = constants[middle].value;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}
