#include "lexer/internal.h"

static const char *const headers[] = {
#define HEADER(name) name,
#include "lexer/headers.def"
#undef HEADER
};

bool preprocess_header_known(struct str name)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		if (str_is(name, headers[i]))
			return true;
	return false;
}
