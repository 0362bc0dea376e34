/* Files in memory: what is handed from one process to another. */
#ifndef BTRUN_CLI_MEMORY_H
#define BTRUN_CLI_MEMORY_H

#include "base/arena.h"
#include "base/str.h"

/* A memfd with this content, its offset at the end; or negative errno. */
int memory_file(const char *name, struct str content);
/* The whole of one, wherever its offset is. 0 or negative errno. */
int memory_read(struct arena *a, int fd, struct str *content);

#endif
