#include "runtime/tracer/builtin_needs.h"

#include <stddef.h>

#include "language/registry.h"

static const struct {
	const char *name;
	unsigned forms;
} builtins[] = {
#define BUILTIN(name, forms, ...) { #name, forms },
#include "language/builtins.def"
#undef BUILTIN
};

static unsigned forms_of(struct str builtin)
{
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
		if (str_is(builtin, builtins[i].name))
			return builtins[i].forms;
	return 0;
}

bool builtin_is_unsafe(struct str builtin)
{
	return forms_of(builtin) & BUILTIN_IS_UNSAFE;
}

unsigned builtin_needs(struct str builtin)
{
	return forms_of(builtin);
}
