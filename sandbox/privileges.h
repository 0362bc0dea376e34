/*
 * What a process may do, made less. Never more: what is asked for beyond what it has is left out.
 */
#ifndef BTRUN_SANDBOX_PRIVILEGES_H
#define BTRUN_SANDBOX_PRIVILEGES_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>

/* Debian 12's headers have them; the numbers are the kernel's for those that have not. */
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif
#ifndef CAP_CHECKPOINT_RESTORE
#define CAP_CHECKPOINT_RESTORE 40
#endif

#define CAPABILITY(number) (1ull << (number))

/* Returns the effective set of this process. */
uint64_t privileges_held(void);

/* A build with sanitizers has a leak checker, which reads this process as another would. */
#ifdef BTRUN_SANITIZED
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* Keeps those of keep that it has, in every set, and nothing that is started gets more. Others of its user
 * can neither read nor change its memory. */
void privileges_keep(uint64_t keep);

/* Gives a process that was started by root uid and gid 65534, no other groups, the capabilities of keep. */
void privileges_become_nobody(uint64_t keep);

#endif
