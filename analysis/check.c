/*
 * The pass that speaks: what the passes before it have recorded becomes messages. It writes nothing into the
 * program.
 */
#include "analysis/compilation.h"

void pass_check(struct compilation *c)
{
	problems_tell(c);
}
