#!/usr/bin/python3
"""Runs the checks of tests/vm/checks in the guest: guest.py BUILD [PATTERN...]

A check is a function marked @check in a file of checks/; it raises Failure (or
calls expect()) or Skip. After each one nothing of the tracer may be left: programs,
maps, links, kprobe events, processes. Output: "ok NAME",
"FAILED NAME: why" or "skipped NAME: why" each, and the closing line of every test.
"""
import ctypes
import fnmatch
import glob
import importlib.util
import os
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

IN_GUEST = os.environ.get("BTRUN_VM") == "1"
os.environ["XDG_CACHE_HOME"] = "/dev/null"  # no cache: what is tested compiles
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.append(ROOT + "/tests/images")
BUILD = os.environ.get("BTRUN_BUILD", "")
OUT = os.environ.get("BTRUN_VM_OUT", "/tmp")
TRACING = "/sys/kernel/tracing"
READY = "__BPFTRACE_NOTIFY_PROBES_ATTACHED"
RELEASE = os.uname().release
NEW = not RELEASE.startswith("6.1.")  # 6.12: fprobe, misses in link info
checks = []


class Failure(Exception):
    pass


class Skip(Exception):
    pass


def check(function=None, *, last=False, alone=False):
    """last: what can't be undone before the next boot (lockdown). alone: only run when it is asked for by its name."""
    def mark(f, name=None):
        if not alone or f.__name__ in sys.argv[2:]:
            checks.append((last, name or f.__name__, f))
        return f
    return mark(function) if function else mark


def add_check(name, function):
    checks.append((False, name, function))


def expect(condition, why):
    if not condition:
        raise Failure(why)


def expect_equal(got, want, what="output"):
    if got != want:
        raise Failure(f"{what} is\n{got}\nnot\n{want}")


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __str__(self):
        return f"status {self.status}\n--- stdout\n{self.out[-3000:]}--- stderr\n{self.err[-3000:]}"

    def expect_ok(self):
        expect(self.status == 0, f"expected status 0, got {self}")
        return self

    def expect_error(self, *words):
        expect(self.status == 1, f"expected status 1, got {self}")
        for word in words:
            expect(word.lower() in self.err.lower(), f"no {word!r} in the message: {self}")
        return self


def run(*command, stdin=None, env=None, timeout=45, **more):
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=timeout,
                              stdin=None if stdin is not None else subprocess.DEVNULL,
                              env=dict(os.environ, **(env or {})), errors="replace", **more)
    except subprocess.TimeoutExpired as e:
        raise Failure(f"{' '.join(command)} not done after {timeout} s:"
                      f" {(e.stdout or b'')[-2000:]} {(e.stderr or b'')[-2000:]}")
    return Result(done.returncode, done.stdout, done.stderr)


def btrun(*args, **more):
    return run(BUILD + "/btrun", *args, **more)


def one_liner(script, *args, **more):
    return btrun(*args, "-e", script, **more)


class Tracer:
    """btrun at work: with Tracer(...) as t: ...; result = t.stop()."""

    def __init__(self, *args, timeout=45, env=None):
        self.args, self.timeout = args, timeout
        self.process = subprocess.Popen([BUILD + "/btrun", *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, errors="replace",
                                        env=dict(os.environ, **{READY: "1"}, **(env or {})))
        self.out, self.err = [], []
        self.changed = threading.Condition()
        self.readers = [threading.Thread(target=self.read, args=pair, daemon=True)
                        for pair in ((self.process.stdout, self.out), (self.process.stderr, self.err))]
        for reader in self.readers:
            reader.start()

    def read(self, stream, lines):
        for line in stream:
            with self.changed:
                lines.append(line)
                self.changed.notify_all()
        with self.changed:
            lines.append("")
            self.changed.notify_all()

    def __enter__(self):
        self.wait_for(READY)
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def wait_for(self, text, timeout=None):
        with self.changed:
            self.changed.wait_for(lambda: any(text in l for l in self.out) or "" in self.out, timeout or self.timeout)
            found = any(text in l for l in self.out)
        if not found:  # with the lock released: the readers have more to add
            self.process.kill()
            raise Failure(f"no line {text!r} from btrun {' '.join(self.args)}: {self.result()}")

    def result(self):
        try:
            self.process.wait(self.timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failure(f"btrun {' '.join(self.args)} does not end: {''.join(self.out)[-2000:]}")
        for reader in self.readers:
            reader.join(5)
        out = "".join(l for l in self.out if l.strip() != READY)
        return Result(self.process.returncode, out, "".join(self.err))

    def stop(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.result()


def bpf_ids(command):
    """Ids of all programs (11), maps (12) or links (31): bpf(2)'s GET_NEXT_ID."""
    libc = ctypes.CDLL(None, use_errno=True)
    ids, last = set(), 0
    while True:
        attr = ctypes.create_string_buffer(struct.pack("III", last, 0, 0) + bytes(116))
        if libc.syscall(321, command, attr, 128) != 0:
            return ids
        last = struct.unpack("II", attr.raw[:8])[1]
        ids.add(last)


def processes():
    found = set()
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            if open(path).read().startswith("btrun"):
                found.add(path.split("/")[2])
        except OSError:
            pass
    return found


def leftovers():
    if not IN_GUEST:  # others may trace this machine too: what comes and goes need not be ours
        return {}
    events = set()
    for name in ("kprobe_events", "uprobe_events"):
        try:
            events |= set(open(f"{TRACING}/{name}").read().splitlines())
        except PermissionError:  # lockdown, which no check can take back
            pass
    return {"programs": bpf_ids(11), "maps": bpf_ids(12), "links": bpf_ids(31), "events": events,
            "processes": processes()}


def expect_nothing_left(before, limit=10):
    # The kernel frees programs and maps some time after their last descriptor is closed.
    deadline = time.monotonic() + limit
    while True:
        now = leftovers()
        left = {kind: now[kind] - before[kind] for kind in now if now[kind] - before[kind]}
        if not left:
            return
        if time.monotonic() > deadline:
            raise Failure(f"left behind: {left}")
        time.sleep(0.1)


def temporary(name, text):
    path = os.path.join(tempfile.mkdtemp(dir="/run"), name)
    with open(path, "w") as file:
        file.write(text)
    return path


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def load_checks():
    """A file may import from another as checks_NAME: those it needs come first."""
    sys.modules["guest"] = sys.modules[__name__]
    names = sorted(os.path.basename(p)[:-3] for p in glob.glob(HERE + "/checks/*.py"))
    for name in sorted(names, key=lambda n: n != "tcpaccept"):
        spec = importlib.util.spec_from_file_location("checks_" + name, f"{HERE}/checks/{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules["checks_" + name] = module
        spec.loader.exec_module(module)


def run_check(name, function):
    before, start = leftovers(), time.monotonic()
    kind, why = "passed", ""
    try:
        function()
        expect_nothing_left(before)
    except Skip as e:
        kind, why = "skipped", str(e)
    except Failure as e:
        kind, why = "failed", str(e)
    except Exception:  # a check's own bug must not end the others
        kind, why = "failed", traceback.format_exc()
    seconds = time.monotonic() - start
    if kind == "passed":
        print(f"ok {name} ({seconds:.1f} s)", flush=True)
    else:
        print(f"{'FAILED' if kind == 'failed' else kind} {name}: " + why.rstrip().replace("\n", "\n    "), flush=True)
    return kind


def main():
    global BUILD
    BUILD = os.path.abspath(sys.argv[1])
    patterns = sys.argv[2:] or ["*"]
    load_checks()
    count = {"passed": 0, "failed": 0, "skipped": 0}
    for _, name, function in sorted(checks, key=lambda c: c[0]):
        if any(fnmatch.fnmatch(name, p) for p in patterns):
            count[run_check(name, function)] += 1
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped", flush=True)
    sys.exit(count["failed"] > 0 or count["passed"] == 0)


if __name__ == "__main__":
    main()
