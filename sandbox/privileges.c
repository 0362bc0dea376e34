#include "sandbox/privileges.h"

#include <grp.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534

static struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

/* libc has no wrappers, and libcap is a library more. */
static uint64_t get(uint64_t *permitted)
{
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data))
		return *permitted = 0;
	*permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

uint64_t privileges_held(void)
{
	uint64_t permitted;

	return get(&permitted);
}

static uint64_t permitted(void)
{
	uint64_t all;

	get(&all);
	return all;
}

static void set(uint64_t capabilities)
{
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{ (uint32_t)capabilities, (uint32_t)capabilities, 0 },
		{ (uint32_t)(capabilities >> 32), (uint32_t)(capabilities >> 32), 0 },
	};

	syscall(SYS_capset, &header, data);
}

/* The bounding set and the secure bits come first, since they take CAP_SETPCAP. */
void privileges_keep(uint64_t keep)
{
	for (int cap = 0; cap < 64 && prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (!(keep & CAPABILITY(cap)))
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
				     SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	set(keep & permitted());
	prctl(PR_SET_DUMPABLE, SANITIZED, 0, 0, 0);
}

void privileges_become_nobody(uint64_t keep)
{
	/* Else the kernel empties the sets when the last uid 0 goes. */
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	/* In a user namespace without this number it stays who it is. */
	if (geteuid() == 0 && setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
	    setresuid(NOBODY, NOBODY, NOBODY) == 0)
		set(permitted());
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	privileges_keep(keep);
}
