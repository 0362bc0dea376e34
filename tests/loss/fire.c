/*
 * fire COUNT [THREADS]: so many getpriority() calls from each thread, one after the other on a CPU of its
 * own; the calls' first argument says whose they are (the thread), the second counts. Prints the seconds they
 * took on stderr.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long count, pause_ns;

static void wait_until(struct timespec *next)
{
	next->tv_nsec += 100 * pause_ns;
	next->tv_sec += next->tv_nsec / 1000000000;
	next->tv_nsec %= 1000000000;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL);
}

static void *fire(void *number)
{
	long n = (long)number;
	struct timespec next;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(n % sysconf(_SC_NPROCESSORS_ONLN), &set);
	sched_setaffinity(0, sizeof(set), &set);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (long i = 0; i < count; i++) {
		syscall(SYS_getpriority, n, i);
		/* A sleep takes longer than the shortest pauses: then it is one for several calls. */
		if (pause_ns && i % 100 == 99)
			wait_until(&next);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	long threads = argc > 2 ? atol(argv[2]) : 1;
	struct timespec from, to;
	pthread_t ids[16];

	pause_ns = argc > 3 ? atol(argv[3]) : 0;

	if (argc < 2 || threads < 1 || threads > 16) {
		fputs("usage: fire COUNT [THREADS [PAUSE]]\n", stderr);
		return 2;
	}
	count = atol(argv[1]);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (long i = 0; i < threads; i++)
		if (pthread_create(&ids[i], NULL, fire, (void *)i))
			return 1;
	for (long i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	clock_gettime(CLOCK_MONOTONIC, &to);
	fprintf(
	    stderr, "%.6f\n", (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
	return 0;
}
