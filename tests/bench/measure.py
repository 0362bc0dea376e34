"""What the benches share: programs' run time as the kernel counts it, memory of a family of processes, spreads."""
import ctypes
import os
import re
import statistics
import struct
import threading
import time

libc = ctypes.CDLL(None, use_errno=True)
BPF_PROG_GET_NEXT_ID, BPF_MAP_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID, BPF_MAP_GET_FD_BY_ID = 11, 12, 13, 14


def bpf(command, attr):
    buffer = ctypes.create_string_buffer(attr + bytes(128 - len(attr)))
    return libc.syscall(321, command, buffer, 128), buffer.raw


def all_ids(command):
    ids, last = [], 0
    while True:
        result, raw = bpf(command, struct.pack("II", last, 0))
        if result != 0:
            return ids
        last = struct.unpack("II", raw[:8])[1]
        ids.append(last)


def programs():
    return all_ids(BPF_PROG_GET_NEXT_ID)


def maps():
    return all_ids(BPF_MAP_GET_NEXT_ID)


def fdinfos(command, ids):
    """What the kernel says of each: needs no struct bpf_prog_info or bpf_map_info."""
    for number in ids:
        fd, _ = bpf(command, struct.pack("I", number))
        if fd < 0:
            continue
        with open(f"/proc/self/fdinfo/{fd}") as file:
            text = file.read()
        os.close(fd)
        yield {name: int(value) for name, value in re.findall(r"^(\w+):\s*(\d+)$", text, re.M)}


def run_time(ids):
    """(ns, runs) of programs."""
    infos = list(fdinfos(BPF_PROG_GET_FD_BY_ID, ids))
    return sum(i["run_time_ns"] for i in infos), sum(i["run_cnt"] for i in infos)


def map_memory_kb(ids):
    """Kernel memory of maps, as the kernel reckons it (memlock)."""
    return sum(i["memlock"] for i in fdinfos(BPF_MAP_GET_FD_BY_ID, ids)) / 1024


def end(tool):
    """Waits for a process; its peak of memory in KB, or that of the largest of its children, however short it lived."""
    _, status, usage = os.wait4(tool.pid, 0)
    tool.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss


def count_run_time(on=True):
    with open("/proc/sys/kernel/bpf_stats_enabled", "w") as file:
        file.write("1" if on else "0")


def family(pid):
    """The process and all below it."""
    pids, todo = [], [pid]
    while todo:
        pid = todo.pop()
        pids.append(pid)
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as file:
                    todo += [int(p) for p in file.read().split()]
        except OSError:
            pass
    return pids


def status_kb(pid, key):
    try:
        with open(f"/proc/{pid}/status") as file:
            found = re.search(key + r":\s*(\d+)", file.read())
        return int(found.group(1)) if found else 0
    except OSError:
        return 0


def rss_kb(pid):
    return status_kb(pid, "VmRSS")


class Sampler(threading.Thread):
    """The greatest sum of the peaks of a family; VmHWM and not VmRSS: what a process had between two samples still
    counts. without: processes that are no part of the tool (what it traces)."""

    def __init__(self, pid, without=""):
        super().__init__(daemon=True)
        self.pid, self.without, self.peak, self.done = pid, without, 0, False
        self.start()

    def run(self):
        while not self.done:
            self.peak = max(self.peak, sum(status_kb(pid, "VmHWM") for pid in family(self.pid) if self.is_ours(pid)))
            time.sleep(0.02)

    def is_ours(self, pid):
        if not self.without:
            return True
        try:
            with open(f"/proc/{pid}/comm") as file:
                return self.without not in file.read()
        except OSError:
            return False


def spread(values, digits):
    middle = statistics.median(values)
    return f"{middle:.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def ratio(values, base):
    each = [a / b for a, b in zip(values, base) if b]
    return f"{statistics.median(each):.2f} ({min(each):.2f}-{max(each):.2f})" if each else "-"


def table(title, columns, rows):
    """rows: (name, cells)"""
    lines = ["| " + " | ".join([title, *columns]) + " |", "|---" * (len(columns) + 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join([name, *cells]) + " |" for name, cells in rows]) + "\n"
