/* The rows of loss_counters.def, for whoever asks about one of them. */
#ifndef BTRUN_LANGUAGE_LOSS_COUNTERS_H
#define BTRUN_LANGUAGE_LOSS_COUNTERS_H

#include "language/registry.h"

enum loss_of {
	LOSS_OF_STATEMENTS, /* of a probe: one count is one for each statement that the lost record was for */
	LOSS_OF_PROBE,
	LOSS_OF_MAP,
	LOSS_OF_PLACE,  /* of the script */
	LOSS_OF_EVENTS, /* of which it is not known what they were for */
	LOSS_OF_NOTHING,
};

enum loss_counts { COUNTED_BY_PROGRAM, COUNTED_BY_RUNTIME };

enum loss_severity { SEVERITY_LOSS, SEVERITY_STATISTIC };

struct loss_counter {
	const char *name;
	enum loss_of of;
	enum loss_counts counts;
	enum loss_severity severity;
	const char *word, *text;
};

extern const struct loss_counter loss_counters[LOSSES_];

#endif
