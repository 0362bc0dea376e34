"""Block devices, file systems, swap: loop devices on memory, nothing of the machine's own."""
import contextlib
import time

from tools import copy_of, loop_device, sh, tool


# Of blk_account_io_start() and its successors neither kernel has one that can be probed: bpftrace then traces nothing and
# says so only before the first line, btrun ends with an error.
NO_ACCOUNTING = {"6.1": "btrun", "6.12": "btrun"}


def direct_writes(place, device, blocks=(4, 64)):
    program = f"{place.directory}/peer_dd"
    for kilobytes in blocks:
        sh(f"{program} if=/dev/zero of={device} bs={kilobytes}k count=8 oflag=direct")


@tool(keep=r"^@|^\[|^Tracing", normalise="buckets", absent=NO_ACCOUNTING)
def biolatency(place):
    copy_of("dd", place, "peer_dd")
    with loop_device(64) as disk:
        yield
        direct_writes(place, disk.device)
        yield


@tool(keep=r"peer_dd|^TIME", normalise="times-of-events last-number", absent=NO_ACCOUNTING)
def biosnoop(place):
    copy_of("dd", place, "peer_dd")
    with loop_device(64) as disk:
        yield
        direct_writes(place, disk.device)
        yield r"(?:.*peer_dd.*\n+){16}"


@tool(keep=r"^@|^\]|^ +\S|^\[|^Tracing", normalise="buckets", absent=NO_ACCOUNTING)
def biostacks(place):
    copy_of("dd", place, "peer_dd")
    with loop_device(64) as disk:
        yield
        direct_writes(place, disk.device, (4,))
        yield


@tool(normalise="")
def bitesize(place):
    copy_of("dd", place, "peer_dd")
    with loop_device(64) as disk:
        yield
        direct_writes(place, disk.device, (4, 64, 256))
        yield


@tool(keep=r"peer_ls|^TIME|^Tracing", normalise="times-of-events")
def dcsnoop(place):
    program = copy_of("ls", place, "peer_ls")
    yield
    sh(f"{program} /etc/hosts /usr/share/no_such_file_1 /usr/share/no_such_file_2", check=False)
    yield r"M no_such_file_2"


@contextlib.contextmanager
def raid(disks):
    sh("modprobe md-mod; modprobe raid1", check=False)
    sh("mdadm --create /dev/md77 --run --level=1 --raid-devices=2 --metadata=0.90 --assume-clean " +
       " ".join(d.device for d in disks))
    try:
        yield "/dev/md77"
    finally:
        sh("mdadm --stop /dev/md77", check=False)


@tool(keep=r"peer_dd|^TIME|^Tracing", normalise="clock")
def mdflush(place):
    program = copy_of("dd", place, "peer_dd")
    with loop_device(64) as one, loop_device(64) as two, raid((one, two)) as device:
        yield
        sh(f"{program} if=/dev/zero of={device} bs=4k count=3 conv=fsync")
        yield r"peer_dd"


@tool(keep=r"peer_cat|^PID|^Tracing", normalise="")
def opensnoop(place):
    program = copy_of("cat", place, "peer_cat")
    yield
    sh(f"{program} /etc/hostname /etc/no_such_file /etc/passwd /usr/../etc/hosts >/dev/null", check=False)
    yield r"/usr/\.\./etc/hosts"


@tool(keep=r"peer_stat|^PID|^Tracing", normalise="")
def statsnoop(place):
    program = copy_of("stat", place, "peer_stat")
    yield
    sh(f"{program} /etc/hostname /etc/no_such_file /proc; {program} -f /tmp", check=False)
    yield r"peer_stat.* /tmp"


@tool(keep=r"peer_|^TIME|^Tracing", normalise="clock")
def syncsnoop(place):
    sync, python = copy_of("sync", place, "peer_sync"), copy_of("python3", place, "peer_python")
    yield
    sh(f"{sync}; {sync} -f {place.directory}; {sync} -d {place.directory}/peer_sync")
    sh(f"""{python} -c 'import mmap, os
f = os.open("{place.directory}/x", os.O_RDWR | os.O_CREAT)
os.ftruncate(f, 8192); os.fsync(f)
m = mmap.mmap(f, 8192); m[0] = 1; m.flush()'""")
    yield r"peer_python.*msync"


@tool(keep=r"peer_swap", normalise="counts unique", absent={"6.12": "both"})
def swapin(place):
    """20 MB of memory for a process that goes through 60 MB twice. 6.12 has swap_read_folio() instead of swap_readpage()."""
    program, group = copy_of("python3", place, "peer_swap"), "/sys/fs/cgroup/peer_swap"
    with loop_device(200) as disk:
        sh(f"mkswap {disk.device}; swapon {disk.device}; echo +memory >/sys/fs/cgroup/cgroup.subtree_control; mkdir -p {group};"
           f"echo 20M >{group}/memory.max")
        try:
            yield
            sh(f"echo $$ >{group}/cgroup.procs; exec {program} -c 'a = bytearray(60 << 20); b = sum(a[::4096]); c = sum(a[::4096])'",
               timeout=120)
            time.sleep(2)
            yield r"peer_swap"
        finally:
            sh(f"swapoff {disk.device}; rmdir {group}", check=False)


@tool(keep=r"@\[vfs_(mkdir|rmdir|symlink|link|unlink|rename)\]|^Tracing", normalise="sort")
def vfscount(place):
    yield
    sh(f"""cd {place.directory}; for i in $(seq 40); do mkdir d$i; ln -s x s$i; done; for i in $(seq 30); do rmdir d$i; done
for i in $(seq 5); do mv s$i t$i; done; for i in $(seq 3); do ln t$i u$i; done""")
    yield


# 0.17 can't attach its own two patterns on 6.12.
@tool(keep=r"@\[vfs_(create|fsync)\]|^Tracing", normalise="counts sort unique",
      peer_script=[("kprobe:vfs_read*,\nkprobe:vfs_write*,", "kprobe:vfs_read,\nkprobe:vfs_write,")])
def vfsstat(place):
    yield
    sh(f"""python3 -c 'import os, time
for i in range(60):
    os.mknod("{place.directory}/f%d" % i)
    f = os.open("{place.directory}/f%d" % i, os.O_RDWR); os.write(f, b"x"); os.fsync(f)
    time.sleep(0.05)'""")
    time.sleep(1.5)
    yield r"vfs_create", r"vfs_fsync"


@tool(keep=r"7:\d+ .* sync|^TIME|^Tracing", normalise="clock writeback-ms")
def writeback(place):
    with loop_device(64, "ext4") as disk:
        yield
        sh(f"dd if=/dev/zero of={disk.mount}/file bs=64k count=16; sync -f {disk.mount}; sync")
        yield r"7:\d+ .* sync"


@tool(keep=r"^@|^\[|^Tracing", normalise="buckets sort")
def xfsdist(place):
    with loop_device(320, "xfs") as disk:
        yield
        sh(f"cd {disk.mount}; for i in 1 2 3 4 5; do echo text >f$i; cat f$i >/dev/null; sync f$i; done")
        yield
