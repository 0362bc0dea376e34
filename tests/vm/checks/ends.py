"""exit() ends it where it fires, queued commands hold nobody up, intervals begin with the trace, and the actions of one
place run in the order of the script."""
import os
import re
import signal
import subprocess
import time

import guest
from guest import Skip, btrun, check, expect, expect_equal, one_liner, run

BUSY = "import os,time\nos.nice(10)\nt=time.time()\nprint(flush=True)\nwhile time.time()-t<120: os.getpgid(0)"
GETPGID = "tracepoint:syscalls:sys_enter_getpgid"


class Busy:
    """Processes, one for every CPU, that call getpgid(2) without a pause, and do so when the block begins. Not getppid(2):
    kernels' BTF lacks the functions of system calls without arguments."""

    def __init__(self, number=os.cpu_count()):
        self.number = number

    def __enter__(self):
        self.processes = [subprocess.Popen(["python3", "-c", BUSY], stdout=subprocess.PIPE) for _ in range(self.number)]
        for process in self.processes:
            process.stdout.readline()

    def __exit__(self, *error):
        for process in self.processes:
            process.kill()
            process.wait()


def lines_behind_exit(probe, filter=""):
    result = one_liner(f'{probe} {filter} {{ printf("line\\n"); exit(); }}').expect_ok()
    expect(1 <= result.out.count("line") <= os.cpu_count(), f"{probe}: {result.out.count('line')} lines")


@check
def exit_ends_it_at_once():
    with Busy():
        for probe in (GETPGID, "rawtracepoint:sys_enter", "tracepoint:raw_syscalls:sys_enter"):
            lines_behind_exit(probe, '/comm == "python3"/')
        result = one_liner(GETPGID + ' { @n++; if (@n > 5) { printf("line %d\\n", @n); exit(@n); } }')
        expect(6 <= result.status <= 5 + os.cpu_count() and "line 6\n" in result.out, str(result))


@check
def exit_ends_it_at_once_kernel():
    """The kinds of programs that the kernel of a sandbox may lack."""
    with Busy():
        for probe in ("kprobe:__x64_sys_getpgid", "kretprobe:__x64_sys_getpgid", "fentry:__x64_sys_getpgid",
                      "fexit:__x64_sys_getpgid"):
            lines_behind_exit(probe)


@check
def exit_codes():
    """All that a process can say; what is behind exit() is not done, the first one decides."""
    for code, status in (("", 0), ("7", 7), ("255", 255), ("256", 0), ("-1", 255), ("-5", 251), ("-11", 245), ("1 + 2", 3)):
        for probe in ("BEGIN", "interval:ms:20"):
            result = one_liner(probe + ' { printf("a"); exit(%s); } END { printf("b"); exit(9); }' % code)
            expect_equal((result.status, result.out), (status, "ab"), f"{probe} exit({code})")
    expect_equal(one_liner('BEGIN { @ = 3; exit(@++); }').status, 3)


@check
def exit_is_not_lost():
    """Nor are clear() and zero(): a buffer of one page beside probes that fill it all the time. A guest is too slow for
    all of it."""
    fill = GETPGID + ' { printf("%0500d\\n", 1); } '
    all_ends = ('printf("%0500d\\n", 2); exit(5);', "exit(5);", '$s = str(0, 200); printf("%s\\n", $s); exit(5);')
    for ends in all_ends[:1] if guest.IN_GUEST else all_ends:
        with Busy(1):
            result = btrun("--buffer-size", "4K", "-e", fill + "interval:ms:700 { " + ends + " }")
        expect_equal(result.status, 5, ends)
    for builtin, left in (("clear", None), ("zero", "0"))[guest.IN_GUEST:]:
        script = (fill + "BEGIN { @x[1] = 5; @y = 5; } "
                  "interval:ms:50 /@n++ < 4/ { " + f"{builtin}(@x); {builtin}(@y);" + " } interval:s:1 { exit(); }")
        with Busy(1):
            result = btrun("--buffer-size", "4K", "-e", script)
        expect_equal(re.findall(r"@x\[1\]: (\d)", result.out), [left] if left else [], builtin)
        expect("@y: 5" not in result.out, builtin)


@check
def queued_commands_hold_nobody_up():
    queue = 'tracepoint:syscalls:sys_enter_getpgid { system("echo X"); cat("/dev/null"); } END { system("echo end"); } '
    with Busy():
        result = btrun("--unsafe", "-e", queue + 'interval:ms:300 { system("echo last"); exit(); }', timeout=40)
        with guest.Tracer("--unsafe", "-e", queue + "BEGIN { @ = 1; }") as tracer:
            time.sleep(1)
            ended = tracer.stop(signal.SIGTERM)
        alone = btrun("--unsafe", "-e", GETPGID + ' { system("echo X"); exit(); }')
    for got in (result, ended):
        expect("end\n" in got.out and re.search(r"\d+ calls of system\(\) or cat\(\) were not run", got.err), str(got))
    expect("last\n" in result.out and "@: 1" in ended.out, str(ended))
    expect(1 <= alone.out.count("X") <= os.cpu_count(), str(alone))
    expect_equal(one_liner('BEGIN { system("sleep 1.2"); if (1) { system("echo a"); } exit(); }', "--unsafe").out, "a\n")
    with guest.Tracer("--unsafe", "-e", 'interval:ms:100 { system("sleep 100"); } END { system("echo end"); }') as tracer:
        time.sleep(1)
        long = tracer.stop(signal.SIGTERM)
    expect(long.out == "end\n" and "was ended before its end" in long.err, str(long))


@check
def command_after_a_second_start():
    """The first attempt, by fentry, does not work where several functions have the name. Its command was ended by a
    signal that the tracer took for one of its own, and tracing was over before the second command had begun."""
    for _ in range(3):
        result = one_liner("kprobe:s_next { @[comm] = count(); }", "-c",
                           '/bin/sh -c "sleep 0.3; exec head -c 3000 /proc/kallsyms >/dev/null"').expect_ok()
        expect(re.search(r"@\[head\]: \d\d", result.out), str(result))


@check
def interval_begins_with_the_trace():
    for period in (100, 400, 700):
        script = ('BEGIN { system("sleep 0.5"); @b = nsecs; } END { clear(@b); } '
                  'interval:ms:%d { printf("%%d\\n", (nsecs - @b) / 1000000); exit(); }' % period)
        first = int(one_liner(script, "--unsafe").expect_ok().out)
        expect(first >= 500 + period - 10, f"first tick of {period} ms after {first - 500} ms")


CALLS = """__attribute__((noinline)) int f(int x) { asm volatile(""); return x + 1; }
int main(void) { return f(1) + f(2) == 5 ? 0 : 1; }"""


def order(probe, *options):
    """Four actions, beside others; then exit() in the second."""
    actions = " ".join(f'{probe} {{ printf("{i}"); }}' for i in range(4))
    result = one_liner("BEGIN { } " + actions + " END { }", *options).expect_ok()
    expect(result.out.strip() and not result.out.strip().replace("0123", ""), f"{probe} {options}: {result}")
    ending = f'{probe} {{ printf("0"); }} {probe} {{ printf("1"); exit(); }} {probe} {{ printf("2"); }}'
    expect_equal(one_liner(ending, *options).expect_ok().out.strip(), "01", f"{probe} {options}")


@check
def order_of_user_probes():
    with open("/tmp/calls.c", "w") as file:
        file.write(CALLS)
    if run("cc", "-O1", "-g", "-o", "/tmp/calls", "/tmp/calls.c").status:
        raise Skip("there is no C compiler")
    for probe in ("uprobe:/tmp/calls:f", "uretprobe:/tmp/calls:f", "uprobe:/tmp/calls:f*"):
        order(probe, "-c", "/tmp/calls")


@check
def order_of_kernel_probes():
    command = ("-c", "/usr/bin/python3 -c 'import os; os.getpgid(0)'")
    function, mine = "__x64_sys_getpgid", '/comm == "python3"/'
    for method in ("auto", "perf", "fentry", "tracefs") + (("multi",) if guest.NEW else ()):
        for probe in ("kprobe", "kretprobe"):
            if not (method == "tracefs" and probe == "kprobe"):
                order(f"{probe}:{function} {mine}", "--attach=" + method, *command)
    for probe in (f"fentry:{function}", f"fexit:{function}", GETPGID):
        order(f"{probe} {mine}", *command)
