"""The guest's half of tests/bench/functions: guest_functions.py BUILD REPETITIONS.

Start: from exec until everything is attached; bpftrace 0.17 does not say when, so there until the kernel's list of
enabled functions has stopped growing. End: from SIGINT to exit. Cost: nanoseconds of the programs by their runs, while files are
read.
"""
import os
import signal
import subprocess
import sys
import threading
import time

from measure import count_run_time, programs, ratio, run_time, spread, table

BUILD, REPETITIONS = sys.argv[1], int(sys.argv[2])
READY = "__BPFTRACE_NOTIFY_PROBES_ATTACHED"
SCRIPTS = [
    ("`kprobe:vfs_*`", "kprobe:vfs_* { @[func] = count(); }"),
    ("`kprobe:tcp_*`", "kprobe:tcp_* { @[func] = count(); }"),
    ("`kprobe:tcp_*,kprobe:ip_*,kprobe:sk_*,kprobe:vfs_*,kprobe:dev_*`",
     "kprobe:tcp_*,kprobe:ip_*,kprobe:sk_*,kprobe:vfs_*,kprobe:dev_* { @[func] = count(); }"),
]


def probed():
    """Functions that something of ftrace is attached to; kprobe.multi is in no list of kprobes."""
    with open("/sys/kernel/tracing/enabled_functions") as file:
        return sum(1 for _ in file)


def wait_quiet(tool, start):
    """When the list grew last."""
    before, grew = probed(), None
    while tool.poll() is None and time.monotonic() - start < 300:
        time.sleep(0.01)
        now = probed()
        if now != before:
            before, grew = now, time.monotonic()
        elif grew and time.monotonic() - grew > 2:
            return grew - start, before
    raise SystemExit("bpftrace attached nothing")


def wait_notify(tool, start):
    for line in tool.stdout:
        if READY in line:
            return time.monotonic() - start, 0
    raise SystemExit("btrun attached nothing")


def measure(command):
    before, start = set(programs()), time.monotonic()
    ours = command[0].endswith("/btrun")
    env = dict(os.environ, BPFTRACE_MAX_PROBES="5000", BPFTRACE_MAX_BPF_PROGS="5000", **({READY: "1"} if ours else {}))
    with open("/tmp/told", "w") as told:
        tool = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if ours else subprocess.DEVNULL,
                                stderr=told, text=True, env=env)
        ready, _ = (wait_notify if ours else wait_quiet)(tool, start)
    if ours:
        threading.Thread(target=tool.stdout.read, daemon=True).start()
    for _ in range(20):
        subprocess.run("cat /etc/* > /dev/null 2>&1", shell=True)
    ns, runs = run_time(set(programs()) - before)
    start = time.monotonic()
    tool.send_signal(signal.SIGINT)
    tool.wait(300)
    return {"start": ready, "end": time.monotonic() - start, "cost": ns / max(runs, 1),
            "told": next((l for l in open("/tmp/told") if l.startswith("Attached")), "")}


def main():
    count_run_time()
    lines = []
    for name, script in SCRIPTS:
        tools = [("btrun", [BUILD + "/btrun", "-e", script]), ("bpftrace", ["/usr/bin/bpftrace", "-e", script])]
        found = {tool: [] for tool, _ in tools}
        for _ in range(REPETITIONS):
            for tool, command in tools:
                found[tool].append(measure(command))
        cells = [found["btrun"][0]["told"].strip().removeprefix("Attached ").removesuffix(" probes")]
        for key, digits in (("start", 2), ("end", 2), ("cost", 0)):
            cells += [spread([r[key] for r in found[tool]], digits) for tool, _ in tools]
            cells.append(ratio([r[key] for r in found["btrun"]], [r[key] for r in found["bpftrace"]]))
        lines.append((name, cells))
    columns = ["functions"] + [f"{what}, {tool}" for what in ("start, s", "end, s", "ns a hit") for tool in ("btrun", "bpftrace", "ratio")]
    print(f"Linux {os.uname().release}, {REPETITIONS} repetitions in one boot, median (least-most):\n")
    print(table("", columns, lines))


main()
