/* Which files a probe's binary names. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/binary.h"

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Gives the path by which we reach the file that pid sees. */
static bool with_root(pid_t pid, const char *path, char *out, size_t size)
{
	if (pid && path[0] == '/' && snprintf(out, size, "/proc/%d/root%s", (int)pid, path) < (int)size &&
	    is_file(out))
		return true;
	return snprintf(out, size, "%s", path) < (int)size && is_file(out);
}

static bool search_path(const char *name, char *out, size_t size)
{
	const char *list = getenv("PATH");
	struct str rest = str_of(list ? list : "/usr/bin:/bin:/usr/sbin:/sbin");

	while (rest.n) {
		struct str folder = str_split(rest, ':', &rest);

		if (snprintf(out, size, "%.*s/%s", STR_ARG(folder), name) < (int)size &&
		    access(out, X_OK) == 0 && is_file(out))
			return true;
	}
	return false;
}

/* /etc/ld.so.cache begins with a header of 48 bytes, then has 24 bytes an entry (glibc's
 * sysdeps/generic/dl-cache.h). */
#define CACHE_MAGIC "glibc-ld.so.cache1.1"
#define CACHE_HEADER 48
#define CACHE_ENTRY 24
#define CACHE_X86_64 0x0303 /* FLAG_X8664_LIB64 | FLAG_ELF_LIBC6 */
#define CACHE_AARCH64 0x0a03

/* "libc" and "c" are "libc.so.6" and "libc-2.36.so". */
static bool names_library(const char *entry, const char *name)
{
	size_t n = strlen(name);

	if (strcmp(entry, name) == 0)
		return true;
	if (strncmp(entry, name, n) == 0 && strncmp(entry + n, ".so", 3) == 0)
		return true;
	return strncmp(entry, "lib", 3) == 0 && strncmp(entry + 3, name, n) == 0 &&
	       strncmp(entry + 3 + n, ".so", 3) == 0;
}

static bool search_entries(const char *cache, size_t size, const char *name, char *out, size_t room)
{
	uint32_t n, flags, key, value;

	if (size < CACHE_HEADER || memcmp(cache, CACHE_MAGIC, sizeof(CACHE_MAGIC) - 1) != 0)
		return false;
	memcpy(&n, cache + 20, 4);
	for (uint32_t i = 0; i < n && CACHE_HEADER + (size_t)(i + 1) * CACHE_ENTRY <= size; i++) {
		const char *entry = cache + CACHE_HEADER + (size_t)i * CACHE_ENTRY;

		memcpy(&flags, entry, 4);
		memcpy(&key, entry + 4, 4);
		memcpy(&value, entry + 8, 4);
		if ((flags != CACHE_X86_64 && flags != CACHE_AARCH64) || key >= size || value >= size ||
		    !memchr(cache + key, 0, size - key) || !memchr(cache + value, 0, size - value))
			continue;
		if (names_library(cache + key, name) && snprintf(out, room, "%s", cache + value) < (int)room)
			return true;
	}
	return false;
}

static bool search_cache(const char *name, char *out, size_t room)
{
	int fd = open("/etc/ld.so.cache", O_RDONLY | O_CLOEXEC);
	struct stat st;
	bool found = false;
	void *cache;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && st.st_size > 0) {
		cache = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (cache != MAP_FAILED) {
			found = search_entries(cache, (size_t)st.st_size, name, out, room);
			munmap(cache, (size_t)st.st_size);
		}
	}
	close(fd);
	return found;
}

static int each_match(const char *pattern, binary_path_found *found, void *context)
{
	glob_t matches;
	int result = -ENOENT;

	if (glob(pattern, 0, NULL, &matches))
		return -ENOENT;
	for (size_t i = 0; i < matches.gl_pathc && result <= 0; i++) {
		int one = is_file(matches.gl_pathv[i]) ? found(context, matches.gl_pathv[i]) : -ENOENT;

		result = one == -ENOENT && result == 0 ? 0 : one;
	}
	globfree(&matches);
	return result;
}

int binary_paths(pid_t pid, struct str name, binary_path_found *found, void *context)
{
	char text[PATH_MAX], path[PATH_MAX + 32];

	if (name.n >= sizeof(text))
		return -ENAMETOOLONG;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	if (strchr(text, '/') && strpbrk(text, "*?["))
		return each_match(text, found, context);
	if (strchr(text, '/'))
		return with_root(pid, text, path, sizeof(path)) ? found(context, path) : -ENOENT;
	/* A library before a program: "libc" is no program, and "bash" is no library. */
	if (search_cache(text, path, sizeof(path)) || search_path(text, path, sizeof(path)))
		return found(context, path);
	return -ENOENT;
}
