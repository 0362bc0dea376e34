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

static long count;

static void *fire(void *number)
{
	long n = (long)number;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(n % sysconf(_SC_NPROCESSORS_ONLN), &set);
	sched_setaffinity(0, sizeof(set), &set);
	for (long i = 0; i < count; i++)
		syscall(SYS_getpriority, n, i);
	return NULL;
}

int main(int argc, char **argv)
{
	long threads = argc > 2 ? atol(argv[2]) : 1;
	struct timespec from, to;
	pthread_t ids[16];

	if (argc < 2 || threads < 1 || threads > 16) {
		fputs("usage: fire COUNT [THREADS]\n", stderr);
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
