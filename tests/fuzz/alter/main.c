/*
 * Runs a fuzz entry over one file with each of its bytes altered in turn: alter_NAME FILE [STEP [FIRST]].
 * Every STEPth position, from FIRST on. A failure ends the program, by a signal or by a sanitizer.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIMIT_SECONDS 20 /* for one altered file */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *read_file(const char *path, size_t *size)
{
	FILE *in = fopen(path, "r");
	struct stat st;
	uint8_t *bytes;

	if (!in || fstat(fileno(in), &st))
		return NULL;
	*size = (size_t)st.st_size;
	bytes = malloc(*size + 1);
	if (!bytes || fread(bytes, 1, *size, in) != *size)
		return NULL;
	fclose(in);
	return bytes;
}

static void run(const uint8_t *bytes, size_t size, size_t at, uint8_t value)
{
	/* a copy of just this size, so that a sanitizer sees each byte too many */
	uint8_t *copy = malloc(size);

	if (!copy)
		abort();
	memcpy(copy, bytes, size);
	copy[at] = value;
	alarm(LIMIT_SECONDS);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

int main(int argc, char **argv)
{
	size_t size = 0, n = 0, step = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
	uint8_t *bytes = argc > 1 ? read_file(argv[1], &size) : NULL;

	if (!bytes || !size || !step) {
		fprintf(stderr, "usage: %s FILE [STEP [FIRST]]\n", argv[0]);
		return 2;
	}
	for (size_t at = argc > 3 ? strtoul(argv[3], NULL, 10) : 0; at < size; at += step, n += 4) {
		run(bytes, size, at, bytes[at] ^ 1);
		run(bytes, size, at, bytes[at] ^ 0x80);
		run(bytes, size, at, 0);
		run(bytes, size, at, 0xff);
	}
	/* Cut off at every length too. */
	for (size_t length = size; length > 0; length = length > step ? length - step : 0, n++) {
		uint8_t *copy = malloc(length);

		if (!copy)
			abort();
		memcpy(copy, bytes, length);
		LLVMFuzzerTestOneInput(copy, length);
		free(copy);
	}
	printf("%zu altered files\n", n);
	free(bytes);
	return 0;
}
