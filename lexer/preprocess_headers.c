/*
 * What becomes of an #include: its constants are built in, or the header was read before, or it can't be had.
 */
#include "lexer/headers.h"

#include <errno.h>

#include "lexer/internal.h"

static const char *const built_in[] = {
#define HEADER(name) name,
#include "lexer/headers.def"
#undef HEADER
};

bool headers_have(const struct headers *headers, struct str name)
{
	for (size_t i = 0; i < headers->names.n; i++)
		if (str_eq(headers->names.v[i], name))
			return true;
	return false;
}

bool header_is_known(const struct lexer *lexer, struct str name)
{
	for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++)
		if (str_is(name, built_in[i]))
			return true;
	return lexer->headers && headers_have(lexer->headers, name);
}

/* Says whether whoever was asked for the header has told why there is none, and what helps. */
static bool was_explained(const struct lexer *lexer, struct str name)
{
	for (size_t i = 0; lexer->headers && i < lexer->headers->failures.n; i++)
		if (str_eq(lexer->headers->failures.v[i].name, name))
			return lexer->headers->failures.v[i].error == -EBADMSG;
	return false;
}

void header_refuse(struct lexer *lexer, struct str name, struct span span)
{
	if (was_explained(lexer, name)) {
		diag_error(lexer->diag, span, "%.*s cannot be used: the lines above say why", STR_ARG(name));
		return;
	}
	diag_error(
	    lexer->diag, span, "%.*s cannot be read, and its constants are not built in", STR_ARG(name));
	diag_hint(lexer->diag,
	    "remove the #include: kernel types and their enums come from the kernel's BTF and need none, "
	    "and the constants of sys/socket.h, fcntl.h, errno.h and their like are built in");
	diag_hint(lexer->diag,
	    "if the script must also run under bpftrace without BTF, put the #include between #ifndef "
	    "BPFTRACE_HAVE_BTF and #endif");
}
