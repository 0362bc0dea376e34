"""The rows about single figures: each function gives a Markdown table."""
import glob
import os
import re
import resource
import subprocess
import tempfile
import time

from measure import (Sampler, count_run_time, end, family, map_memory_kb, maps, programs, ratio, rss_kb, run_time, spread,
                     table)

COUNT = 1000000
PROBE = "tracepoint:syscalls:sys_enter_getpriority"
LINES = PROBE + ' { printf("%d %d %s\\n", args->which, args->who, comm); }'
FIRE_NAME = "loss_fire"


class Setting:
    def __init__(self, build, repeat, plots):
        self.build, self.repeat, self.plots = build, repeat, plots
        self.work = tempfile.mkdtemp(prefix="bench.")
        self.out = self.work + "/out"

    def fire(self, *args):
        return [f"{self.build}/{FIRE_NAME}", *map(str, args)]

    def btrun(self, script, *options, command=None):
        return [self.build + "/btrun", "-q", "-o", self.out, *options, "-e", script, *command_option(command)]

    def bpftrace(self, script, *options, command=None):
        return ["/usr/bin/bpftrace", "-o", self.out, *options, "-e", script, *command_option(command)]

    def floor(self, mode, command):
        return [self.build + "/floor_trace", self.build + "/floor_trace.bpf.o", mode, self.out, *command]


def command_option(command):
    return ["-c", " ".join(command)] if command else []


class Outcome:
    def __init__(self, seconds, done, cpu):
        self.seconds, self.cpu, self.failed = seconds, cpu, done.returncode != 0
        self.text = text = done.stdout.decode(errors="replace")
        fired = re.findall(r"^(\d+\.\d{6})$", text, re.M)
        self.fired = float(fired[-1]) if fired else None


def execute(command, env=None, limit=600):
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=dict(os.environ, **(env or {})), timeout=limit)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Outcome(seconds, done, cpu)


def lines_of(path):
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def by_turns(setting, tools, measure):
    """{name: [measure(command), ...]}: the tools take turns, so that a noisy moment hits each of them."""
    results = {name: [] for name, _ in tools}
    for _ in range(setting.repeat):
        for name, command in tools:
            results[name].append(measure(command))
    return results


def events(setting):
    """A million printf events with two integers and comm: run time of the traced program, s"""
    fire = setting.fire(COUNT)
    tools = [("untraced", fire), ("hand-written libbpf", setting.floor("events", fire)),
             ("btrun", setting.btrun(LINES, command=fire)), ("bpftrace 0.17", setting.bpftrace(LINES, command=fire))]
    printed = {}

    def measure(command):
        outcome = execute(command)
        if command != fire:
            printed.setdefault(command[0], []).append(sum(1 for line in open(setting.out) if f" {FIRE_NAME}" in line))
        return outcome.fired

    results = by_turns(setting, tools, measure)
    base = results["hand-written libbpf"]
    return table("", ["run time, s", "of the floor's", "lines printed, fewest"],
                 [(name, [spread(results[name], 2), ratio(results[name], base),
                          str(min(printed.get(command[0], [0]))) if command != fire else "-"]) for name, command in tools])


def start(setting):
    """BEGIN { exit(); }: wall time from start to end, ms"""
    script, image = "BEGIN { exit(); }", setting.work + "/image.o"
    execute([setting.build + "/btrun", "-q", "--emit-elf", image, "-e", script])
    again = setting.btrun(script)
    cached = {"XDG_CACHE_HOME": setting.work}
    tools = [("btrun", setting.btrun(script)), ("btrun, from the cache", again),
             ("btrun, an image", [setting.build + "/btrun", "-q", image]), ("bpftrace 0.17", setting.bpftrace(script))]
    setting.repeat *= 4
    execute(again, cached)
    results = by_turns(setting, tools, lambda command: 1000 * execute(command, cached if command is again else None).seconds)
    setting.repeat //= 4
    return table("", ["wall, ms", "of bpftrace's"],
                 [(name, [spread(results[name], 1), ratio(results[name], results["bpftrace 0.17"])]) for name, _ in tools])


def cost_of_events(setting, command, events_, ready):
    """Nanoseconds an event of the programs of a tracer that is not btrun's child: started, fired at, ended."""
    before = set(programs())
    tool = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while len(set(programs()) - before) < ready and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.5)
    execute(setting.fire(events_))
    ns, _ = run_time(set(programs()) - before)
    tool.terminate()
    tool.wait()
    return ns / events_


AGGREGATIONS = [
    ("@[comm] = count()", "count", 1, PROBE + " { @[comm] = count(); }"),
    ("hist(nsecs - @t[tid])", "hist", 2, PROBE + " { @t[tid] = nsecs; } tracepoint:syscalls:sys_exit_getpriority /@t[tid]/ "
     "{ @ = hist(nsecs - @t[tid]); delete(@t[tid]); }"),
    ("printf, two integers and comm", "events", 1, LINES),
]


def aggregations(setting):
    """Kernel time of the programs an event, ns"""
    count_run_time()
    lines = []
    for title, mode, n, script in AGGREGATIONS:
        tools = [("floor", None), ("btrun", setting.btrun(script)), ("bpftrace", setting.bpftrace(script))]

        def measure(command):
            if command:
                return cost_of_events(setting, command, 200000, n)
            runs_ns = re.findall(r"^(\d+) (\d+)$", execute(setting.floor(mode, setting.fire(200000))).text, re.M)
            return int(runs_ns[-1][1]) / 200000

        results = by_turns(setting, tools, measure)
        lines.append((f"`{title}`", [spread(results["floor"], 0), spread(results["btrun"], 0), spread(results["bpftrace"], 0),
                                     ratio(results["btrun"], results["floor"]), ratio(results["btrun"], results["bpftrace"])]))
    count_run_time(False)
    return table("", ["hand-written libbpf", "btrun", "bpftrace 0.17", "btrun / floor", "btrun / bpftrace"], lines)


def end_of_map(setting, command, keys_):
    """Seconds from the last event to the tracer's end, and its peak of memory in MB."""
    env = dict(os.environ, BPFTRACE_MAP_KEYS_MAX=str(keys_ + keys_ // 10 + 100))
    tool = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    sampler, fired = Sampler(tool.pid, without=FIRE_NAME), None
    for line in tool.stdout:
        if re.match(r"\d+\.\d{6}$", line):
            fired = time.perf_counter()
    tool.wait()
    sampler.done = True
    return time.perf_counter() - fired, sampler.peak / 1024


def map_tools(setting, keys_):
    script = PROBE + " { @[args->who] = count(); } END { print(@, 20); clear(@); }"
    return [("btrun", setting.btrun(script, command=setting.fire(keys_))),
            ("bpftrace 0.17", setting.bpftrace(script, command=setting.fire(keys_)))]


def keys(setting):
    """A map of 1,000,000 keys, printed sorted with its top 20: from the last event to the end, s; peak of memory, MB"""
    tools = map_tools(setting, COUNT)
    results = by_turns(setting, tools, lambda command: end_of_map(setting, command, COUNT))
    base = results["bpftrace 0.17"]
    return table("", ["end, s", "of bpftrace's", "peak, MB", "of bpftrace's"],
                 [(name, [spread([r[0] for r in results[name]], 2), ratio([r[0] for r in results[name]], [r[0] for r in base]),
                          spread([r[1] for r in results[name]], 0), ratio([r[1] for r in results[name]], [r[1] for r in base])])
                  for name, _ in tools])


def memory(setting):
    """RSS while tracing a million printf events, all staying processes together; the peak; the kernel's memory of maps, MB

    Peak: of all that were seen together, or of the largest one, however short it lived (the compiler)."""
    lines = []
    for name, command in (("btrun", setting.btrun(LINES)), ("bpftrace 0.17", setting.bpftrace(LINES))):
        found = []
        for _ in range(setting.repeat):
            before, maps_before = set(programs()), set(maps())
            tool = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            sampler = Sampler(tool.pid)
            while not set(programs()) - before:
                time.sleep(0.01)
            time.sleep(0.5)
            idle = sum(rss_kb(pid) for pid in family(tool.pid))
            execute(setting.fire(COUNT))
            busy = sum(rss_kb(pid) for pid in family(tool.pid))
            kernel = map_memory_kb(set(maps()) - maps_before)
            tool.terminate()
            peak = max(end(tool), sampler.peak)
            sampler.done = True
            found.append((idle / 1024, busy / 1024, peak / 1024, kernel / 1024))
        lines.append((name, [spread([f[i] for f in found], 1) for i in range(4)]))
    return table("", ["before the first event", "after a million", "peak", "maps, in the kernel"], lines)


def installed(paths):
    return sum(os.path.getsize(os.path.realpath(p)) for p in paths) / 1e6


def libraries(program):
    return re.findall(r"=> (/\S+)", subprocess.run(["ldd", program], capture_output=True, text=True).stdout)


def size(setting):
    """Installed size, MB: stripped programs, and the shared libraries that they load"""
    stripped = []
    for name in ("btrun", "btrun-compile", "btrun-headers", "btrun-dwarf"):
        target = f"{setting.work}/{name}"
        subprocess.run(["strip", "-o", target, f"{setting.build}/{name}"], check=True)
        stripped.append(target)
    lines = [(name, [f"{installed([path]):.2f}", f"{installed(libraries(path)):.1f}"])
             for name, path in zip(("btrun", "btrun-compile", "btrun-headers", "btrun-dwarf"), stripped)]
    lines.append(("all of btrun", [f"{installed(stripped):.2f}", f"{installed(set(sum(map(libraries, stripped), []))):.1f}"]))
    peer = glob.glob("/usr/bin/bpftrace")
    lines.append(("bpftrace 0.17", [f"{installed(peer):.2f}", f"{installed(libraries(peer[0])):.1f}"]))
    return table("", ["programs", "their libraries, libc's among them"], lines)
