/*
 * Copies that a compiler has made of a function: name.part.0, name.constprop.0, name.isra.0 ... Calls of them
 * are calls of the function in the source, and a probe of the name does not see them.
 */
#ifndef BTRUN_RUNTIME_ATTACH_COPIES_H
#define BTRUN_RUNTIME_ATTACH_COPIES_H

#include "runtime/tracer/tracer.h"

/* Is this the name of a copy of the function? A part that is cold is jumped to, not called, and is none. */
bool copies_have(struct str name, struct str function);
/* Says on stderr which of the kernel's functions that were probed by name have copies. The kernel's symbols
 * are read for that: some 20 ms that nobody shall wait for at the start, of functions that may be those that
 * were probed. So it is for the end, when everything is detached. */
void copies_tell(struct tracer *t);

#endif
