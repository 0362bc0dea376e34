/* The environment variables that bpftrace has, under its names, and those of our own. */
#include "cli/environment.h"
#include "cli/option_places.h"

#include <stdio.h>
#include <stdlib.h>

int environment_read(struct arena *a, struct options *o)
{
	for (enum option_id id = 0; id < OPTIONS_; id++) {
		const struct option_row *row = &option_rows[id];
		const char *text = row->environment ? getenv(row->environment) : NULL;
		int err = text ? option_take(a, row, row->environment, text, options_place(o, id)) : 0;

		if (err)
			return err;
	}
	return 0;
}

void environment_help(FILE *out)
{
	for (enum option_id id = 0; id < OPTIONS_; id++) {
		const struct option_row *row = &option_rows[id];

		if (!row->environment_help)
			continue;
		fprintf(out, "  %-26s%s", row->environment, row->environment_help);
		if (row->usual)
			fprintf(out, " (%llu)", (unsigned long long)row->usual);
		fputc('\n', out);
	}
}
