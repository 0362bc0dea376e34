/* What the kernel half of the floor tells the other: one event an accept. */
#ifndef FLOOR_EVENT_H
#define FLOOR_EVENT_H

#include <linux/types.h>

struct event {
	__u64 ns;
	__u32 pid;
	__u32 backlog, max_backlog;
	__u16 family, lport;
	__u16 rport; /* network order */
	__u8 raddr[16], laddr[16];
	char comm[16];
};

#endif
