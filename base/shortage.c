#include "base/shortage.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/message.h"

const char *shortage_remedy(int err)
{
	switch (abs(err)) {
	case EMFILE:
		return "this process may not hold more files open: raise its limit (ulimit -n 65536, or "
		       "LimitNOFILE= of its service)";
	case ENFILE:
		return "the system may not hold more files open: raise its limit (sysctl -w "
		       "fs.file-max=1000000)";
	case ENOMEM:
		return "there was no memory for it: free some, raise the limit of the service or container "
		       "(MemoryMax=), or ask for less (BPFTRACE_MAP_KEYS_MAX, --buffer-size)";
	}
	return NULL;
}

bool is_shortage(int err)
{
	return shortage_remedy(err) != NULL;
}

void shortage_hint(int err)
{
	if (is_shortage(err))
		message_hint("%s", shortage_remedy(err));
}
