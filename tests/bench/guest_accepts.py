"""The guest's half of tests/bench/accepts: guest_accepts.py BUILD REPETITIONS.

The run time of a tool's programs (kernel.bpf_stats_enabled) an accept, of connections that wait when they are
accepted, so that all tools see all of them. The guest's clock counts instructions, one a nanosecond: the figures
are amounts of work, the same whatever else the machine does. The tools take turns; each turn is CHUNKS times
ACCEPTS connections, and its figure the median of the chunks: the first are accepted while code is cold.
"""
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

from measure import count_run_time, programs, ratio, run_time, spread, table

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD, REPETITIONS = sys.argv[1], int(sys.argv[2])
UPSTREAM = "/usr/sbin/tcpaccept.bt"
IMAGE = "/tmp/tcpaccept.o"
FLOOR = "hand-written libbpf"
TOOLS = [
    (FLOOR, [BUILD + "/floor_tcpaccept", BUILD + "/floor_tcpaccept.bpf.o"]),
    ("btrun, bpftrace's tcpaccept.bt", [BUILD + "/btrun", UPSTREAM]),
    ("btrun, an image of it for any kernel", [BUILD + "/btrun", IMAGE]),
    ("btrun, scripts/tcpaccept.bt", [BUILD + "/btrun", ROOT + "/scripts/tcpaccept.bt"]),
    ("bpftrace 0.17, its tcpaccept.bt", ["/usr/bin/bpftrace", UPSTREAM]),
]
CHUNKS, ACCEPTS = 40, 10
READY = "__BPFTRACE_NOTIFY_PROBES_ATTACHED"


def accept_many(server):
    clients = [socket.create_connection(server.getsockname()[:2]) for _ in range(ACCEPTS)]
    for connection in clients + [server.accept()[0] for _ in clients]:
        connection.close()


def is_ready(tool, lines):
    if tool.args[0] == "/usr/bin/bpftrace":  # which says nothing
        return "inet_csk_accept" in open("/sys/kernel/debug/kprobes/list").read()
    return any(READY in line for line in lines)


def cost(command, family, address):
    """(ns an accept, accepts seen of those fired)"""
    before, lines, deadline = set(programs()), [], time.monotonic() + 90
    tool = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env=dict(os.environ, **{READY: "1"}))
    reader = threading.Thread(target=lambda: lines.extend(iter(tool.stdout.readline, "")), daemon=True)
    reader.start()
    while not is_ready(tool, lines):
        if tool.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"{tool.args} is not ready: {''.join(lines)}")
        time.sleep(0.01)
    time.sleep(0.5)
    ours, each = set(programs()) - before, []
    with socket.socket(family) as server:
        server.bind((address, 0))
        server.listen(ACCEPTS)
        for _ in range(CHUNKS):
            start, _ = run_time(ours)
            accept_many(server)
            each.append((run_time(ours)[0] - start) / ACCEPTS)
    time.sleep(0.5)
    tool.send_signal(signal.SIGINT)
    tool.wait(60)
    reader.join(10)
    return statistics.median(each), sum(f" {address} " in line for line in lines)


def main():
    count_run_time()
    subprocess.run([BUILD + "/btrun", "-q", "--emit-elf", IMAGE, UPSTREAM], stdin=subprocess.DEVNULL, check=True)
    print(f"Linux {os.uname().release}, {REPETITIONS} repetitions in one boot, median (least-most):\n")
    for title, family, address in (("IPv4", socket.AF_INET, "127.0.0.1"), ("IPv6", socket.AF_INET6, "::1")):
        results = {name: [] for name, _ in TOOLS}
        for _ in range(REPETITIONS):
            for name, command in TOOLS:
                results[name].append(cost(command, family, address))
                print(f"{title}, {name}: {results[name][-1][0]:.0f} ns", file=sys.stderr, flush=True)
        floor = [ns for ns, _ in results[FLOOR]]
        lines = [(name, [spread([ns for ns, _ in row], 0), ratio([ns for ns, _ in row], floor),
                         f"{min(seen for _, seen in row)} of {CHUNKS * ACCEPTS}"]) for name, row in results.items()]
        print(table(title, ["kernel time an accept, ns", "of the floor's", "accepts seen, fewest"], lines), flush=True)


main()
