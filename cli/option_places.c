#include "cli/option_places.h"

#include <stddef.h>

#define PLACE_NOBODY(name) 0
#define PLACE_CLI(name) offsetof(struct options, name)
#define PLACE_COMPILER(name) offsetof(struct options, name)
#define PLACE_RUNTIME(name) offsetof(struct options, run.name)
#define PLACE_BOTH(name) offsetof(struct options, run.name)

static const size_t places[OPTIONS_] = {
#define OPTION(name, letter, long_name, env, config, type, most, words, usual, need, ...) PLACE_##need(name),
#include "language/options.def"
#undef OPTION
};

void *options_place(struct options *o, enum option_id id)
{
	return (char *)o + places[id];
}
