#include "base/library.h"

#include <dlfcn.h>
#include <sys/auxv.h>

bool library_is_static(void)
{
	/* The address of the dynamic linker. */
	return getauxval(AT_BASE) == 0;
}

void *library_open(const char *const *names, size_t n)
{
	void *library = NULL;

	for (size_t i = 0; i < n && !library && !library_is_static(); i++)
		library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	return library;
}
