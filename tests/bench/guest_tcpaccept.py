"""The guest's half of tests/bench/tcpaccept: guest_tcpaccept.py BUILD REPETITIONS.

Tools take turns, so that a noisy moment hits each of them. Start: from exec to the
line that says so; bpftrace 0.17 prints none, so there until the kernel lists its kprobe.
RSS while tracing: of the started process and all below it, after 107 accepts. Peak: the
greatest sum of their VmHWM seen by sampling, the short-lived compiler included.
Kernel time: run_time_ns of all programs of the tool, by accept of the server.
"""
import os
import re
import signal
import subprocess
import sys
import threading
import time

from measure import Sampler, count_run_time, family, programs, ratio, rss_kb, run_time, spread

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD, REPETITIONS = sys.argv[1], int(sys.argv[2])
UPSTREAM = "/usr/sbin/tcpaccept.bt"
ACCEPTS = 107
IMAGE = "/tmp/tcpaccept.o"
CACHE = "/tmp"  # of the tool below; the others have none
CACHED = "btrun, the same script from the cache"
TOOLS = [
    ("bpftrace 0.17, its tcpaccept.bt", ["/usr/bin/bpftrace", UPSTREAM]),
    ("btrun, the same script", [BUILD + "/btrun", UPSTREAM]),
    (CACHED, [BUILD + "/btrun", UPSTREAM]),
    ("btrun, an image of the same script", [BUILD + "/btrun", IMAGE]),
    ("btrun, scripts/tcpaccept.bt", [BUILD + "/btrun", ROOT + "/scripts/tcpaccept.bt"]),
    ("hand-written libbpf", [BUILD + "/floor_tcpaccept", BUILD + "/floor_tcpaccept.bpf.o"]),
]
READY = "__BPFTRACE_NOTIFY_PROBES_ATTACHED"


def wait_ready(tool, lines):
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if any(READY in line for line in lines):
            return
        if tool.poll() is not None:
            raise SystemExit(f"{tool.args} ended: {''.join(lines)}")
        time.sleep(0.002)
    raise SystemExit(f"{tool.args} is not ready after 90 s: {''.join(lines)}")


def kprobe_is_armed():
    # bpftrace's header comes from BEGIN, before it attaches the rest: no sign of being ready.
    return "inet_csk_accept" in open("/sys/kernel/debug/kprobes/list").read()


def measure(command, silent, cache):
    before = set(programs())
    start = time.monotonic()
    tool = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env=dict(os.environ, XDG_CACHE_HOME=cache, **{READY: "1"}))
    sampler, lines = Sampler(tool.pid), []
    reader = threading.Thread(target=lambda: lines.extend(iter(tool.stdout.readline, "")), daemon=True)
    reader.start()
    if silent:
        while not kprobe_is_armed() and tool.poll() is None and time.monotonic() - start < 90:
            time.sleep(0.002)
    else:
        wait_ready(tool, lines)
    ready = time.monotonic() - start
    time.sleep(1)
    server = subprocess.run([BUILD + "/vm_server", "--threads", "100", "--queue", "7"], stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=130)
    truth = re.search(r"done (\d+)", server.stdout)
    if not truth or int(truth.group(1)) != ACCEPTS:
        raise SystemExit(f"vm_server: {server.stdout} {server.stderr}")
    time.sleep(1)
    rss = sum(rss_kb(pid) for pid in family(tool.pid))
    ns, runs = run_time(set(programs()) - before)
    tool.send_signal(signal.SIGINT)
    tool.wait(60)
    sampler.done = True
    reader.join(10)
    seen = sum("vm_server" in line for line in lines)
    return {"start": ready, "rss": rss / 1024, "peak": sampler.peak / 1024, "us": ns / 1000 / max(seen, 1), "seen": seen}


def main():
    count_run_time()
    subprocess.run([BUILD + "/btrun", "-q", "--emit-elf", IMAGE, UPSTREAM], stdin=subprocess.DEVNULL, check=True)
    subprocess.run([BUILD + "/btrun", "-q", "--dry-run", UPSTREAM], stdin=subprocess.DEVNULL, check=True,
                   env=dict(os.environ, XDG_CACHE_HOME=CACHE))
    results = {name: [] for name, _ in TOOLS}
    for _ in range(REPETITIONS):
        for name, command in TOOLS:
            results[name].append(measure(command, "bpftrace" in command[0], CACHE if name == CACHED else "/dev/null"))
    columns = [("start", "start to attached, s", 2), ("rss", "RSS while tracing, MB", 1), ("peak", "peak of all, MB", 1),
               ("us", "kernel time an accept seen, us", 1), ("seen", "accepts seen of 107", 0)]
    print(f"Linux {os.uname().release}, {REPETITIONS} repetitions in one boot, median (least-most):\n")
    print("| | " + " | ".join(title for _, title, _ in columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for name, rows in results.items():
        print(f"| {name} | " + " | ".join(spread([r[key] for r in rows], d) for key, _, d in columns) + " |")
    base = results[TOOLS[0][0]]
    print("\nAs a share of bpftrace's, by repetition:\n")
    print("| | " + " | ".join(title for _, title, _ in columns[:4]) + " |")
    print("|---" * 5 + "|")
    for name, rows in list(results.items())[1:]:
        print(f"| {name} | " + " | ".join(ratio([r[k] for r in rows], [b[k] for b in base]) for k, _, _ in columns[:4]) + " |")


main()
