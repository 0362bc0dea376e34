/*
 * The pass that works on the script as it is written: the command line, and loops that are counted out.
 */
#include "analysis/compilation.h"

void pass_expand(struct compilation *c)
{
	commandline_begin(c, c->script);
	for (size_t i = 0; i < c->script->probes.n; i++) {
		struct probe_syntax *probe = &c->script->probes.v[i];
		uint32_t before = c->unrolled;

		unroll_expand(c, probe->body);
		probe->unrolled = c->unrolled - before;
	}
	c->unrolled = 0; /* from here on it counts the units' copies */
}
