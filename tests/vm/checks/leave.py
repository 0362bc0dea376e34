"""Nothing of ours stays, whichever way it ends (guest.py also looks after every check)."""
import os
import signal
import subprocess
import tempfile
import time

import guest
from guest import Tracer, add_check, btrun, check, expect, expect_nothing_left, leftovers, run
from checks_tcpaccept import UPSTREAM, OURS


def ends(number, *options):
    def body():
        before = leftovers()
        with Tracer(*options) as tracer:
            during = leftovers()
            expect(during["programs"] - before["programs"], "no program while tracing: what is then tested?")
            if "--attach=tracefs" in options:
                expect(during["events"] - before["events"], "no tracefs event while tracing")
            if number == signal.SIGKILL:
                tracer.process.kill()
                tracer.process.wait()
            else:
                tracer.stop(number).expect_ok()
        expect_nothing_left(before)
        text = run("bpftool", "prog", "list").out + run("bpftool", "link", "list").out + run("bpftool", "map", "list").out
        expect("btrun" not in text, f"bpftool still shows {text}")
    return body


for name, number in (("sigint", signal.SIGINT), ("sigterm", signal.SIGTERM), ("sigkill", signal.SIGKILL),
                     ("sighup", signal.SIGHUP)):
    for way in ("auto", "tracefs", "perf"):
        add_check(f"leave_{name}_{way}", ends(number, f"--attach={way}", UPSTREAM))
add_check("leave_sigkill_ours", ends(signal.SIGKILL, OURS))


@check
def leave_stale_event_swept():
    """An event that an earlier tracer left (reaper killed too) is gone after the next start and end."""
    with Tracer("--attach=tracefs", UPSTREAM) as tracer:
        pids = [int(pid) for pid in guest.processes()]
        # stopped first: the reaper must not see the tracer's end before its own
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                os.kill(pid, number)
        tracer.process.wait()
    time.sleep(1)
    expect("btrun_" in open(guest.TRACING + "/kprobe_events").read(), "no event is left to be swept")
    btrun("-e", "BEGIN { exit(); }").expect_ok()


@check
def leave_many_stale_events():
    """More than one reading of the kernel's list gives."""
    events = os.open(guest.TRACING + "/kprobe_events", os.O_WRONLY | os.O_APPEND)
    for i in range(150):
        os.write(events, f"r:btrun_999999/e{i} vfs_read\n".encode())
    os.close(events)
    with Tracer("-e", "interval:s:60 { }") as tracer:
        stale = open(guest.TRACING + "/kprobe_events").read().count("btrun_999999")
        tracer.stop().expect_ok()
    expect(stale == 0, f"{stale} of 150 stale events are left")


def state(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


@check
def leave_sigkill_watchpoint():
    """A process that is stopped for each call of the watched function goes on when the tracer is killed."""
    with tempfile.TemporaryDirectory() as work:
        with open(f"{work}/t.c", "w") as file:
            # the first instruction writes to nothing that is watched: QEMU does not come to an end with the
            # single step of the probe and the hit of a watchpoint in one instruction
            file.write("volatile int places[64], before; volatile unsigned i;\n"
                       "__attribute__((noinline)) void give(int n, volatile int *p) { before = n; *p += 1; }\n"
                       "int main(void) { for (;;) give(0, &places[i++ % 64]); }\n")
        run("cc", "-O1", "-o", f"{work}/t", f"{work}/t.c").expect_ok()
        process = subprocess.Popen([f"{work}/t"])
        try:
            with Tracer("-p", str(process.pid), "-e", "watchpoint:give+arg1:4:w { @ = count(); }") as tracer:
                time.sleep(1)
                tracer.process.kill()
                tracer.process.wait()
            time.sleep(3)
            states = [state(process.pid) for _ in range(20) if not time.sleep(0.05)]
            expect("T" not in states, f"it is stopped: {states}")
        finally:
            process.kill()
            process.wait()


@check
def leave_closed_stdout():
    """Output to a closed pipe ends the tracer instead of leaving it to run for nobody."""
    done = run("bash", "-c", f"{guest.BUILD}/btrun -e 'interval:ms:50 {{ printf(\"tick\\n\"); }}' | head -n 2", timeout=60)
    expect(done.out == "tick\ntick\n", f"{done}")
