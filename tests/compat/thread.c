/* A program that makes threads through the libpthread of old (libpthread.c). */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((noinline)) void *worker(void *argument)
{
	return argument;
}

int main(int argc, char **argv)
{
	int times = argc > 1 ? atoi(argv[1]) : 1;
	pthread_t thread;

	for (int i = 0; i < times; i++) {
		if (pthread_create(&thread, NULL, worker, NULL) || pthread_join(thread, NULL))
			return 1;
	}
	usleep(1500000); /* its symbols are looked up while it runs */
	return 0;
}
