"""The guest's half of tests/bench/images: guest_images.py BUILD REPETITIONS.

Six tools, each as a script, from the cache, as an image and as a stand-alone program, beside bpftrace and beside
floor_load, which does with libbpf alone what has to be done to load and attach the same object. They take turns. Start: from exec
to the line that says that all is attached; bpftrace prints none, but starts a command then, which does. RSS: of all processes that
stay, a second later, without that command.
"""
import os
import signal
import subprocess
import sys
import time

from measure import family, ratio, rss_kb, spread, table

BUILD, REPETITIONS = sys.argv[1], int(sys.argv[2])
TOOLS = ["tcpaccept", "tcpconnect", "execsnoop", "opensnoop", "killsnoop", "runqlat"]
READY = "__BPFTRACE_NOTIFY_PROBES_ATTACHED"
CACHE = "/tmp/cache"
COMMAND = "/tmp/attached"


def script(tool):
    # bpftrace 0.17 needs <linux/sched.h> for runqlat's one constant, and does not understand the file.
    path = f"/usr/sbin/{tool}.bt"
    if tool != "runqlat":
        return path
    with open(path) as old, open("/tmp/runqlat.bt", "w") as new:
        new.write(old.read().replace("#include <linux/sched.h>", "#define TASK_RUNNING 0"))
    return new.name


def ways(tool):
    return [("script", [BUILD + "/btrun", script(tool)]), ("cache", [BUILD + "/btrun", script(tool)]),
            ("image", [BUILD + "/btrun", f"/tmp/{tool}.o"]), ("program", [f"/tmp/{tool}"]), ("floor", [BUILD + "/floor_load", f"/tmp/{tool}.o"]),
            ("bpftrace", ["/usr/bin/bpftrace", "-c", "/bin/sh " + COMMAND, script(tool)])]


def strip():
    """As it is installed: a program is as large as the btrun that writes it."""
    os.makedirs("/tmp/installed")
    subprocess.run(["strip", "-o", "/tmp/installed/btrun", BUILD + "/btrun"], check=True)
    os.symlink(BUILD + "/btrun-compile", "/tmp/installed/btrun-compile")


def prepare(tool):
    quiet = {"stdin": subprocess.DEVNULL, "check": True}
    subprocess.run([BUILD + "/btrun", "-q", "--emit-elf", f"/tmp/{tool}.o", script(tool)], **quiet)
    subprocess.run(["/tmp/installed/btrun", "-q", "--aot", f"/tmp/{tool}", script(tool)], **quiet)
    subprocess.run([BUILD + "/btrun", "-q", "--dry-run", script(tool)], env=dict(os.environ, XDG_CACHE_HOME=CACHE), **quiet)


def wait_ready(process):
    said = ""
    for line in process.stdout:
        said += line
        if READY in line:
            return
    raise SystemExit(f"{process.args} ended: {said[-2000:]}")


def measure(way, command):
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               env=dict(os.environ, XDG_CACHE_HOME=CACHE if way == "cache" else "/dev/null", **{READY: "1"}))
    wait_ready(process)
    ready = time.monotonic() - start
    time.sleep(1)
    kept = [process.pid] if way == "bpftrace" else family(process.pid)
    found = {"start": ready, "rss": sum(rss_kb(pid) for pid in kept) / 1024}
    process.send_signal(signal.SIGINT)
    process.wait(60)
    return found


def rows_of(tool):
    prepare(tool)
    results = {way: [] for way, _ in ways(tool)}
    for _ in range(REPETITIONS):
        for way, command in ways(tool):
            results[way].append(measure(way, command))
    starts = {way: [r["start"] for r in found] for way, found in results.items()}
    sizes = [f"{os.path.getsize(path) / 1000:.0f}" for path in (f"/tmp/{tool}.o", f"/tmp/{tool}")]
    return (tool, sizes + [spread(starts[way], 2) for way in ("floor", "image", "program", "cache", "script", "bpftrace")] +
            [ratio(starts[way], starts["floor"]) for way in ("image", "program", "cache")] + [ratio(starts["script"], starts["bpftrace"])] +
            [spread([r["rss"] for r in results[way]], 1) for way in ("image", "floor", "bpftrace")])


def main():
    strip()
    with open(COMMAND, "w", opener=lambda path, flags: os.open(path, flags, 0o755)) as file:
        file.write(f"#!/bin/sh\necho {READY}\nexec sleep 5\n")
    print(f"Linux {os.uname().release}, {REPETITIONS} repetitions in one boot, median (least-most):\n")
    columns = ["image, KB", "program, KB", "start, s: floor", "image", "program", "cache", "script", "bpftrace", "image / floor", "program / floor",
               "cache / floor", "script / bpftrace", "RSS, MB: image", "floor", "bpftrace"]
    print(table("", columns, [rows_of(tool) for tool in TOOLS]), flush=True)


main()
