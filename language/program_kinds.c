#include "language/program_kinds.h"

const struct program_kind program_kinds[PROGRAM_KINDS_] = {
#define PROGRAM(name, section, target, suffix, context, traits, frames, word, methods)                   \
	[PROGRAM_##name] = { #name, section, TARGET_##target, suffix, CONTEXT_##context, traits, frames, \
		word, methods },
#include "language/program_kinds.def"
#undef PROGRAM
};
