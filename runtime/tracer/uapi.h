/*
 * What newer kernels than our headers know (include/uapi/linux/bpf.h): the part of
 * struct bpf_link_info that holds misses, and links of many uprobes. A kernel fills what it
 * knows and leaves the rest as it was, and takes a larger struct when the rest is zero.
 */
#ifndef BTRUN_RUNTIME_TRACER_UAPI_H
#define BTRUN_RUNTIME_TRACER_UAPI_H

#include <stdint.h>

/* 6.6: the perf_event type of a link */
enum uapi_perf_type {
	UAPI_PERF_KPROBE = 3,
	UAPI_PERF_KRETPROBE = 4,
};

struct uapi_link_info {
	uint32_t type, id, prog_id, pad;
	union {
		struct {
			uint64_t addrs;
			uint32_t count, flags;
			uint64_t missed; /* 6.7 */
		} kprobe_multi;
		struct {
			uint32_t type, pad;
			uint64_t func_name;
			uint32_t name_len, offset;
			uint64_t addr;
			uint64_t missed; /* 6.7 */
		} perf_kprobe;
		uint8_t room[64];
	};
};

/* 6.6: enum bpf_attach_type, and a flag of such a link */
#define UAPI_TRACE_UPROBE_MULTI 48
#define UAPI_UPROBE_MULTI_RETURN 1

/* BPF_LINK_CREATE's part of union bpf_attr */
struct uapi_uprobe_multi {
	uint32_t prog_fd, target_fd, attach_type, flags;
	uint64_t path, offsets, ref_ctr_offsets, cookies; /* addresses */
	uint32_t cnt, multi_flags, pid, pad;
};

#endif
