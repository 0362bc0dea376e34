"""Probes, stacks, symbols and texts that take a kernel."""
import os
import re
import subprocess
import sys
import time

import guest
from guest import Tracer, btrun, check, expect, expect_equal, one_liner, run


def writes(count=2):
    run("dd", "if=/dev/zero", "of=/dev/null", "bs=77", f"count={count}").expect_ok()


def frames(way):
    script = 'kprobe:ksys_write /comm == "dd"/ { printf("%s\\n", kstack); exit(); }'
    with Tracer(f"--attach={way}", "-e", script) as tracer:
        writes()
        result = tracer.result().expect_ok()
    first = result.out.lstrip("\n").split("\n\n")[0]
    found = [l.strip() for l in first.splitlines() if l.strip()]
    expect(len(found) > 2, f"no stack: {result}")
    return found


@check
def kstack_in_every_way():
    """The frames of a trampoline are no part of what is traced: as with a kprobe the function comes first."""
    stacks = {way: frames(way) for way in ("fentry", "perf")}
    for way, stack in stacks.items():
        expect(stack[0].startswith("ksys_write+"), f"{way}: {stack}")
        expect(any(f.startswith("do_syscall_64+") for f in stack), f"{way}: {stack}")
    expect_equal(stacks["fentry"][1:3], stacks["perf"][1:3], "the callers")


@check
def kstack_of_return():
    stacks = {}
    for way in ("fentry", "tracefs"):
        script = 'kretprobe:ksys_write /comm == "dd"/ { printf("%s\\n", kstack(3)); exit(); }'
        with Tracer(f"--attach={way}", "-e", script) as tracer:
            writes()
            stacks[way] = [l.strip() for l in tracer.result().expect_ok().out.splitlines() if l.strip()]
    expect(stacks["fentry"][0].startswith("do_syscall_64+"), f"fexit's stack begins with {stacks['fentry']}")


@check
def kstack_as_key():
    with Tracer("-e", 'kprobe:ksys_write /comm == "dd" && arg2 == 77/ { @[kstack(2), comm] = count(); }') as tracer:
        writes(5)
        result = tracer.stop().expect_ok()
    expect(re.search(r"@\[\n    ksys_write\+\d+\n    do_syscall_64\+\d+\n, dd\]: 5\n", result.out), str(result))


@check
def ksym_kaddr():
    result = one_liner('BEGIN { printf("%s %d\\n", ksym(kaddr("ksys_write")), kaddr("ksys_write") == kaddr("ksys_read")); exit(); }')
    expect_equal(result.expect_ok().out.strip(), "ksys_write 0")
    one_liner('BEGIN { @ = kaddr("no_such_symbol"); }').expect_error("no_such_symbol")


@check
def kernel_memory_by_address():
    """avenrun, as loads.bt reads it."""
    result = one_liner('BEGIN { @a = *kaddr("jiffies"); printf("%d\\n", @a > 0); clear(@a); exit(); }').expect_ok()
    expect_equal(result.out.strip(), "1")


WATCHED = """
import ctypes, sys, time
word = ctypes.c_uint32(0)
print(hex(ctypes.addressof(word)), flush=True)
for i in range(1, 400):
    word.value = i
    time.sleep(0.05)
"""


@check
def watchpoint_and_unwatch():
    """Three writes are seen, then the watchpoint takes itself off while the process goes on."""
    with subprocess.Popen([sys.executable, "-c", WATCHED], stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().strip()
            script = f"watchpoint:{address}:4:w {{ @n++; if (@n == 3) {{ unwatch({address}); }} }} interval:s:4 {{ exit(); }}"
            result = btrun("-p", str(process.pid), "-e", script)
        finally:
            process.kill()
    result.expect_ok()
    seen = re.search(r"@n: (\d+)", result.out)
    # what hits between the third and the moment that it is off is counted too
    expect(seen and 3 <= int(seen.group(1)) < 40, str(result))


GIVING = """
#include <stdlib.h>
static volatile int words[8];
/* not in its first instruction, which a probe carries out before the process can stop */
__attribute__((noinline)) void give(int before, volatile int *word) { words[7] = before; *word = 1; }
int main(int argc, char **argv) {
    for (int n = 0; n < atoi(argv[1]); n++) {
        give(0, &words[n]);
        for (int i = 0; i < 4; i++)
            words[n]++;
    }
}
"""


def giving(count, script, *options):
    with open("/tmp/giving.c", "w") as file:
        file.write(GIVING)
    run("gcc", "-O1", "-o", "/tmp/giving", "/tmp/giving.c").expect_ok()
    return btrun(*options, "-e", script, "-c", f"/tmp/giving {count}").expect_ok()


@check
def watchpoint_of_argument():
    """The process waits until the address that its function is given is watched: no write is missed."""
    told = giving(1, "watchpoint:give+arg1:4:w { @ = count(); }", "-v").err
    expect(re.search(r"watchpoint:give\+arg1:4:w: uprobe(.multi)?\n", told) and "(null)" not in told, told)
    for _ in range(3):
        result = giving(3, "watchpoint:give+arg1:4:w { @ = count(); }")
        expect_equal(result.out.strip(), "@: 15", str(result))
    result = giving(3, "asyncwatchpoint:give+arg1:4:w { @ = count(); } END { @done = 1; }")
    expect("@done: 1" in result.out, str(result))


@check
def watchpoint_of_too_many_arguments():
    """The processor watches four; the others are named, and the process goes on to its end."""
    result = giving(6, "watchpoint:give+arg1:4:w { @ = count(); }")
    expect_equal(result.out.strip(), "@: 20", str(result))
    expect("is not watched: the processor's watchpoints are all taken" in result.err, str(result))
    expect("2 times an address was not watched: see the warning above" in result.err, str(result))


@check
def watchpoint_of_argument_in_a_running_process():
    with subprocess.Popen([sys.executable, "-c", WATCHED], stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        result = btrun("-p", str(process.pid), "-e", "watchpoint:no_such_function+arg0:4:w { }")
        status = open(f"/proc/{process.pid}/stat").read().split()[2]
        process.kill()
    result.expect_error("has no function no_such_function", ":1:1:")
    expect(status != "T", status)
    one_liner("watchpoint:main+arg1:8:w { }").expect_error("-p or -c has to say in which process")


@check
def join_keeps_empty_strings():
    """Before 6.13 the kernel counts no byte for an empty string of user memory."""
    result = one_liner("tracepoint:syscalls:sys_enter_execve { join(args->argv, \":\"); }", "-c", "/bin/echo one '' two")
    expect("/bin/echo:one::two" in result.expect_ok().out, str(result))


@check
def join_tells_what_it_leaves_out():
    script = "tracepoint:syscalls:sys_enter_execve /pid == cpid/ { join(args->argv); }"
    for arguments, left_out in ((["a"] * 15, 0), (["a"] * 16, 1), (["b" * 1023], 0), (["b" * 1024, "c"], 1)):
        result = one_liner(script, "-c", " ".join(["/bin/true", *arguments])).expect_ok()
        shown = " ".join(["/bin/true", *(word[:1023] for word in arguments[:15])])
        expect_equal(result.out.strip(), shown, str(result))
        told = re.search(r"(\d+) times join\(\) left something out", result.err)
        expect_equal(int(told.group(1)) if told else 0, left_out, str(result))


LISTED = 'ctx->task->comm, ctx->task->pid'


@check
def iterator_ends_with_the_last_object():
    result = one_liner(f'iter:task {{ printf("%s:%d\\n", {LISTED}); }}').expect_ok()
    names = [line for line in result.out.splitlines() if line]
    expect("kthreadd:2" in names and ":0" not in names and not result.err.count("failed"), str(result))
    files = one_liner('iter:task_file { printf("%s %s\\n", ctx->task->comm, path(ctx->file->f_path)); }').expect_ok()
    expect(re.search(r"^btrun \S+", files.out, re.M), str(files))


@check
def long_path_keeps_its_end():
    """Every length: the last characters of the whole name, and each cut is counted."""
    whole = one_liner('iter:task_file /pid == ctx->task->tgid/ { printf("%d %s\\n", ctx->fd, path(ctx->file->f_path)); }').expect_ok()
    names = dict(line.split(" ", 1) for line in whole.out.splitlines() if " /" in line)
    name = max(names.values(), key=len)
    fd = next(fd for fd, one in names.items() if one == name)
    for length in (2, 3, 5, 8, 13, len(name), len(name) + 1, len(name) + 9):
        result = one_liner(f'iter:task_file /pid == ctx->task->tgid && ctx->fd == {fd}/ '
                           f'{{ printf("[%s]\\n", path(ctx->file->f_path, {length})); }}')
        expect(f"[{name[-(length - 1):]}]" in result.out, f"{name}, {length}: {result}")
        expect(("strings were cut" in result.err) == (length <= len(name)), f"{name}, {length}: {result}")


@check
def text_of_the_process_in_typed_arguments():
    """bpftrace/bpftrace#3802: a function's char * may be the process's, whatever the way of attaching."""
    for script in ("kprobe:do_sys_openat2 /pid == cpid/ { @[str(arg1)] = count(); }",
                   "fentry:do_sys_openat2 /pid == cpid/ { @[str(args.filename)] = count(); }",
                   "fexit:do_sys_openat2 /pid == cpid/ { $n = args.filename; @[str($n), $n[0]] = count(); }",
                   "fentry:do_filp_open /pid == cpid/ { @[str(args.pathname->name)] = count(); }"):
        result = one_liner(script, "-c", "cat /etc/hostname")
        # A page that was not touched yet can't be read, so some names may be missing.
        expect("@[/etc/hostname" in result.out, str(result))


@check
def slow_detaching_is_told():
    """Each program on a function is taken off alone, which takes the kernel a while."""
    result = one_liner("fentry:vfs_[b-r]* { @ = count(); } interval:ms:100 { clear(@); exit(); }", timeout=120)
    expect(re.search(r"the kernel takes its time to detach \d+ probes", result.err), str(result))


@check
def executed_memory_of_every_length():
    """bpftrace/bpftrace#4131: the processor's breakpoint on code has one length; any may be written."""
    source = """#include <sys/mman.h>
int main(void) { char *p = mmap((void *)0x10000000, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
p[0] = 0x90; p[1] = 0xc3; ((void (*)(void))p)(); return 0; }"""
    run("gcc", "-x", "c", "-O1", "-o", "/tmp/made", "-", stdin=source).expect_ok()
    for length in (1, 8):
        result = one_liner(f'watchpoint:0x10000000:{length}:x {{ printf("hit\\n"); }}', "-c", "/tmp/made").expect_ok()
        expect_equal(result.out.split(), ["hit"], str(result))


@check
def iterator_is_pinned():
    """The pin works without btrun, can be read again, and nothing stays when it is removed."""
    conversions = 'printf("%s:%d|%-6u|0x%llx|%c|%p|%5x|%hhd|%%\\n", ctx->task->comm, ctx->task->pid, 7, -1, 65, 255, 171, 300)'
    result = one_liner(f"iter:task:listed {{ {conversions}; }}").expect_ok()
    expect("Program pinned to /sys/fs/bpf/listed" in result.out, str(result))
    for _ in range(2):
        lines = open("/sys/fs/bpf/listed").read().splitlines()
        expect("kthreadd:2|7     |0xffffffffffffffff|A|0xff|   ab|44|%" in lines, str(lines[:3]))
    one_liner('iter:task:listed { printf("x\\n"); }').expect_error("File exists", "rm /sys/fs/bpf/listed")
    os.unlink("/sys/fs/bpf/listed")
    time.sleep(1)
    expect("iter" not in run("bpftool", "link").out, "the link stays")
    one_liner('iter:task:/tmp/no { printf("x\\n"); }').expect_error("mount -t bpf")
    one_liner('iter:task:no { time(); }').expect_error("not available in a pinned iterator")
    one_liner('iter:task:no { printf("%o", pid); }').expect_error("nothing that a pinned iterator can print")
    expect(not os.path.exists("/sys/fs/bpf/no"), "a pin is left")

MANY = """
#define _SDT_HAS_SEMAPHORES 1
#include <pthread.h>
#include <sys/sdt.h>
__extension__ unsigned short many_done_semaphore __attribute__((section(".probes")));
%s
static void *work(void *unused) { %s if (many_done_semaphore) DTRACE_PROBE1(many, done, 7); return unused; }
int main(void) { pthread_t thread; pthread_create(&thread, 0, work, 0); pthread_join(thread, 0); }
"""


@check
def uprobes_at_once():
    """All places of a program are one link where the kernel has that: each hit has its place, in every thread, and a
    semaphore of a static probe is set."""
    with open("/tmp/many.c", "w") as file:
        file.write(MANY % ("\n".join(f'__attribute__((noinline)) void work_{i}(void) {{ __asm__ volatile(""); }}' for i in range(40)),
                           " ".join(f"work_{i}();" * (i % 3) for i in range(40))))
    run("gcc", "-O1", "-o", "/tmp/many", "/tmp/many.c", "-lpthread").expect_ok()
    script = ("uprobe:/tmp/many:work_* { @in[func] = count(); } uretprobe:/tmp/many:work_3* { @out[probe] = count(); } "
              "usdt:/tmp/many:many:done { @done = arg0; }")
    result = btrun("-v", "-e", script, "-c", "/tmp/many").expect_ok()
    entered = dict(re.findall(r"@in\[(\w+)\]: (\d+)", result.out))
    expect_equal(entered, {f"work_{i}": str(i % 3) for i in range(40) if i % 3})
    left = dict(re.findall(r"@out\[uretprobe:/tmp/many:(\w+)\]: (\d+)", result.out))
    expect_equal(left, {f"work_{i}": str(i % 3) for i in (3, *range(30, 40)) if i % 3})
    expect("@done: 7" in result.out, str(result))
    for probe in ("uprobe:/tmp/many:work_*", "uretprobe:/tmp/many:work_3*", "usdt:/tmp/many:many:done"):
        expect((f"{probe}: uprobe.multi" in result.err) == guest.NEW, str(result))
    btrun("-e", "uprobe:/tmp/many:work_1 { } uprobe:/tmp/many:word_1 { }").expect_error("no function word_1", "work_1")


@check
def uprobe_at_an_instruction():
    """An offset is where an instruction begins, or the probe is refused: it would change what the program does."""
    giving(1, "BEGIN { exit(); }")
    code = run("objdump", "-d", "--disassemble=give", "--no-show-raw-insn", "/tmp/giving").out
    addresses = [int(a, 16) for a in re.findall(r"^ +([0-9a-f]+):", code, re.M)]
    begins = {a - addresses[0] for a in addresses}
    expect(len(begins) > 1 and max(begins) > len(begins), f"no code: {code}")
    for offset in range(max(begins)):
        result = btrun("--dry-run", "-e", f"uprobe:/tmp/giving:give+{offset} {{ }}")
        if offset in begins:
            result.expect_ok()
        else:
            result.expect_error("no instruction begins there", ":1:1:", "--unsafe")
    btrun("--dry-run", "-e", f"uprobe:/tmp/giving:{addresses[1]:#x} {{ }}").expect_ok()
    btrun("--dry-run", "-e", f"uprobe:/tmp/giving:{addresses[1] + 1:#x} {{ }}").expect_error("no instruction begins there")
    seen = giving(5, f"uprobe:/tmp/giving:give+{addresses[1] - addresses[0]} {{ @ = count(); }}")
    expect_equal(seen.out.strip(), "@: 5")


@check
def override_needs_the_kernel():
    """Where the kernel is built without CONFIG_BPF_KPROBE_OVERRIDE, it is said at the probe, and nothing is attached."""
    result = one_liner("kprobe:do_unlinkat { override(-1); }", "--unsafe", "--dry-run")
    config = f"/boot/config-{os.uname().release}"
    if result.status == 0:
        return
    result.expect_error("override", ":1:")
    expect("CONFIG_BPF_KPROBE_OVERRIDE=y" not in (open(config).read() if os.path.exists(config) else ""), str(result))
    one_liner("kprobe:do_unlinkat { override(-1); }").expect_error("--unsafe")


@check
def functions_of_modules():
    """With the module's name and without, typed by the module's BTF."""
    run("modprobe", "loop")
    for script in ("kprobe:loop:lo_open { @ = count(); }", "kfunc:lo_open { @ = args->mode; }", "kretfunc:loop:lo_open { @ = retval; }"):
        result = one_liner(script, "-v", "--dry-run")
        if "lo_open" in open("/sys/kernel/tracing/available_filter_functions").read():
            result.expect_ok()
            expect("fentry" in result.err, f"not by a trampoline: {result}")


@check
def named_modules_hold_the_function():
    """The suite tests/host/held with a module beside the kernel proper; and what it lets pass is hit."""
    run("modprobe", "loop").expect_ok()
    with open("/proc/kallsyms", encoding="ascii") as file:
        names = {fields[2] for fields in map(str.split, file) if fields[3:] == ["[loop]"] and fields[1] in "tT"}
    function = min(names & {"lo_open", "lo_ioctl", "lo_compat_ioctl", "loop_add"})
    done = run("/usr/bin/python3", guest.ROOT + "/tests/host/held", guest.BUILD, "loop", function, timeout=400)
    expect(done.status == 0 and " 0 failed" in done.out, str(done))


@check
def iter_task():
    result = one_liner('iter:task { printf("%s %d\\n", ctx->task->comm, ctx->task->pid); }').expect_ok()
    lines = result.out.splitlines()
    expect(any(re.fullmatch(r"kthreadd 2", l) for l in lines), str(result))
    expect(len(lines) >= len([p for p in os.listdir("/proc") if p.isdigit()]) - 5, str(result))


@check
def rawtracepoint_arguments():
    with Tracer("-e", 'rawtracepoint:sys_enter /comm == "dd" && arg1 == 1/ { @ = count(); exit(); }') as tracer:
        writes()
        result = tracer.result().expect_ok()
    expect("@: " in result.out, str(result))


@check
def software_event():
    with Tracer("-e", "software:page-faults:1 { @[comm] = count(); }") as tracer:
        writes()
        time.sleep(1)
        result = tracer.stop().expect_ok()
    expect("@[dd]: " in result.out, str(result))


@check
def text_of_64_kilobytes():
    """A string as long as BPFTRACE_STRLEN can be, through a variable, a map, a comparison and printf."""
    text = "x" * 60000
    script = ('tracepoint:syscalls:sys_enter_execve { $s = str(*(args->argv + 1)); if (strncmp($s, "xxxxx", 5) == 0) '
              '{ @m = $s; printf("%s\\n", @m); if ($s == @m) { exit(); } } } END { clear(@m); }')
    with Tracer("-e", script, env={"BPFTRACE_STRLEN": "65535"}) as tracer:
        subprocess.run(["/bin/true", text])
        result = tracer.result().expect_ok()
    expect_equal(len(result.out.splitlines()[0]), 60000, "the printed length")


@check
def map_full_is_told():
    with Tracer("-e", "BEGIN { $i = 0; while ($i < 20) { @[$i] = $i; $i++; } exit(); }", env={"BPFTRACE_MAP_KEYS_MAX": "8"}) as tracer:
        result = tracer.result()
    expect("12 updates of @ failed" in result.err and "BPFTRACE_MAP_KEYS_MAX" in result.err, str(result))


@check
def builtins_of_the_machine():
    group = "/sys/fs/cgroup"
    result = one_liner(f'BEGIN {{ printf("%d %d %s %d\\n", numaid, cpid, cgroup_path(cgroupid("{group}")), '
                       'ctx == 0); @p = kptr(kaddr("jiffies")); clear(@p); exit(); }').expect_ok()
    expect(re.match(r"0 0 (unified:)?/ ", result.out), str(result))


@check
def cgroup_path_in_each_hierarchy():
    """A hierarchy of version 1 beside the unified one; the filter says which is asked."""
    run("mkdir", "-p", "/run/v1", "/sys/fs/cgroup/kept/deep")
    run("mount", "-t", "cgroup", "-o", "none,name=testing", "none", "/run/v1").expect_ok()
    try:
        os.makedirs("/run/v1/old")
        old, new = os.stat("/run/v1/old").st_ino, os.stat("/sys/fs/cgroup/kept/deep").st_ino
        script = (f'BEGIN {{ printf("%s %s %s\\n", cgroup_path({new}, "uni*"), cgroup_path({old}, "v1"), '
                  f'cgroup_path({new}, "none*")); @[cgroup_path({old}, "v?")] = 1; exit(); }}')
        result = one_liner(script).expect_ok()
        expect_equal(result.out.split("\n")[0], f"unified:/kept/deep v1:/old {new}")
        expect("@[v1:/old]: 1" in result.out, str(result))
    finally:
        run("umount", "/run/v1")


@check
def skboutput_writes_packets():
    """A packet on the loopback device, which tcpdump could read: its IP header and its payload are in the file."""
    path = guest.temporary("packets.pcap", "")
    script = f'kfunc:__dev_queue_xmit {{ $r = skboutput("{path}", args->skb, args->skb->len, 14); @[$r] = count(); }}'
    with Tracer("-e", script) as tracer:
        run(sys.executable, "-c", "import socket; s = socket.socket(2, 2); s.sendto(b'hello packets', ('127.0.0.1', 9999))").expect_ok()
        time.sleep(0.5)
        result = tracer.stop().expect_ok()
    with open(path, "rb") as file:
        data = file.read()
    expect("@[0]: " in result.out, str(result))
    expect_equal(data[:4].hex() + data[20:24].hex(), "4d3cb2a165000000", "magic and link type")
    packet = data.find(b"hello packets")
    expect(packet > 0 and data[packet - 28] == 0x45 and data[packet - 28 + 12:packet - 28 + 16] == b"\x7f\0\0\1", data.hex())
    one_liner(f'kprobe:__dev_queue_xmit {{ skboutput("{path}", arg0, 1, 0); }}').expect_error("skboutput")


@check
def pid_in_a_container():
    """In a PID namespace of its own btrun's pid, cpid and -p speak of the same numbers."""
    script = 'tracepoint:syscalls:sys_enter_getppid /pid == cpid/ { printf("%d\\n", pid < 50); exit(); }'
    program = f"{sys.executable} -c 'import os; os.getppid()'"
    result = run("unshare", "-p", "-f", "--mount-proc", guest.BUILD + "/btrun", "-q", "-c", program, "-e", script)
    expect_equal(result.expect_ok().out.strip(), "1")


PARAMETERS = """
uprobe:/tmp/parameters:%s {
	printf("%%d %%d %%d %%d %%d %%d %%d\\n", args.a, args.b, args.c, args.e, args.f, args.g, args.color);
	printf("%%d %%d %%d %%d\\n", args.item->base, args.item->flag, args.item->more, args.item->either.i);
	printf("%%d %%d %%d %%d\\n", args.item->p, args.item->q, args.item->color, args.item->set);
	printf("%%s %%d\\n", str(args.item->name._M_dataplus._M_p), args.item->next->next->base);
}
uprobe:/tmp/parameters:%s { printf("%%d %%d %%d\\n", args.n, args.flag, args.m); }
uprobe:/tmp/parameters:*method* { printf("%%d %%d\\n", args.k, args.this->next->base); }
"""


@check
def uprobe_parameters_of_debugging_information():
    """Parameters by name: in registers, on the stack, behind a hidden result; members of every kind behind them."""
    run("g++", "-g", "-O1", "-o", "/tmp/parameters", guest.HERE + "/parameters.cc").expect_ok()
    functions = re.findall(r"(_ZN2ns4(?:take|give)\S+)", run("nm", "/tmp/parameters").out)
    give, take = sorted(functions)
    with open("/tmp/parameters.bt", "w") as file:
        file.write(PARAMETERS % (take, give))
    told = btrun("-q", "-c", "/tmp/parameters", "/tmp/parameters.bt").expect_ok()
    lines = ["-10 -20 200 30 -40 -50 1", "77 -2 9 5", "6 7 1 1", "a name 77", "11 1 -12", "3 77"]
    expect_equal([l for l in told.out.split("\n") if l in lines], lines, told)
    script = f"uprobe:/tmp/parameters:{take} {{ print(args.%s); }}"
    for name in ("d", "pair", "large"):
        btrun("-e", script % name).expect_error("not in a register or on the stack as one value", ":1:")
    btrun("-e", script % "nothing").expect_error("no argument nothing", "btrun -lv")
    listed = btrun("-lv", f"uprobe:/tmp/parameters:{take}").expect_ok().out
    expect("\n    double d\n    struct Item &item\n" in listed, listed)


@check
def uprobe_without_debugging_information():
    """It is said which program has none, and what can be used instead."""
    source = "int take(int n) { return n; } int main(void) { return take(0); }"
    run("gcc", "-x", "c", "-O1", "-o", "/tmp/bare", "-", stdin=source).expect_ok()
    result = btrun("-e", "uprobe:/tmp/bare:take { print(args.n); }")
    result.expect_error("no debugging information (DWARF)", "/tmp/bare", "arg0", ":1:")
    btrun("-e", "uprobe:/tmp/bare:take+4 { print(args.n); }").expect_error("one function's beginning", ":1:")


def reads_symbols(probe):
    """Hits of s_next() of kernel/kallsyms.c, one of several functions of that name."""
    with Tracer("-e", f'{probe} /comm == "head"/ {{ @ = count(); }}') as tracer:
        run("head", "-c", "3000", "/proc/kallsyms").expect_ok()
        result = tracer.stop().expect_ok()
    found = re.search(r"^@: (\d+)$", result.out, re.M)
    return int(found.group(1)) if found else 0


@check
def functions_of_one_name():
    """All of them are probed, by their name and by a pattern; a trampoline, which would take one, is refused."""
    with open("/proc/kallsyms", encoding="ascii") as file:
        expect(sum(line.split()[2] == "s_next" for line in file) > 1, "there is one s_next")
    for probe in ("kprobe:s_next", "kretprobe:s_next", "kprobe:s_nex*", "kretprobe:s_nex*"):
        expect(reads_symbols(probe) > 10, f"{probe} was not hit")
    one_liner("fentry:s_next { @++; }").expect_error("several functions")
