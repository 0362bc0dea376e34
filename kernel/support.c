#include "kernel/support.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

/* The function is probed for a moment; d_path() is allowed in it (kernel/trace/bpf_trace.c). */
#define FUNCTION "filp_close"

static const struct bpf_insn return_0[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

static int silent(enum libbpf_print_level level, const char *format, va_list ap)
{
	return 0;
}

/* Says where a program of fentry is to be attached: that has to be known when it is loaded. */
static bool aim_at_function(struct bpf_prog_load_opts *options)
{
	libbpf_print_fn_t print = libbpf_set_print(silent);
	int id = libbpf_find_vmlinux_btf_id(FUNCTION, BPF_TRACE_FENTRY);

	libbpf_set_print(print);
	options->expected_attach_type = BPF_TRACE_FENTRY;
	options->attach_btf_id = id > 0 ? (unsigned)id : 0;
	return id > 0;
}

/* The verifier refuses the call for its arguments, or because there is no such helper for such programs. */
bool support_helper(bool typed, int helper)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = helper },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	char log[4096] = "";
	LIBBPF_OPTS(bpf_prog_load_opts, options, .log_buf = log, .log_size = sizeof(log), .log_level = 1);
	int fd;

	if (typed && !aim_at_function(&options))
		return false;
	fd = bpf_prog_load(
	    typed ? BPF_PROG_TYPE_TRACING : BPF_PROG_TYPE_KPROBE, NULL, "GPL", code, 2, &options);
	if (fd >= 0) {
		close(fd);
		return true;
	}
	return log[0] && !strstr(log, "invalid func ") && !strstr(log, "unknown func ") &&
	       !strstr(log, "cannot use helper");
}

bool support_map(int type)
{
	return libbpf_probe_bpf_map_type((enum bpf_map_type)type, NULL) == 1;
}

bool support_program(int type)
{
	return libbpf_probe_bpf_prog_type((enum bpf_prog_type)type, NULL) == 1;
}

bool support_map_batch(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "batch", 4, 4, 1, NULL);
	uint32_t keys[1], values[1], at, n = 1;
	int err;

	if (fd < 0)
		return false;
	err = bpf_map_lookup_batch(fd, NULL, &at, keys, values, &n, NULL);
	close(fd);
	/* An empty map: there is no next element. */
	return err == 0 || err == -ENOENT;
}

static bool attach(int program, enum bpf_attach_type type, const struct bpf_link_create_opts *options)
{
	int link = program < 0 ? -1 : bpf_link_create(program, 0, type, options);

	if (program >= 0)
		close(program);
	if (link >= 0)
		close(link);
	return link >= 0;
}

bool support_fentry(void)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options);

	return aim_at_function(&options) &&
	       attach(bpf_prog_load(BPF_PROG_TYPE_TRACING, NULL, "GPL", return_0, 2, &options),
		   BPF_TRACE_FENTRY, NULL);
}

bool support_kprobe_multi(void)
{
	const char *function = FUNCTION;
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_KPROBE_MULTI);
	LIBBPF_OPTS(bpf_link_create_opts, link, .kprobe_multi.syms = &function, .kprobe_multi.cnt = 1);

	return attach(bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", return_0, 2, &options),
	    BPF_TRACE_KPROBE_MULTI, &link);
}
