#include "runtime/print/generations.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/print/snapshot.h"

void generations_wait(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(1000); /* nohz_full= refuses it */
}

/* Gives the half that is not read now the keys of the other, with zeros, where it lacks them. */
int generations_keep_keys(struct runtime *r, uint32_t map)
{
	unsigned half = generations_half(r, map);
	uint64_t other = !half;
	struct snapshot s, to;
	int err = snapshot_open_half(&s, r, map, half);
	void *zeros;

	if (!err)
		err = snapshot_open_half(&to, r, map, !half);
	if (!err)
		err = snapshot_read_keys(&s);
	zeros = err ? NULL : calloc(1, s.raw_size);
	if (!err && !zeros)
		err = -ENOMEM;
	for (size_t i = 0; i < s.n && !err; i++) {
		err = bpf_map_update_elem(
		    to.fd, s.key_type ? s.keys + i * (size_t)s.key_size : (void *)&other, zeros, BPF_NOEXIST);
		if (err == -EEXIST)
			err = 0;
	}
	free(zeros);
	snapshot_close(&s);
	return err;
}

void generations_hold(struct runtime *r, uint64_t maps, uint64_t zeroed)
{
	maps &= ~r->held;
	if (!maps)
		return;
	/* Most keys before, so that programs see no zero missing; what comes meanwhile, when it is dropped.
	 */
	for (uint32_t i = 0; i < r->image->maps.n; i++)
		if (generations_bit(r, i) & maps & zeroed)
			generations_keep_keys(r, i);
	*r->generations ^= maps;
	r->held |= maps;
	if (r->tracing && !r->finishing)
		generations_wait();
}

void generations_release(struct runtime *r, uint32_t map)
{
	r->held &= ~generations_bit(r, map);
}
