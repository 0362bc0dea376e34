/*
 * Names of C++ functions as people write them. The C++ library does it, and is opened only when a mangled
 * name is met.
 */
#ifndef BTRUN_RUNTIME_DEMANGLE_H
#define BTRUN_RUNTIME_DEMANGLE_H

#include "base/str.h"

/* The text lives until the next call. Empty: the name is not mangled, or there is no C++ library. */
struct str demangle(const char *name);

#endif
