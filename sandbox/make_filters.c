/*
 * make_filters FILE: the rows of calls.def as programs of seccomp(2), in C. Made when btrun is built:
 * libseccomp needs longer for it than a process that compiles a script should start, and is not linked into
 * it then.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sandbox/privileges.h"
#include "sandbox/sandbox.h"

enum who {
	C = 1 << SANDBOX_COMPILER,
	H = 1 << SANDBOX_HEADERS,
	D = 1 << SANDBOX_DWARF,
	S = 1 << SANDBOX_KINDS_,
};

/* These flags make open() more than a look. */
#define O_WRITES (O_ACCMODE | O_CREAT | O_TRUNC)

struct row {
	const char *name;
	unsigned who;
	uint32_t action;
	unsigned n; /* conditions: 0 or 1 */
	struct scmp_arg_cmp condition;
};

static const struct row rows[] = {
#define ALLOW              \
	SCMP_ACT_ALLOW, 0, \
	{                  \
		0          \
	}
#define ALLOW_IF(argument, mask, value)                   \
	SCMP_ACT_ALLOW, 1,                                \
	{                                                 \
		argument, SCMP_CMP_MASKED_EQ, mask, value \
	}
#define REFUSE(error)             \
	SCMP_ACT_ERRNO(error), 0, \
	{                         \
		0                 \
	}
#define REFUSE_UNLESS(error, argument, value)   \
	SCMP_ACT_ERRNO(error), 1,               \
	{                                       \
		argument, SCMP_CMP_NE, value, 0 \
	}
#define CALL(name, who, what) { #name, who, what },
#include "sandbox/calls.def"
#undef CALL
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static bool is_for(const struct row *row, unsigned kind)
{
	return row->who & 1u << kind || (SANITIZED && row->who & S);
}

/* Does a plain row of the same call say it all? Builds with sanitizers have such. */
static bool is_covered(const struct row *row, unsigned kind)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (&rows[i] != row && is_for(&rows[i], kind) && !rows[i].n &&
		    rows[i].action == SCMP_ACT_ALLOW && strcmp(rows[i].name, row->name) == 0)
			return row->n || row->action != SCMP_ACT_ALLOW || &rows[i] < row;
	return false;
}

static int add(scmp_filter_ctx filter, const struct row *row)
{
	int number = seccomp_syscall_resolve_name(row->name);

	return number == __NR_SCMP_ERROR ? -ENOENT
	       : row->n                  ? seccomp_rule_add(filter, row->action, number, 1, row->condition)
					 : seccomp_rule_add(filter, row->action, number, 0);
}

/* The filter's default: the compiler is all ours, and what it does beyond the rows is no accident. Of
 * libraries that are not, versions differ in what they try. */
static uint32_t otherwise(unsigned kind)
{
	return kind == SANDBOX_COMPILER ? SCMP_ACT_TRAP : SCMP_ACT_ERRNO(EPERM);
}

static int print_program(unsigned kind, FILE *program, FILE *out)
{
	struct sock_filter step;

	rewind(program);
	fprintf(out, "static const struct sock_filter steps_%u[] = {\n", kind);
	while (fread(&step, sizeof(step), 1, program) == 1)
		fprintf(out, "\t{ 0x%04x, %u, %u, 0x%08x },\n", step.code, step.jt, step.jf, step.k);
	fputs("};\n", out);
	return ferror(program) ? -EIO : 0;
}

static int print_filter(unsigned kind, FILE *out)
{
	scmp_filter_ctx filter = seccomp_init(otherwise(kind));
	FILE *program = tmpfile();
	int err = filter && program ? 0 : -ENOMEM;

	if (!err)
		err = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	for (size_t i = 0; i < N_ROWS && !err; i++) {
		if (!is_for(&rows[i], kind) || is_covered(&rows[i], kind))
			continue;
		err = add(filter, &rows[i]);
		if (err)
			fprintf(stderr, "make_filters: %s: %s\n", rows[i].name, strerror(-err));
	}
	if (!err)
		err = seccomp_export_bpf(filter, fileno(program));
	if (!err)
		err = print_program(kind, program, out);
	seccomp_release(filter);
	if (program)
		fclose(program);
	return err;
}

int main(int argc, char **argv)
{
	FILE *out = argc == 2 ? fopen(argv[1], "we") : NULL;
	int err = out ? 0 : -EINVAL;

	for (unsigned kind = 0; kind < SANDBOX_KINDS_ && !err; kind++)
		err = print_filter(kind, out);
	if (out && fclose(out))
		err = -EIO;
	if (err)
		fprintf(stderr, "make_filters: %s\n", strerror(-err));
	return err != 0;
}
