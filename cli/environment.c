/* The environment variables that bpftrace has, under its names, and those of our own. */
#include "cli/environment.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"

enum kind {
	SWITCH, /* 0 or 1 */
	NUMBER, /* from 1 on */
	FILE_NAME,
	WITHOUT, /* accepted: there is nothing to set here */
};

/* The kernel refuses larger values of maps (KMALLOC_MAX_SIZE), maps and buffers. */
#define STRLEN_MOST (1 << 20)
#define KEYS_MOST (1 << 30)
#define PAGES_MOST (1 << 18)

static const struct row {
	const char *name, *help;
	enum kind kind;
	size_t place;  /* of the value, in struct options: a bool, a uint64_t or a text */
	uint64_t most; /* of a number */
} rows[] = {
#define AT(member) offsetof(struct options, member)
	{ "BPFTRACE_STRLEN", "bytes that a string holds (64)", NUMBER, AT(max_strlen), STRLEN_MOST },
	{ "BPFTRACE_MAP_KEYS_MAX", "elements that a map holds (4096)", NUMBER, AT(max_map_keys), KEYS_MOST },
	{ "BPFTRACE_MAX_PROBES", "places that may be attached to (no limit)", NUMBER, AT(run.max_probes),
	    UINT32_MAX },
	{ "BPFTRACE_MAX_BPF_PROGS", "programs that may be loaded (no limit)", NUMBER, AT(run.max_programs),
	    UINT32_MAX },
	{ "BPFTRACE_PERF_RB_PAGES", "pages of the output buffer for each CPU", NUMBER, AT(run.buffer_pages),
	    PAGES_MOST },
	{ "BPFTRACE_CAT_BYTES_MAX", "bytes that cat() prints (10240)", NUMBER, AT(run.cat_bytes),
	    UINT32_MAX },
	{ "BPFTRACE_NO_CPP_DEMANGLE", "1: C++ names as the binaries have them", SWITCH, AT(run.mangled), 0 },
	{ "BPFTRACE_NO_USER_SYMBOLS", "1: addresses of processes as numbers", SWITCH, AT(run.no_user_symbols),
	    0 },
	{ "BTRUN_CACHE_BYTES", "bytes that compiled scripts may take (67108864)", NUMBER, AT(cache_bytes),
	    UINT64_MAX },
	{ "BPFTRACE_BTF", "a file with BTF, as --btf", FILE_NAME, AT(btf), 0 },
	/* What is known of a process is kept as long as it is right, the verifier's log has the room that it
	 * needs, and the kernel itself checks the offsets of kprobes. */
	{ "BPFTRACE_CACHE_USER_SYMBOLS", NULL, WITHOUT, 0, 0 },
	{ "BPFTRACE_LOG_SIZE", NULL, WITHOUT, 0, 0 },
	{ "BPFTRACE_VMLINUX", NULL, WITHOUT, 0, 0 },
#undef AT
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static int refuse(const struct row *row, const char *text, const char *wanted)
{
	message("%s: \"%s\" is not %s", row->name, text, wanted);
	return -EINVAL;
}

static int take(const struct row *row, const char *text, struct options *o)
{
	void *place = (char *)o + row->place;
	unsigned long long number;
	char *end;

	switch (row->kind) {
	case SWITCH:
		if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
			return refuse(row, text, "0 or 1");
		*(bool *)place = text[0] == '1';
		break;
	case NUMBER:
		errno = 0;
		number = strtoull(text, &end, 10);
		if (errno || end == text || *end || text[0] == '-' || number == 0 || number > row->most) {
			message("%s: \"%s\" is not a number from 1 to %" PRIu64, row->name, text, row->most);
			return -EINVAL;
		}
		*(uint64_t *)place = number;
		break;
	case FILE_NAME:
		if (access(text, R_OK))
			return refuse(row, text, "a file that can be read");
		*(const char **)place = text;
		break;
	case WITHOUT:
		break;
	}
	return 0;
}

int environment_read(struct options *o)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		const char *text = getenv(rows[i].name);
		int err = text ? take(&rows[i], text, o) : 0;

		if (err)
			return err;
	}
	return 0;
}

void environment_help(FILE *out)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (rows[i].help)
			fprintf(out, "  %-26s%s\n", rows[i].name, rows[i].help);
}
