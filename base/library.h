/* Opens shared libraries that only few scripts need, when they do. */
#ifndef BTRUN_BASE_LIBRARY_H
#define BTRUN_BASE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

/* Says whether this program is linked statically. Then libraries are not for it: they were made for the libc
 * that the machine has, which need not be the one that is in here. */
bool library_is_static(void);
/* Opens the first of n that is installed, for dlsym(); NULL: none is, or the program is static. */
void *library_open(const char *const *names, size_t n);

#endif
