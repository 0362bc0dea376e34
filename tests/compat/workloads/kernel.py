"""The scheduler, samples, sockets between processes."""
import time

from tools import background, copy_of, sh, tool


@tool(keep=r"^@|^\[|^Sampling", normalise="buckets")
def cpuwalk(place):
    with background("sh -c 'while :; do :; done'"):
        yield
        time.sleep(2)
        yield


# 0.17 can't parse the header on this system.
@tool(keep=r"^@|^\[|^Tracing", normalise="buckets", peer_script=[("#include <linux/sched.h>", "#define TASK_RUNNING 0")])
def runqlat(place):
    with background("sh -c 'while :; do :; done'"):
        yield
        sh("for i in $(seq 50); do /bin/true; done")
        time.sleep(1)
        yield


@tool(keep=r"^@|^\[|^Sampling", normalise="buckets")
def runqlen(place):
    with background("sh -c 'for i in 1 2 3 4; do (while :; do :; done) & done; wait'"):
        yield
        time.sleep(2)
        yield


@tool(keep=r"peer_unix|^TIME|^Dump", normalise="clock")
def undump(place):
    program = copy_of("python3", place, "peer_unix")
    yield
    sh(f"""{program} -c 'import socket
a, b = socket.socketpair()
for text in (b"hello", b"two\\n\\x01\\xff", b"x" * 100):
    a.send(text); b.recv(200)'""")
    yield r"x{60}"
