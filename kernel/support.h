/*
 * What this kernel's BPF can do, found by trying: for --info. What a run needs it finds out by itself, with
 * the programs that it really has.
 *
 * Everything that is made for a try is gone when a function returns.
 */
#ifndef BTRUN_KERNEL_SUPPORT_H
#define BTRUN_KERNEL_SUPPORT_H

#include <stdbool.h>

/* May a program of a kprobe (or, typed, of fentry) call this helper? Numbers are those of <linux/bpf.h>. */
bool support_helper(bool typed, int helper);
bool support_map(int type);
bool support_program(int type);
/* Can maps be read in batches (5.6)? */
bool support_map_batch(void);
/* Can fentry, and kprobe.multi, be attached to a function? One that every kernel has is tried. */
bool support_fentry(void);
bool support_kprobe_multi(void);

#endif
