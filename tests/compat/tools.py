"""The 38 tools as cases: workloads/*.py declares each with @tool above a generator.

The generator's parts: what is set up before the tracers start; `yield`; the workload, whose
events both must print; `yield [PATTERN...]`, where both are given time until their output has each
pattern; the clearing up (in a `finally`, as it also runs when something failed).
"""
import glob
import importlib.util
import os
import signal
import subprocess
import sys
import time

from cases import Case
from pair import WorkloadError

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = "/usr/sbin"
TOOLS = []


def tool(**row):
    """A row: keep (a pattern: lines of the workload), normalise (normalisers in order), and where
    needed absent, missing, peer_script, env, options (see cases.py)."""
    def mark(function):
        case = Case(function.__name__, "tools")
        case.path = f"{SCRIPTS}/{function.__name__}.bt"
        case.workload = function
        case.needs = ["vm"]
        for key, value in row.items():
            if not hasattr(case, key):
                raise SystemExit(f"{function.__name__}: no key {key!r}")
            setattr(case, key, value.split() if key == "normalise" else value)
        TOOLS.append(case)
        return function
    return mark


def load():
    if not TOOLS:
        sys.modules.setdefault("tools", sys.modules[__name__])
        for path in sorted(glob.glob(HERE + "/workloads/*.py")):
            spec = importlib.util.spec_from_file_location("workloads_" + os.path.basename(path)[:-3], path)
            spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return TOOLS


# What workloads are made of.

def sh(command, timeout=60, check=True, **more):
    done = subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=timeout, **more)
    if check and done.returncode:
        raise WorkloadError(f"{command!r} ended with {done.returncode}: {done.stdout[-300:]}")
    return done.stdout


class background:
    """with background("nginx ..."): a process that is gone afterwards."""

    def __init__(self, command, until=None, **more):
        self.command, self.until, self.more = command, until, more

    def __enter__(self):
        self.process = subprocess.Popen(["bash", "-c", "exec " + self.command], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
                                        **self.more)
        if self.until:
            wait(self.until, f"{self.command!r} to be ready")
        return self.process

    def __exit__(self, *error):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def wait(condition, what, limit=30):
    """condition: a function, or a shell command that succeeds."""
    deadline = time.monotonic() + limit
    while not (condition() if callable(condition) else not subprocess.run(
            ["bash", "-c", condition], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode):
        if time.monotonic() > deadline:
            raise WorkloadError(f"waited {limit} s for {what}")
        time.sleep(0.1)


class loop_device:
    """A disk: a sparse file on a tmpfs behind a loop device. "with loop_device(64) as device"."""

    def __init__(self, megabytes, fs=None, options=""):
        self.megabytes, self.fs, self.options = megabytes, fs, options

    def __enter__(self):
        sh("modprobe loop" + (f"; modprobe {self.fs}" if self.fs else ""))
        self.file = sh(f"f=$(mktemp /run/disk.XXXXXX); truncate -s {self.megabytes}M $f; echo $f").strip()
        self.device = sh(f"losetup -f --show {self.file}").strip()
        self.mount = None
        if self.fs:
            sh(f"mkfs.{self.fs} -q {self.device}")
            self.mount = self.file + ".mnt"
            sh(f"mkdir {self.mount}; mount -t {self.fs} {self.options} {self.device} {self.mount}")
        return self

    def __exit__(self, *error):
        if self.mount:
            sh(f"umount {self.mount}", check=False)
        sh(f"losetup -d {self.device}; rm -f {self.file}", check=False)


def copy_of(program, place, name):
    """A program under a name that nothing else in the guest has, so that its events are known by "comm"."""
    path = f"{place.directory}/{name}"
    sh(f"cp -L $(type -P {program}) {path}")
    return path
