/* The filters that make_filters wrote, put into force. */
#include "sandbox/private.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/filters.inc"

#define FILTER(kind)                                                                               \
	{                                                                                          \
		sizeof(steps_##kind) / sizeof(steps_##kind[0]), (struct sock_filter *)steps_##kind \
	}

static const struct sock_fprog filters[] = { FILTER(0), FILTER(1), FILTER(2) };

_Static_assert(sizeof(filters) / sizeof(filters[0]) == SANDBOX_KINDS_, "a kind has no filter");

/* The number is known here only: who waits for us learns no more than the signal. */
static void __attribute__((noreturn)) tell_refused_call(int number, siginfo_t *info, void *context)
{
	static const char end[] = ": it was ended, nothing was attached; this is a defect of btrun, or "
				  "the script abuses one\n";
	char text[256] = "btrun: the compiler did what it may not, system call ", digits[16];
	size_t n = strlen(text), n_digits = 0;
	unsigned call = (unsigned)info->si_syscall;

	/* abort() comes by here, and its reason has been printed. */
	if (info->si_syscall == SYS_tgkill)
		_exit(SANDBOX_STATUS_ABORTED);
	do
		digits[n_digits++] = (char)('0' + call % 10);
	while (call /= 10);
	while (n_digits)
		text[n++] = digits[--n_digits];
	memcpy(text + n, end, sizeof(end));
	if (write(STDERR_FILENO, text, n + sizeof(end) - 1) < 0)
		_exit(SANDBOX_STATUS_VIOLATION);
	_exit(SANDBOX_STATUS_VIOLATION);
}

bool filter_is_possible(void)
{
	uint32_t action = SECCOMP_RET_TRAP;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

void filter_enter(enum sandbox_kind kind)
{
	struct sigaction action = { .sa_sigaction = tell_refused_call, .sa_flags = SA_SIGINFO };

	if (kind == SANDBOX_COMPILER)
		sigaction(SIGSYS, &action, NULL);
	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filters[kind]);
}
