"""Starts the two tracers, knows when each is attached, ends them, keeps what they printed."""
import os
import signal
import subprocess
import tempfile
import time

READY = "__BPFTRACE_NOTIFY_PROBES_ATTACHED"  # bpftrace prints it on stderr, btrun on stdout


class Tracer:
    """One process. Its output goes to files, so that no pipe can hold it up."""

    def __init__(self, name, command, env):
        self.name = name
        self.command = command
        self.dir = tempfile.mkdtemp(prefix="peer.")
        self.out_path, self.err_path = self.dir + "/out", self.dir + "/err"
        self.began = time.monotonic()
        self.ready_after = None
        self.rss = None
        self.ended_by_us = False
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                            env=dict(os.environ, **env), start_new_session=True)

    def read(self, path):
        with open(path, errors="backslashreplace") as file:
            return file.read()

    @property
    def out(self):
        return self.read(self.out_path)

    @property
    def err(self):
        return self.read(self.err_path)

    @property
    def ended(self):
        return self.process.poll() is not None

    def attached(self):
        return READY in self.out or READY in self.err

    def poll_ready(self):
        if self.ready_after is None and self.attached():
            self.ready_after = time.monotonic() - self.began
        return self.ready_after is not None or self.ended

    def measure(self):
        try:
            with open(f"/proc/{self.process.pid}/status") as file:
                for line in file:
                    if line.startswith("VmRSS:"):
                        self.rss = int(line.split()[1])
        except OSError:
            pass

    def interrupt(self):
        if not self.ended:
            self.ended_by_us = True
            try:
                self.process.send_signal(signal.SIGINT)
            except ProcessLookupError:
                pass

    def wait(self, limit):
        """False when it had to be killed. A signal can come just before its handler is there: repeat it."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            try:
                self.process.wait(max(0.01, min(limit / 4, deadline - time.monotonic())))
                return True
            except subprocess.TimeoutExpired:
                if self.ended_by_us:
                    self.process.send_signal(signal.SIGINT)
        self.kill()
        return False

    def kill(self):
        if not self.ended:
            self.process.kill()
        self.process.wait()

    def remove(self):
        self.kill()
        for name in os.listdir(self.dir):
            os.unlink(f"{self.dir}/{name}")
        os.rmdir(self.dir)

    def first_error(self):
        lines = [l for l in self.err.splitlines() if l.strip() and l != READY and "couldn't set RLIMIT_MEMLOCK" not in l]
        errors = [l for l in lines if "error" in l.lower()] or lines
        return f"status {self.process.returncode}: " + (errors[0] if errors else "no message")


def wait_until(condition, limit, step=0.02):
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(step)
    return True
