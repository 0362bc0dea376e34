#include "runtime/symbols/demangle.h"
#include "base/library.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>

/* cxxabi.h */
typedef char *demangle_function(const char *name, char *room, size_t *size, int *status);

static demangle_function *find_function(void)
{
	static demangle_function *function;
	static bool asked;

	if (!asked) {
		static const char *const name = "libstdc++.so.6";
		void *library = library_open(&name, 1);

		asked = true;
		if (library)
			function = (demangle_function *)dlsym(library, "__cxa_demangle");
	}
	return function;
}

struct str demangle(const char *name)
{
	static char *room;
	static size_t size;
	int status = -1;
	char *text;

	if (name[0] != '_' || name[1] != 'Z' || !find_function())
		return (struct str){ 0 };
	text = find_function()(name, room, &size, &status);
	if (status || !text)
		return (struct str){ 0 };
	room = text;
	return str_of(text);
}
