"""Processes, signals, users, threads, sleeps, libraries: what needs no device and no network."""
import os
import pty
import select
import subprocess
import time

from tools import background, copy_of, sh, tool, wait


@tool(keep=r"peer_|^TIME", normalise="times-of-events")
def execsnoop(place):
    program = copy_of("echo", place, "peer_echo")
    yield
    sh(f"{program} one two; {program} 'three four' five; {program}")
    yield r"peer_echo one two", r"three four five"


@tool(keep=r"peer_sh|^TIME|^Tracing", normalise="clock")
def killsnoop(place):
    shell = copy_of("dash", place, "peer_sh")
    yield
    sh(f"{shell} -c 'sleep 5 & kill -0 $!; kill -USR1 $!; kill -9 999999; kill -15 $$'", check=False)
    yield r"peer_sh +15"


@tool(keep=r"peer_id|^TIME|^Tracing", normalise="clock")
def setuids(place):
    program = copy_of("setpriv", place, "peer_id")
    yield
    sh(f"{program} --reuid 1234 true; {program} --ruid 77 --euid 88 true; {program} --reuid 0 true")
    sh("""/usr/bin/python3 -c '
import ctypes, os
ctypes.CDLL(None).prctl(15, b"peer_id", 0, 0, 0)
ctypes.CDLL(None).setfsuid(55)
os.setuid(4321)
try:
    os.setuid(0)
except OSError:
    pass'""")
    yield r"setuid +uid=0 \(-1\)"


@tool(keep=r"peer_|^TIME|^Tracing", normalise="clock")
def naptime(place):
    shell, program = copy_of("dash", place, "peer_sh"), copy_of("python3", place, "peer_nap")
    yield
    # coreutils and python call clock_nanosleep(2): the tool wants nanosleep(2)
    code = """import ctypes
class T(ctypes.Structure): _fields_ = [("s", ctypes.c_long), ("n", ctypes.c_long)]
libc = ctypes.CDLL(None)
for s, n in ((0, 30500000), (0, 250000000), (1, 5000000)):
    libc.syscall(35, ctypes.byref(T(s, n)), None)"""
    sh(f"{shell} -c \"{program} -c '{code}'; true\"".replace('("s"', '(\\"s\\"').replace('("n"', '(\\"n\\"'))
    yield r"peer_nap +1\.005"


@tool(keep=r"peer_cap|^TIME|^Tracing", normalise="clock")
def capable(place):
    program = copy_of("chown", place, "peer_cap")
    sh(f"touch {place.directory}/file")
    yield
    sh(f"{program} 1234 {place.directory}/file; {program} 0 {place.directory}/file")
    yield r"CAP_CHOWN"


@tool(keep=r"^[0-9:]{8} PIDs|^@|^Tracing", normalise="clock forks")
def pidpersec(place):
    yield
    for _ in range(4):  # each second must see some
        sh("for i in 1 2 3 4 5; do /bin/true; done; sleep 0.9")
    yield r"(?:PIDs/sec: @: \d+\s+.*){3}", r"\A(?:.*\n)*?(?:.*PIDs/sec.*\n+){3}"


@tool(keep=r"peer_thread|^TIME", normalise="times-of-events")
def threadsnoop(place):
    """glibc 2.34 moved pthread_create to libc: for a library that has it, as the script expects."""
    library = "/lib/x86_64-linux-gnu/libpthread.so.0"
    build = os.path.dirname(place.setting.target)
    sh(f"cp {build}/peer_thread {place.directory}; mount --bind {build}/peer_libpthread.so.0 {library}")
    try:
        yield
        sh(f"{place.directory}/peer_thread 3")
        yield (r"peer_thread +worker",)
    finally:
        sh(f"umount {library}", check=False)


@tool(keep=r"peer_host|^TIME|^Tracing", normalise="clock latency-ms")
def gethostlatency(place):
    program = copy_of("getent", place, "peer_host")
    yield
    sh(f"{program} ahosts localhost; {program} ahosts 127.0.0.1; {program} hosts localhost; {program} ahosts no.such.invalid",
       check=False)
    yield (r"no\.such\.invalid",)


@tool(keep=r"echo |exit|^TIME|^Tracing", normalise="clock")
def bashreadline(place):
    """An interactive bash on a terminal."""
    pid, master = pty.fork()
    if pid == 0:
        os.execv("/bin/bash", ["bash", "--norc", "-i"])

    def drain(seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([master], [], [], 0.1)[0]:
                try:
                    os.read(master, 4096)
                except OSError:
                    return
    try:
        drain(2)
        yield
        for line in ("echo hello world", "echo 'two  blanks' | cat", "exit"):
            os.write(master, line.encode() + b"\n")
            drain(1.5)
        yield (r"exit",)
    finally:
        os.close(master)
        os.waitpid(pid, 0)


@tool(keep=r"peer_oom|^Tracing", normalise="clock oom")
def oomkill(place):
    """A memory cgroup with 20 MB and a process that wants more."""
    group = "/sys/fs/cgroup/peer_oom"
    sh(f"echo +memory >/sys/fs/cgroup/cgroup.subtree_control; mkdir -p {group}; echo 20M >{group}/memory.max;"
       f"echo 0 >{group}/memory.swap.max", check=False)
    program = copy_of("python3", place, "peer_oom")
    yield
    sh(f"echo $$ >{group}/cgroup.procs; exec {program} -c 'a = bytearray(100 << 20)'", check=False)
    yield (r"OOM kill of PID",)
    sh(f"rmdir {group}", check=False)


@tool(keep=r"^[0-9:]{8} load|^Reading", normalise="clock loads first-three")
def loads(place):
    yield
    time.sleep(3.5)
    yield


@tool(keep=r"peer_count|Top 10|^Counting|^@syscall\[(39|110)\]", normalise="syscall-counts sort")
def syscount(place):
    program = copy_of("python3", place, "peer_count")
    yield
    # getpid (39) and getppid (110), often enough to be among the ten
    sh(f"{program} -c 'import ctypes\nf = ctypes.CDLL(None).syscall\nfor i in range(20000): f(39), f(110)'", timeout=120)
    yield
