/*
 * From an image to programs in the kernel: its ELF object is mapped, patched for this machine, opened, its
 * maps sized, and loaded. What this makes is struct loaded, and is freed by load_close().
 *
 * Errors: negative errno, the message printed; a program that the kernel refuses is attachment.failed, and
 * nothing is printed, since another method may do.
 */
#ifndef BTRUN_RUNTIME_LOAD_LOAD_H
#define BTRUN_RUNTIME_LOAD_LOAD_H

#include "runtime/tracer/tracer.h"

/* Maps the image in fd and reads its tables. */
int load_map(struct tracer *t, int fd);
/* Opens, fills, sizes and loads the BPF object. */
int load_object(struct tracer *t);
/* Only opens the object and sizes its maps: to be looked at, without asking the kernel for anything. */
int load_unloaded(struct tracer *t);
/* Returns what an image does that only --unsafe allows, as "runs commands"; NULL: nothing. */
const char *load_unsafe_part(struct tracer *t);
/* The size of the output buffer that was asked for, in bytes (perf: for each CPU); 0: none was. */
uint64_t load_buffer_size(const struct tracer *t);
/* Frees what only loading needs. */
void load_done(struct tracer *t);
/* Frees the object; the image stays mapped for another load_object(). */
void load_close(struct tracer *t);

#endif
