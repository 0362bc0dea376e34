#include "runtime/process/signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

/* timeout(1) sends a signal to the process and then to its group: that is no second wish. */
#define SECOND_MS 200

static const int endings[] = { SIGINT, SIGTERM, SIGHUP };
#define N_ENDINGS (sizeof(endings) / sizeof(endings[0]))

static volatile sig_atomic_t ending;
static struct timespec first;
static int ending_fd = -1, others_fd = -1;

/* Not by a signalfd: that is of no use while a write of the output blocks. */
static void want_end(int number)
{
	struct timespec now;
	uint64_t one = 1;
	int before = errno;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!ending) {
		first = now;
		ending = 1;
		if (write(ending_fd, &one, sizeof(one)) < 0)
			ending = 1; /* there is no room only when it is readable already */
	} else if ((now.tv_sec - first.tv_sec) * 1000 + (now.tv_nsec - first.tv_nsec) / 1000000 >=
		   SECOND_MS) {
		signal(number, SIG_DFL);
		raise(number); /* when the handler has returned */
	}
	errno = before;
}

static void endings_set(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < N_ENDINGS; i++)
		sigaddset(set, endings[i]);
}

int signals_begin(void)
{
	struct sigaction action = { .sa_handler = want_end, .sa_flags = SA_RESTART }, old;
	sigset_t others;

	if (ending_fd >= 0)
		return 0;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&others);
	sigaddset(&others, SIGUSR1);
	sigaddset(&others, SIGCHLD);
	sigprocmask(SIG_BLOCK, &others, NULL);
	ending_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	others_fd = signalfd(-1, &others, SFD_CLOEXEC | SFD_NONBLOCK);
	if (ending_fd < 0 || others_fd < 0)
		return -errno;
	endings_set(&action.sa_mask);
	for (size_t i = 0; i < N_ENDINGS; i++)
		if (endings[i] != SIGHUP || sigaction(SIGHUP, NULL, &old) || old.sa_handler != SIG_IGN)
			sigaction(endings[i], &action, NULL);
	return 0;
}

bool signals_ending(void)
{
	return ending;
}

int signals_ending_fd(void)
{
	return ending_fd;
}

int signals_fd(void)
{
	return others_fd;
}

int signals_next(void)
{
	struct signalfd_siginfo info;

	return read(others_fd, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

void signals_hold(bool hold)
{
	sigset_t set;

	endings_set(&set);
	pthread_sigmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

void signals_forget(void)
{
	struct sigaction old;

	for (size_t i = 0; i < N_ENDINGS; i++)
		if (sigaction(endings[i], NULL, &old) == 0 && old.sa_handler == want_end)
			signal(endings[i], SIG_DFL);
}
