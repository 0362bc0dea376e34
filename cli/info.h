/* --info: the system, this build, and what the kernel lets BPF programs do. */
#ifndef BTRUN_CLI_INFO_H
#define BTRUN_CLI_INFO_H

#include "kernel/kernel.h"

void info_print(struct kernel *k);

#endif
