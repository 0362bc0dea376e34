/* The stack that a finished object takes. */
#ifndef BTRUN_CODEGEN_BPF_FRAMES_H
#define BTRUN_CODEGEN_BPF_FRAMES_H

#include <stddef.h>
#include <stdint.h>

#define FRAMES_LIMIT 512

/* Returns the bytes that the programs of an object take at most. */
uint32_t frames_deepest(void *object, size_t size);

#endif
