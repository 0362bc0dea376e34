"""Every kind of loss is counted and told by name, with its exact number where the kernel has one."""
import json
import re
import signal
import sys
import time

import guest
from guest import Tracer, check, expect, expect_equal, run


def told(result, pattern):
    found = re.search(pattern, result.err)
    expect(found, f"no {pattern!r} on stderr: {result}")
    return int(found[1])


@check
def loss_of_reads():
    """Kernel memory that is not there: of every form that a function can be probed in."""
    for way in ("fentry", "perf"):
        with Tracer(f"--attach={way}", "-e", 'kprobe:ksys_write /comm == "dd"/ { @ = *(uint64 *)(arg2 + 8); }') as tracer:
            run("dd", "if=/dev/zero", "of=/dev/null", "bs=64", "count=7").expect_ok()
            result = tracer.stop().expect_ok()
        # dd writes on its standard error too
        expect(told(result, r"btrun: (\d+) reads of memory failed \(-e:1:") >= 7, str(result))


@check
def loss_of_members():
    """A member behind a pointer that is NULL, or points nowhere."""
    script = ('kprobe:ksys_write /comm == "dd" && arg2 == 77/ { $t = (struct task_struct *)%s; printf("%%d\\n", $t->pid); '
              'printf("%%d\\n", $t->real_parent->pid); }')
    for pointer in ("0", "arg2", "0xdead000000000000"):
        with Tracer("-e", script % pointer) as tracer:
            run("dd", "if=/dev/zero", "of=/dev/null", "bs=77", "count=3").expect_ok()
            result = tracer.stop().expect_ok()
        expect_equal(result.out.split(), ["0"] * 6)
        counts = [int(n) for n in re.findall(r"btrun: (\d+) reads of memory failed", result.err)]
        expect(sum(counts) >= 6, f"{pointer}: {result}")


@check
def loss_of_packets():
    """The buffer of skboutput() overflows while nobody reads it: only the kernel counts what it had no room for."""
    script = 'kfunc:__dev_queue_xmit { skboutput("/run/lost.pcap", args->skb, args->skb->len, 14); }'
    send = "import socket; s = socket.socket(2, 2); [s.sendto(b'x' * 500, ('127.0.0.1', 9999)) for _ in range(%d)]"
    with Tracer("-e", script, env={"BPFTRACE_PERF_RB_PAGES": "1"}) as tracer:
        tracer.process.send_signal(signal.SIGSTOP)
        run("taskset", "1", sys.executable, "-c", send % 100).expect_ok()
        tracer.process.send_signal(signal.SIGCONT)
        time.sleep(1)
        run("taskset", "1", sys.executable, "-c", send % 1).expect_ok()  # with the next packet the kernel tells
        time.sleep(0.5)
        result = tracer.stop().expect_ok()
    expect(told(result, r"btrun: lost (\d+) events: the output buffer was full; --buffer-size makes it larger") >= 50, str(result))


@check
def loss_of_map_updates():
    with Tracer("-e", 'kprobe:ksys_write /comm == "dd" && arg2 == 77/ { @x[@n++] = 1; @y[1] = 2; }',
                env={"BPFTRACE_MAP_KEYS_MAX": "5"}) as tracer:
        run("dd", "if=/dev/zero", "of=/dev/null", "bs=77", "count=12").expect_ok()
        result = tracer.stop().expect_ok()
    expect_equal(told(result, r"btrun: (\d+) updates of @x failed"), 7, "failed updates")
    expect("updates of @y" not in result.err, str(result))


@check
def loss_of_text():
    with Tracer("-e", 'tracepoint:syscalls:sys_enter_execve { printf("%s\\n", str(args->filename)); }',
                env={"BPFTRACE_STRLEN": "8"}) as tracer:
        for _ in range(4):
            run("/bin/true").expect_ok()
        result = tracer.stop().expect_ok()
    expect_equal(told(result, r"btrun: (\d+) strings were cut"), 4, "cut strings")


@check
def loss_of_join():
    """join() takes 16 strings: what is left out is told."""
    with Tracer("-e", "tracepoint:syscalls:sys_enter_execve { join(args.argv); }") as tracer:
        run("/bin/echo", *"abcdefghijklmnopqrst").expect_ok()
        result = tracer.stop().expect_ok()
    expect(told(result, r"btrun: (\d+) times join\(\) left something out") >= 1, str(result))


@check
def loss_of_hits_in_kprobes_of_a_pattern():
    """kprobe.multi and perf kprobes: a hit while another program runs on that CPU is missed, and counted since 6.7.
    An older kernel's missing count is told once."""
    # What the program calls is probed too: its own updates of the map hit the second probe, which can't run then.
    script = ('kprobe:ksys_write /comm == "dd" && arg2 == 77/ { @x[nsecs] = 1; } '
              'kprobe:htab_map_update_ele*,kprobe:htab_map_update_elem { @y = count(); }')
    with Tracer("--attach=" + ("multi" if guest.NEW else "perf"), "-e", script) as tracer:
        run("dd", "if=/dev/zero", "of=/dev/null", "bs=77", "count=9").expect_ok()
        result = tracer.stop().expect_ok()
    if not guest.NEW:
        expect_equal(result.err.count("not counted by this kernel, which is older than 6.7"), 1, "times that it is told")
        return
    expect(told(result, r"btrun: missed (?:at least )?(\d+) hits of kprobe:htab_map_update_ele") >= 9, str(result))


@check
def loss_as_json():
    with Tracer("-f", "json", "--strict", "-e", 'kprobe:ksys_write /comm == "dd" && arg2 == 77/ { @x[@n++] = 1; }',
                env={"BPFTRACE_MAP_KEYS_MAX": "2"}) as tracer:
        run("dd", "if=/dev/zero", "of=/dev/null", "bs=77", "count=6").expect_ok()
        result = tracer.stop()
    expect_equal(result.status, 3, "--strict's status")
    records = [json.loads(line) for line in result.out.splitlines() if line.startswith("{")]
    losses = [r["data"] for r in records if r["type"] == "loss"]
    expect_equal([(l["what"], l["count"], l["of"]) for l in losses], [("map updates", 4, "@x")], "loss records")


@check
def loss_of_recursion_in_trampolines():
    """The same program on the same CPU: the kernel counts it for a trampoline's since 5.12."""
    with Tracer("--stats", "-e", 'fentry:htab_map_update_elem { @x[nsecs] = 1; }') as tracer:
        with Tracer("-e", 'kprobe:ksys_write /comm == "dd" && arg2 == 77/ { @x[nsecs] = 1; }') as other:
            run("dd", "if=/dev/zero", "of=/dev/null", "bs=77", "count=9").expect_ok()
            other.stop().expect_ok()
        result = tracer.stop().expect_ok()
    expect(re.search(r"missed \d+ hits of fentry:htab_map_update_elem .*another program", result.err), str(result))
