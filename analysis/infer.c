/*
 * The pass that types: it goes through all units until no type of a map or a variable grows any more.
 *
 * sizeof has no value until then, for what it measures may still grow. When it has one, what depends on it
 * (the length of str()) may change types once more.
 */
#include "analysis/compilation.h"

/* Types only grow, and by few steps each, so this is never reached but by a mistake of ours. */
#define ROUNDS_MAX 64

static void infer_unit(struct compilation *c, struct unit *unit)
{
	c->unit = unit;
	if (unit->predicate)
		infer_condition(c, unit->predicate);
	infer_statements(c, unit->body);
}

/* What one round finds wrong, the next may type: only the last one's problems stay. */
static void until_stable(struct compilation *c, size_t n_problems)
{
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		problems_drop(c, n_problems);
		c->changed = false;
		for (size_t i = 0; i < c->program->units.n; i++)
			infer_unit(c, c->program->units.v[i]);
		if (!c->changed)
			break;
	}
}

void pass_infer(struct compilation *c)
{
	size_t n_problems = c->problems.n;

	until_stable(c, n_problems);
	c->measures = true;
	if (c->has_sizes)
		until_stable(c, n_problems);
}
