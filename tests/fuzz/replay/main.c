/* Runs a fuzz entry over the files of directories, for builds without libFuzzer. A failure ends
 * the program, by a signal or by a sanitizer. */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	FILE *in = fopen(path, "r");
	char *bytes = NULL;
	size_t size = 0, room = 0;

	if (!in)
		return 0;
	for (int c; (c = getc(in)) != EOF;) {
		if (size == room)
			bytes = realloc(bytes, room = room ? room * 2 : 4096);
		if (!bytes)
			abort();
		bytes[size++] = (char)c;
	}
	fclose(in);
	/* a copy of just this size, so that a sanitizer sees each byte too many */
	char *exact = malloc(size ? size : 1);

	if (!exact)
		abort();
	for (size_t i = 0; i < size; i++)
		exact[i] = bytes[i];
	free(bytes);
	LLVMFuzzerTestOneInput((const uint8_t *)exact, size);
	free(exact);
	return 1;
}

int main(int argc, char **argv)
{
	unsigned passed = 0;
	char path[PATH_MAX];

	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);

		for (struct dirent *e; dir && (e = readdir(dir));)
			if (e->d_name[0] != '.' &&
			    snprintf(path, sizeof(path), "%s/%s", argv[i], e->d_name) < (int)sizeof(path))
				passed += (unsigned)run_file(path);
		if (dir)
			closedir(dir);
	}
	printf("%u passed, %d failed\n", passed, passed == 0);
	return passed == 0;
}
