#include "runtime/tracer.h"
#include <errno.h>
int uprobe_symbol(struct tracer *t, struct str binary, struct str symbol, uint64_t *address)
{
	return -ENOENT;
}
int attach_uprobe(struct tracer *t, struct probe *p)
{
	return -ENOSYS;
}
int attach_usdt(struct tracer *t, struct probe *p)
{
	return -ENOSYS;
}
