#include "runtime/info/describe.h"

void describe_need(FILE *out, struct str what, enum presence presence)
{
	static const char *const words[] = { "yes", "no", "unknown: it cannot be read here" };

	fprintf(out, "  %.*s: %s\n", STR_ARG(what), words[presence]);
}
