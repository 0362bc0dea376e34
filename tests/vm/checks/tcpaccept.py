"""tcpaccept: every line against what the server says it accepted (issue: told true)."""
import collections
import os
import re
import signal
import subprocess
import time

import guest
from guest import Failure, Skip, Tracer, add_check, btrun, check, expect, expect_equal, run

UPSTREAM = "/usr/sbin/tcpaccept.bt"
NEWEST = guest.HERE + "/scripts/tcpaccept_newest.bt"
OURS = guest.ROOT + "/scripts/tcpaccept.bt"
SCRIPTS = {"upstream": UPSTREAM, "newest": NEWEST, "ours": OURS}
SERVER = ["--threads", "100", "--queue", "7"]

Accept = collections.namedtuple("Accept", "pid comm raddr rport laddr lport")


def lines_of(text):
    """(accept, BL) of each line that a tcpaccept printed for our server."""
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) == 8 and re.fullmatch(r"\d\d:\d\d:\d\d", words[0]):
            found.append((Accept(*words[1:7]), words[7]))
        else:
            expect(not words or words[0] in ("TIME", "Tracing"), f"a line that is no accept: {line!r}")
    return found


class Server:
    def __init__(self, *args, within=()):
        self.args = args
        self.process = subprocess.Popen([*within, guest.BUILD + "/vm_server", *args], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def wait_for(self, word):
        for line in self.process.stdout:
            if line.startswith(word):
                return
        raise Failure(f"the server never said {word}")

    def finish(self):
        out, _ = self.process.communicate("\n", timeout=130)
        if self.process.returncode == 77:
            raise Skip(out.strip())
        expect(self.process.returncode == 0, f"vm_server {' '.join(self.args)}: status {self.process.returncode}")
        self.lines = out.splitlines()
        return [(Accept(*l.split()[1:7]), l.split()[7]) for l in self.lines if l.startswith("accept ")]


def trace(script, *server_args, options=()):
    with Tracer(*options, script) as tracer:
        truth = Server(*server_args).finish()
        result = tracer.stop().expect_ok()
    return lines_of(result.out), truth, result


def bag(accepts):
    return collections.Counter(a for a, _ in accepts)


def expect_same(got, truth, result):
    missing, wrong = bag(truth) - bag(got), bag(got) - bag(truth)
    expect(not missing and not wrong,
           f"{len(got)} lines for {len(truth)} accepts\nmissing {list(missing)[:3]}\nwrong {list(wrong)[:3]}\n{result}")


def expect_backlogs(got, truth):
    want = {a: bl for a, bl in truth if bl != "-"}
    for accept, backlog in got:
        if accept in want:
            expect_equal(backlog, want[accept], f"BL of {accept}")


def all_107(script, *extra):
    def body():
        got, truth, result = trace(script, *SERVER, *extra)
        expect_equal(len(truth), 107, "the server's count")
        expect_same(got, truth, result)
        expect("miss" not in result.err and "lost" not in result.err, f"losses reported: {result.err}")
        if script == OURS:
            expect_backlogs(got, truth)
            backlogs = [bl.split("/")[0] for a, bl in got][-7:]
            expect_equal(" ".join(backlogs), "6 5 4 3 2 1 0", "BL of the seven queued")
    return body


for name, script in SCRIPTS.items():
    add_check(f"tcpaccept_107_{name}_v4", all_107(script))
    add_check(f"tcpaccept_107_{name}_v6", all_107(script, "--v6"))


@check
def tcpaccept_fallback():
    """The script as an older kernel sees it: a function that it asks for does not exist."""
    with open(OURS) as file:
        text = file.read().replace('func_exists("__inet_accept")', 'func_exists("__inet_accept_of_old")')
    script = guest.temporary("tcpaccept.bt", text)
    got, truth, result = trace(script, *SERVER)
    expect_same(got, truth, result)
    got, truth, result = trace(script, "--how", "nonblock", "--queue", "2")
    expect_same(got, truth, result)
    expect("fault" not in result.err and "could not be read" not in result.err, f"EAGAIN is reported: {result.err}")


@check
def tcpaccept_header():
    with Tracer(OURS) as tracer:
        result = tracer.stop().expect_ok()
    expect_equal(result.out.split(), "TIME PID COMM RADDR RPORT LADDR LPORT BL".split(), "header")


def by_way(script, way):
    def body():
        if way == "multi" and not guest.NEW:
            btrun("--attach=multi", script).expect_error("multi")
            return
        got, truth, result = trace(script, *SERVER, options=("-v", f"--attach={way}"))
        expect(way in result.err, f"-v does not name {way}: {result.err}")
        if script == OURS or way in ("fentry", "tracefs"):
            expect_same(got, truth, result)
            return
        # perf and multi return probes have few slots: what they show must be true, what they
        # miss must be said, or that it can't be known.
        expect(not bag(got) - bag(truth), f"lines that are not true: {result}")
        expect(len(got) >= 7, f"only {len(got)} lines")
        if len(got) < len(truth):
            expect("miss" in result.err, f"{len(truth) - len(got)} missed without a word: {result.err}")
    return body


for way in ("auto", "fentry", "tracefs", "perf", "multi"):
    if way != "auto":
        add_check(f"tcpaccept_attach_{way}_upstream", by_way(UPSTREAM, way))
        add_check(f"tcpaccept_attach_{way}_ours", by_way(OURS, way))


@check
def tcpaccept_auto_is_fexit():
    with Tracer("-v", UPSTREAM) as tracer:
        result = tracer.stop().expect_ok()
    expect(re.search(r"inet_csk_accept.*fexit|fexit.*inet_csk_accept", result.err), f"not through fexit: {result.err}")


@check
def tcpaccept_misses_counted():
    got, truth, result = trace(UPSTREAM, *SERVER, options=("--attach=tracefs", "--maxactive", "10"))
    expect(not bag(got) - bag(truth), f"lines that are not true: {result}")
    missed = len(truth) - len(got)
    expect(missed > 0, "ten slots were enough for 100 threads?")
    said = re.search(r"missed at least (\d+) hits of kretprobe:inet_csk_accept", result.err)
    expect(said, f"{missed} missed, but stderr says {result.err}")
    # The kernel adds to the count without a lock (nmissed++ in kernel/kprobes.c): two CPUs at once add one.
    expect(0.8 * missed <= int(said[1]) <= missed, f"{missed} missed, but stderr says {result.err}")


@check
def tcpaccept_waiting_before_start():
    server = Server("--threads", "20")
    server.wait_for("waiting 20")
    with Tracer(OURS) as tracer:
        truth = server.finish()
        result = tracer.stop().expect_ok()
    expect_equal(len(truth), 20, "the server's count")
    expect_same(lines_of(result.out), truth, result)


@check
def tcpaccept_backlog_order():
    got, truth, result = trace(OURS, "--queue", "7", "--backlog", "33")
    expect_equal([bl for _, bl in got], [f"{n}/33" for n in (6, 5, 4, 3, 2, 1, 0)], "BL")


CASES = {
    "eagain": ("--how", "nonblock", "--queue", "3"),
    "accept4": ("--how", "accept4", "--queue", "3", "--threads", "4"),
    "io_uring": ("--how", "uring", "--queue", "3"),
    "listeners": ("--listeners", "5", "--queue", "20", "--threads", "10"),
    "forked": ("--fork", "4", "--each", "5"),
    "netns": ("--netns", "--queue", "3", "--threads", "3"),
    "dual_stack": ("--dual", "--queue", "3"),
}
for name, args in CASES.items():
    def body(args=args):
        got, truth, result = trace(OURS, *args)
        expect(truth, "the server accepted nothing")
        expect_same(got, truth, result)
        expect_backlogs(got, truth)
        expect("lost" not in result.err and "miss" not in result.err, f"losses reported: {result.err}")
    add_check(f"tcpaccept_{name}", body)


def closing(option):
    with Tracer(OURS) as tracer:
        server = Server(option, "--queue", "5")
        server.finish()
        result = tracer.stop().expect_ok()
    got = lines_of(result.out)
    port = server.lines[0].split()[1]
    expect_equal([(a.pid, a.laddr, a.raddr, a.lport) for a, _ in got],
                 [(str(server.process.pid), "127.0.0.1", "127.0.0.1", port)] * 5, "lines")
    expect_equal([bl.split("/")[0] for _, bl in got], list("43210"), "BL")


@check
def tcpaccept_close_at_once():
    closing("--close")


@check
def tcpaccept_reset_before_accept():
    closing("--reset")


@check
def tcpaccept_perf_buffer_same_set():
    counts = []
    for buffer in ("ring", "perf"):
        got, truth, result = trace(OURS, *SERVER, options=(f"--buffer={buffer}",))
        expect_same(got, truth, result)
        expect_backlogs(got, truth)
        counts.append(len(got))
    expect_equal(counts, [107, 107], "lines through each buffer")


NO_RING = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <sys/syscall.h>
/* the kernel's answer before 5.8 */
long syscall(long number, ...)
{
	static long (*real)(long, ...);
	va_list list;
	long a[6];

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_bpf && a[0] == BPF_MAP_CREATE && ((union bpf_attr *)a[1])->map_type == BPF_MAP_TYPE_RINGBUF) {
		errno = EINVAL;
		return -1;
	}
	if (!real)
		real = dlsym(RTLD_NEXT, "syscall");
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
"""


@check
def tcpaccept_kernel_without_ring_buffer():
    source = guest.temporary("no_ring.c", NO_RING)
    library = source[:-2] + ".so"
    run("gcc", "-shared", "-fPIC", "-o", library, source, "-ldl").expect_ok()
    with Tracer(UPSTREAM, env={"LD_PRELOAD": library}) as tracer:
        maps = run("bpftool", "map", "show").expect_ok().out
        truth = Server(*SERVER).finish()
        result = tracer.stop().expect_ok()
    expect("perf_event_array" in maps and "ringbuf" not in maps, maps)
    expect_same(lines_of(result.out), truth, result)


NGINX = """
daemon on; worker_processes 2; pid {0}/pid; error_log {0}/error;
events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {0}/b; proxy_temp_path {0}/p; fastcgi_temp_path {0}/f;
  uwsgi_temp_path {0}/u; scgi_temp_path {0}/s;
  server {{ listen 127.0.0.1:8080; listen [::1]:8080; return 200 "hello\\n"; }} }}
"""
CURL = "%{local_ip} %{local_port} %{remote_ip} %{remote_port}\n"


def nginx_case(script):
    conf = guest.temporary("nginx.conf", "")
    folder = os.path.dirname(conf)
    guest.write(conf, NGINX.format(folder))
    os.chmod(folder, 0o777)
    with Tracer(script) as tracer:
        run("/usr/sbin/nginx", "-c", conf, "-e", folder + "/error").expect_ok()
        truth = []
        for url in ["http://127.0.0.1:8080/", "http://[::1]:8080/"] * 3:
            done = run("curl", "-sS", "-g", "-o", "/dev/null", "-w", CURL, url).expect_ok()
            truth.append(tuple(done.out.split()))
        workers = run("pgrep", "-P", open(folder + "/pid").read().strip()).out.split()
        result = tracer.stop().expect_ok()
        run("/usr/sbin/nginx", "-c", conf, "-e", folder + "/error", "-s", "stop").expect_ok()
    got = [a for a, _ in lines_of(result.out) if a.comm == "nginx"]
    expect_equal([(a.raddr, a.rport, a.laddr, a.lport) for a in got], truth, "nginx lines")
    expect(all(a.pid in workers for a in got), f"pids {[a.pid for a in got]} are not the workers {workers}")


for name, script in SCRIPTS.items():
    add_check(f"tcpaccept_nginx_{name}", lambda script=script: nginx_case(script))


@check
def tcpaccept_json():
    with Tracer("-f", "json", OURS) as tracer:
        truth = Server("--queue", "2").finish()
        result = tracer.stop().expect_ok()
    import json
    text = "".join(json.loads(l).get("data", "") for l in result.out.splitlines() if '"printf"' in l or '"time"' in l)
    expect_same(lines_of(text), truth, result)
