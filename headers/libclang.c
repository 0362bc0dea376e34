#include "headers/libclang.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>

#include "base/message.h"

/* These are in Debian's packages libclang1-VERSION; those that were tried come first. */
static const char *const names[] = { "libclang-19.so.1", "libclang-19.so.19", "libclang-16.so.1",
	"libclang-16.so.16", "libclang-14.so.1", "libclang-14.so.13", "libclang-22.so.1", "libclang-22.so.22",
	"libclang.so.1", "libclang.so" };

static const struct {
	const char *name;
	size_t place;
} functions[] = {
#define FUNCTION(result, name, parameters) { "clang_" #name, offsetof(struct libclang, name) },
	LIBCLANG(FUNCTION)
#undef FUNCTION
};

bool libclang_open(struct libclang *clang)
{
	void *library = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !library; i++)
		library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		message("header files are read by libclang, which is not installed: apt "
			"install libclang1-19 "
			"libclang-common-19-dev");
		return false;
	}
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *function = dlsym(library, functions[i].name);

		if (!function) {
			message("this libclang lacks %s: install libclang1-19", functions[i].name);
			return false;
		}
		*(void **)((char *)clang + functions[i].place) = function;
	}
	return true;
}
