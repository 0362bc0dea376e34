#include "language/loss_counters.h"

#include <stddef.h>

const struct loss_counter loss_counters[LOSSES_] = {
#define LOSS(name, of, counts, severity, word, text) \
	[LOSS_##name] = { #name, LOSS_OF_##of, COUNTED_BY_##counts, SEVERITY_##severity, word, text },
#include "language/loss_counters.def"
#undef LOSS
};
