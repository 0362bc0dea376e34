/* The least work of three scripts over one system call: a line a call, a count by command, a histogram of
 * latency. The clock is that of the scripts: nsecs counts the time of sleep. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "trace.h"

/* events/syscalls/sys_enter_getpriority/format: the same for every system call */
struct sys_enter {
	__u64 common;
	__s64 number;
	__u64 args[6];
};

struct comm {
	char text[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct comm);
	__type(value, __u64);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u64);
} starts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} buckets SEC(".maps");

__u64 lost;
char floor_license[] SEC("license") = "GPL";

SEC("tracepoint/syscalls/sys_enter_getpriority")
int events_enter(struct sys_enter *ctx)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	e->which = (int)ctx->args[0];
	e->who = (int)ctx->args[1];
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_getpriority")
int count_enter(struct sys_enter *ctx)
{
	struct comm key = { 0 };
	__u64 one = 1, *value;

	bpf_get_current_comm(&key, sizeof(key));
	value = bpf_map_lookup_elem(&counts, &key);
	if (value)
		++*value;
	else
		bpf_map_update_elem(&counts, &key, &one, BPF_NOEXIST);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_getpriority")
int hist_enter(struct sys_enter *ctx)
{
	__u64 tid = (__u32)bpf_get_current_pid_tgid(), now = bpf_ktime_get_boot_ns();

	bpf_map_update_elem(&starts, &tid, &now, BPF_ANY);
	return 0;
}

static __u32 log2_of(__u64 n)
{
	__u32 result = 0;

	if (n >> 32)
		n >>= 32, result += 32;
	if (n >> 16)
		n >>= 16, result += 16;
	if (n >> 8)
		n >>= 8, result += 8;
	if (n >> 4)
		n >>= 4, result += 4;
	if (n >> 2)
		n >>= 2, result += 2;
	return result + (__u32)(n >> 1);
}

SEC("tracepoint/syscalls/sys_exit_getpriority")
int hist_exit(void *ctx)
{
	__u64 tid = (__u32)bpf_get_current_pid_tgid(), *start = bpf_map_lookup_elem(&starts, &tid), *bucket;
	__u32 index;

	if (!start)
		return 0;
	index = log2_of(bpf_ktime_get_boot_ns() - *start) & 63;
	bucket = bpf_map_lookup_elem(&buckets, &index);
	if (bucket)
		++*bucket;
	bpf_map_delete_elem(&starts, &tid);
	return 0;
}
