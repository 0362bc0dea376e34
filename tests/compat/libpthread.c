/*
 * libpthread.so.0 as it was before glibc 2.34: a library that has pthread_create, which
 * is where threadsnoop.bt looks for it. It hands on to the C library.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *argument)
{
	int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) =
	    dlsym(RTLD_NEXT, "pthread_create");

	return next(thread, attr, start, argument);
}
