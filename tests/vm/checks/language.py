"""One-liners with their exact output: builtins, operators, conversions, probes."""
import os
import re
import signal
import subprocess
import time

import guest
from guest import Tracer, add_check, btrun, check, expect, expect_equal, one_liner, run

# (name, statements of a BEGIN, expected output). All of one table run as one script,
# and one by one only when that does not give what is expected.
STATEMENTS = [
    ("add", 'printf("%d\\n", 2 + 3 * 4);', "14"),
    ("precedence_shift", 'printf("%d\\n", 1 << 2 + 1);', "8"),
    ("precedence_and", 'printf("%d\\n", 6 & 3 == 3);', "0"),
    ("precedence_or_xor", 'printf("%d\\n", 1 | 6 ^ 2 & 3);', "5"),
    ("unary", 'printf("%d %d %d\\n", -5, ~0, !7);', "-5 -1 0"),
    ("divide", 'printf("%d %d\\n", 17 / 5, 17 % 5);', "3 2"),
    ("divide_negative", '$d = -17; printf("%d\\n", $d / 5);', "-3"),
    ("shift", 'printf("%d %d\\n", 1 << 10, 1024 >> 3);', "1024 128"),
    ("compare", 'printf("%d%d%d%d%d%d\\n", 1 < 2, 2 <= 2, 1 > 2, 2 >= 3, 1 == 1, 1 != 1);', "110010"),
    ("compare_signed", '$m = -1; printf("%d\\n", $m < 0);', "1"),
    ("logic", 'printf("%d %d\\n", 1 && 0, 0 || 3);', "0 1"),
    ("ternary", 'printf("%d %s\\n", 1 ? 5 : 6, 0 ? "a" : "b");', "5 b"),
    ("literals", 'printf("%d %d %d %d\\n", 0x10, 1e3, 1_000, 010);', "16 1000 1000 8"),
    ("variables", '$v = 5; $v += 3; $v++; $v *= 2; printf("%d\\n", $v);', "18"),
    ("compound", '$c = 12; $c -= 2; $c /= 2; $c <<= 3; $c |= 1; $c ^= 3; $c &= 0xfe; $c %= 32; $c >>= 1; printf("%d\\n", $c);',
     "5"),
    ("increment_value", '$i = 1; printf("%d ", $i++); printf("%d ", ++$i); printf("%d ", $i--); printf("%d\\n", --$i);',
     "1 3 3 1"),
    ("if_else", 'if (0) { printf("a\\n"); } else if (1) { printf("b\\n"); } else { printf("c\\n"); }', "b"),
    ("string_compare", '$s = "abc"; printf("%d %d\\n", $s == "abc", $s != "abd");', "1 1"),
    ("casts", 'printf("%d %d %d\\n", (uint8)257, (int8)255, (uint16)65537);', "1 -1 1"),
    ("cast_int64", 'printf("%u\\n", (uint64)-1);', "18446744073709551615"),
    ("convert_d", 'printf("[%d] [%5d] [%-5d] [%05d] [%+d]\\n", 42, 42, 42, 42, 42);', "[42] [   42] [42   ] [00042] [+42]"),
    ("convert_u_o", 'printf("%u %o %#o\\n", 42, 8, 8);', "42 10 010"),
    ("convert_x", 'printf("%x %X %#x %08x\\n", 255, 255, 255, 255);', "ff FF 0xff 000000ff"),
    ("convert_ld", 'printf("%ld %lu %lld %llx %hd\\n", 1, 2, 3, 255, 5);', "1 2 3 ff 5"),
    ("convert_c", 'printf("%c%c%%\\n", 65, 66);', "AB%"),
    ("convert_s", 'printf("[%s] [%5s] [%-5s] [%.2s] [%-6.2s]\\n", "abc", "abc", "abc", "abc", "abc");',
     "[abc] [  abc] [abc  ] [ab] [ab    ]"),
    ("convert_p", 'printf("%p\\n", 0x1234);', "0x1234"),
    ("ntop_v4", 'printf("%s\\n", ntop(0x0100007f));', "127.0.0.1"),
    ("ntop_family", 'printf("%s\\n", ntop(AF_INET, 0x0101a8c0));', "192.168.1.1"),
    ("bswap", 'printf("%x %x\\n", bswap((uint16)0x1234), bswap((uint32)0x12345678));', "3412 78563412"),
    ("print_value", 'print(5); print("text");', "5\ntext"),
    ("print_map", '@pm = 3; print(@pm); clear(@pm);', "@pm: 3\n"),
    ("map_value", '@mv[1, "two"] = 7; printf("%d %d\\n", @mv[1, "two"], @mv[2, "two"]); clear(@mv);', "7 0"),
    ("map_delete", '@md[1] = 1; delete(@md[1]); printf("%d\\n", @md[1]);', "0"),
    ("map_delete_two", '@me[1] = 1; delete(@me, 1); printf("%d\\n", @me[1]);', "0"),
    ("map_increment", '@mi[1]++; @mi[1] += 4; printf("%d\\n", @mi[1]); clear(@mi);', "5"),
    ("variable_from_inner_block", 'if (1) { $inner = 9; } printf("%d\\n", $inner);', "9"),
    ("probe_name", 'printf("%s\\n", probe);', ("BEGIN", "begin")),
    ("uid", 'printf("%d\\n", uid);', "0"),
    ("gid", 'printf("%d\\n", gid);', "0"),
    ("func_exists", 'printf("%d %d\\n", func_exists("ksys_write"), func_exists("no_such_function"));', "1 0"),
    ("comm", 'printf("%s\\n", comm);', "btrun"),
    ("cpu_bound", 'printf("%d\\n", cpu < 2);', "1"),
    ("nsecs_moves", '$n = nsecs; printf("%d\\n", nsecs >= $n);', "1"),
    ("elapsed_small", 'printf("%d\\n", elapsed < 60000000000);', "1"),
    ("pid_tid", 'printf("%d\\n", pid == tid && pid > 0);', "1"),
    ("kernel_memory_curtask_comm", 'printf("%s\\n", ((struct task_struct *)curtask)->comm);', "btrun"),
    ("kernel_memory_curtask_pid", '$t = (struct task_struct *)curtask; printf("%d\\n", $t->tgid == pid);', "1"),
    ("kernel_memory_nested_pointer", '$t = (struct task_struct *)curtask; printf("%d\\n", $t->real_parent->tgid > 0);', "1"),
    ("kernel_memory_dot_through_pointer", '$t = (struct task_struct *)curtask; printf("%d\\n", $t.mm.mm_users.counter > 0);', "1"),
    ("af_constants", 'printf("%d %d\\n", AF_INET, AF_INET6);', "2 10"),
]


def fits(got, want):
    return got in want if isinstance(want, tuple) else got.strip("\n") == want.strip("\n")


def marked(name, statements):
    return f'printf("<<{name}\\n"); {statements}'


def sections(text):
    found = {}
    for part in text.split("<<")[1:]:
        name, _, body = part.partition("\n")
        found[name] = body.strip("\n")
    return found


batches = {}


def run_batch(kernel_memory):
    """Apart, since a locked-down kernel refuses a whole program that reads its memory."""
    if kernel_memory not in batches:
        chosen = [marked(n, s) for n, s, _ in STATEMENTS if n.startswith("kernel_memory") == kernel_memory]
        result = one_liner("BEGIN { " + " ".join(chosen) + " exit(); }")
        batches[kernel_memory] = sections(result.out) if result.status == 0 else {}
    return batches[kernel_memory]


def statement_check(name, statements, want):
    def body():
        if fits(run_batch(name.startswith("kernel_memory")).get(name, "\0"), want):
            return
        result = one_liner(f"BEGIN {{ {statements} exit(); }}").expect_ok()
        if not fits(result.out.strip("\n"), want):
            expect_equal(result.out.strip("\n"), want, statements)
    return body


for name, statements, want in STATEMENTS:
    add_check("statement_" + name, statement_check(name, statements, want))


# (name, script, command that makes the events, expected lines with {pid} of that command)
TRIGGERS = [
    ("kprobe_arg", 'kprobe:ksys_write /comm == "dd" && arg2 == 77/ { printf("%d %s\\n", arg2, func); exit(); }',
     "77 ksys_write"),
    ("kprobe_probe", 'kprobe:ksys_write /comm == "dd"/ { printf("%s\\n", probe); exit(); }', "kprobe:ksys_write"),
    ("kretprobe", 'kretprobe:ksys_write /comm == "dd" && retval == 77/ { printf("%d %s %s\\n", retval, func, probe); exit(); }',
     "77 ksys_write kretprobe:ksys_write"),
    ("fentry", 'fentry:ksys_write /comm == "dd" && args.count == 77/ { printf("%d %s\\n", args.count, func); exit(); }',
     "77 ksys_write"),
    ("kfunc_arrow", 'kfunc:ksys_write /comm == "dd" && args->count == 77/ { printf("%d\\n", args->count); exit(); }', "77"),
    ("fexit", 'fexit:ksys_write /comm == "dd" && retval == 77/ { printf("%d %d\\n", retval, args.count); exit(); }',
     "77 77"),
    ("kretfunc", 'kretfunc:ksys_write /comm == "dd" && retval == 77/ { printf("%d\\n", retval); exit(); }', "77"),
    ("tracepoint", 'tracepoint:syscalls:sys_enter_write /comm == "dd" && args.count == 77/ '
     '{ printf("%d %s\\n", args.count, probe); exit(); }', "77 tracepoint:syscalls:sys_enter_write"),
    ("tracepoint_arrow", 'tracepoint:syscalls:sys_enter_write /comm == "dd" && args->count == 77/ '
     '{ printf("%d\\n", args->count); exit(); }', "77"),
    ("short_names", 'k:ksys_write /comm == "dd" && arg2 == 77/ { printf("%s\\n", probe); exit(); }', "kprobe:ksys_write"),
    ("str_argument", 'tracepoint:syscalls:sys_enter_openat /comm == "dd"/ { @f = str(args.filename); '
     'if (@f == "/dev/zero") { printf("%s\\n", @f); clear(@f); exit(); } }', "/dev/zero"),
]


def trigger_check(script, want):
    def body():
        with Tracer("-e", script, timeout=60) as tracer:
            for _ in range(20):
                run("dd", "if=/dev/zero", "of=/dev/null", "bs=77", "count=1").expect_ok()
                if tracer.process.poll() is not None:
                    break
                time.sleep(0.3)
            result = tracer.result().expect_ok()
        expect_equal((result.out.splitlines() or [""])[0], want, script)
    return body


for name, script, want in TRIGGERS:
    add_check("probe_" + name, trigger_check(script, want))


@check
def probe_pid_tid_of_event():
    with Tracer("-e", 'kprobe:ksys_write /comm == "dd"/ { printf("%d %d\\n", pid, tid); exit(); }') as tracer:
        child = subprocess.Popen(["dd", "if=/dev/zero", "of=/dev/null", "bs=77", "count=1"], stderr=subprocess.DEVNULL)
        child.wait()
        result = tracer.result().expect_ok()
    expect_equal(result.out.splitlines()[0], f"{child.pid} {child.pid}")


@check
def probe_several_points():
    script = 'kprobe:ksys_write, kprobe:ksys_read /comm == "dd" && arg2 == 77/ { printf("%s %s\\n", func, probe); }'
    with Tracer("-e", script) as tracer:
        run("dd", "if=/dev/zero", "of=/dev/null", "bs=77", "count=2").expect_ok()
        result = tracer.stop().expect_ok()
    expect_equal(result.out, "ksys_read kprobe:ksys_read\nksys_write kprobe:ksys_write\n" * 2)


@check
def probe_glob_names():
    script = 'kprobe:ksys_wri*, kprobe:ksys_pw*64 /comm == "dd"/ { @[probe, func] = count(); }'
    with Tracer("-e", script) as tracer:
        run("dd", "if=/dev/zero", "of=/dev/null", "bs=77", "count=4").expect_ok()
        result = tracer.stop().expect_ok()
    expect("@[kprobe:ksys_write, ksys_write]: " in result.out, f"no such element: {result}")


@check
def probe_glob_fentry():
    with Tracer("-e", 'fentry:ksys_writ* /comm == "dd"/ { @[probe, func] = count(); }') as tracer:
        run("dd", "if=/dev/zero", "of=/dev/null", "bs=77", "count=4").expect_ok()
        result = tracer.stop().expect_ok()
    expect("@[fentry:ksys_write, ksys_write]: " in result.out or "@[fentry:vmlinux:ksys_write, ksys_write]: " in result.out,
           f"no such element: {result}")


@check
def probe_narrow_int_argument():
    # int fd: the trampoline stores only four of the slot's eight bytes.
    script = 'kprobe:__sys_listen /comm == "vm_server"/ { printf("%ld\\n", arg1); exit(); }'
    with Tracer("-e", script) as tracer:
        run(guest.BUILD + "/vm_server", "--backlog", "33", "--queue", "1").expect_ok()
        result = tracer.result().expect_ok()
    expect_equal(result.out, "33\n")


@check
def interval():
    start = time.monotonic()
    result = one_liner('interval:ms:200 { @n++; if (@n == 5) { exit(); } } END { printf("end %d\\n", @n); clear(@n); }').expect_ok()
    expect_equal(result.out.strip(), "end 5")
    expect(time.monotonic() - start > 1, "five intervals of 200 ms in less than a second")


@check
def begin_end_order():
    result = one_liner('END { printf("end\\n"); } BEGIN { printf("begin\\n"); exit(); }').expect_ok()
    expect_equal(result.out, "begin\nend\n")


@check
def exit_code():
    result = one_liner("BEGIN { exit(7); }")
    expect_equal(result.status, 7, "status")


@check
def maps_at_exit():
    result = one_liner('BEGIN { @one = 1; @two["a", 2] = 3; @c[1] = count(); @s = "text"; exit(); }').expect_ok()
    for line in ("@one: 1", "@two[a, 2]: 3", "@c[1]: 1", "@s: text"):
        expect(line in result.out.splitlines(), f"no {line!r}: {result}")


@check
def maps_sorted_by_value():
    result = one_liner("BEGIN { @m[1] = 30; @m[2] = 10; @m[3] = 20; exit(); }").expect_ok()
    expect_equal(result.out.strip(), "@m[2]: 10\n@m[3]: 20\n@m[1]: 30")


@check
def hist_exact():
    result = one_liner("BEGIN { @h = hist(0); @h = hist(1); @h = hist(5); @h = hist(6); @h = hist(-3); exit(); }").expect_ok()
    rows = [(l.split("|")[0].strip().split()) for l in result.out.splitlines() if "|" in l]
    expect_equal([(r[0] if len(r) == 2 else " ".join(r[:-1]), r[-1]) for r in rows if r[-1] != "0"],
                 [("(..., 0)", "1"), ("[0]", "1"), ("[1]", "1"), ("[4, 8)", "2")], "histogram")


@check
def sigusr1_prints_maps():
    with Tracer("-e", "BEGIN { @x = 41; } interval:s:100 { @x = 1; }") as tracer:
        tracer.process.send_signal(signal.SIGUSR1)
        tracer.wait_for("@x: 41", 20)
        result = tracer.stop().expect_ok()
    expect_equal(result.out.count("@x: 41"), 2, "times that the map was printed")


@check
def option_c():
    result = one_liner('tracepoint:syscalls:sys_enter_write /comm == "dd"/ { @ = count(); }',
                       "-c", "dd if=/dev/zero of=/dev/null bs=77 count=3").expect_ok()
    count = re.search(r"@: (\d+)", result.out)
    expect(count and int(count.group(1)) >= 3, f"dd's writes were not seen: {result}")


@check
def option_c_missing_command():
    one_liner("BEGIN { }", "-c", "/no/such/command").expect_error("/no/such/command")


@check
def option_c_child_dies_with_tracer():
    with Tracer("-c", "sleep 333", "-e", "interval:s:1 { @ = 1; }") as tracer:
        child = run("pgrep", "-f", "^sleep 333").out.split()
        expect(child, "the command does not run")
        tracer.process.kill()
        tracer.process.wait()
        deadline = time.monotonic() + 10
        while run("pgrep", "-f", "^sleep 333").out.split() and time.monotonic() < deadline:
            time.sleep(0.2)
    expect(not run("pgrep", "-f", "^sleep 333").out.split(), "the command outlives its tracer")


@check
def option_p():
    child = subprocess.Popen(["sh", "-c", "while sleep 0.1; do echo x >/dev/null; done"])
    other = subprocess.Popen(["sh", "-c", "while sleep 0.1; do echo x >/dev/null; done"])
    try:
        with Tracer("-p", str(child.pid), "-e", "kprobe:ksys_write { @[pid] = count(); }") as tracer:
            time.sleep(2)
            result = tracer.stop().expect_ok()
    finally:
        child.kill(), other.kill(), child.wait(), other.wait()
    expect_equal(re.findall(r"@\[(\d+)\]", result.out), [str(child.pid)], "pids")


@check
def option_p_ends_with_process():
    child = subprocess.Popen(["sleep", "4"])
    with Tracer("-p", str(child.pid), "-e", "interval:s:100 { @ = 1; }") as tracer:
        child.wait()
        tracer.result().expect_ok()


@check
def what_fired_is_printed_or_reported_lost():
    """tests/loss/run has the modes."""
    result = run(guest.ROOT + "/tests/loss/run", guest.BUILD, "--runs", "2", timeout=200)
    expect(result.status == 0 and "0 skipped" not in result.out and " 0 failed" in result.out, str(result))


@check
def option_info():
    """What is tried works here, and nothing of the tries stays."""
    told = btrun("--info").expect_ok().out
    for name in ("kprobe", "kfunc", "fentry", "tracepoint", "uprobe", "dpath", "skboutput", "get_func_arg", "btf", "module btf",
                 "map batch", "ringbuf", "iter:task"):
        expect(f"\n  {name}: yes\n" in told, f"{name}: {told}")
    expect(f"\n  kprobe_multi: {'yes' if guest.NEW else 'no'}\n" in told, told)


@check
def option_stats():
    with Tracer("--stats", "-e", "kprobe:ksys_write { @ = count(); }") as tracer:
        run("dd", "if=/dev/zero", "of=/dev/null", "bs=77", "count=5").expect_ok()
        result = tracer.stop().expect_ok()
    line = [l for l in (result.err + result.out).splitlines() if "ksys_write" in l]
    expect(line and re.search(r"\d+", line[0].replace("ksys_write", "")), f"no statistics of ksys_write: {result}")


@check
def option_list_functions():
    result = btrun("-l", "kprobe:ksys_w*").expect_ok()
    expect("kprobe:ksys_write" in result.out.splitlines(), f"not listed: {result}")


@check
def option_list_tracepoints():
    result = btrun("-l", "tracepoint:syscalls:sys_enter_writ*").expect_ok()
    expect("tracepoint:syscalls:sys_enter_write" in result.out.splitlines(), f"not listed: {result}")


@check
def notify_line():
    result = one_liner('BEGIN { printf("begin\\n"); } interval:ms:100 { exit(); }',
                       env={guest.READY: "1"}).expect_ok()
    expect(guest.READY in result.out.splitlines(), f"no line: {result}")
    expect("Attached 2 probes" in result.err, f"not said how many probes: {result}")


@check
def positional_parameters():
    script = guest.temporary("p.bt", 'BEGIN { printf("%d %s %d\\n", $1, str($2), $#); exit(); }')
    result = btrun(script, "12", "word").expect_ok()
    expect_equal(result.out, "12 word 2\n")


@check
def script_from_standard_input():
    result = btrun("-", stdin='BEGIN { printf("in\\n"); exit(); }').expect_ok()
    expect_equal(result.out, "in\n")


@check
def output_file():
    path = guest.temporary("out", "")
    result = one_liner('BEGIN { printf("x\\n"); exit(); }', "-o", path).expect_ok()
    expect_equal((result.out, open(path).read()), ("", "x\n"))


@check
def json_output():
    import json
    result = one_liner('BEGIN { printf("a\\n"); @x[1] = 2; exit(); }', "-f", "json").expect_ok()
    rows = [json.loads(l) for l in result.out.splitlines()]
    expect({"type": "printf", "data": "a\n"} in rows, f"no printf row: {result}")
    expect(any(r["type"] == "map" and r["data"] == {"@x": {"1": 2}} for r in rows), f"no map row: {result}")


@check
def no_event_lost_in_a_burst():
    script = 'tracepoint:syscalls:sys_enter_write /comm == "dd"/ { printf("w\\n"); }'
    with Tracer("-e", script) as tracer:
        run("dd", "if=/dev/zero", "of=/dev/null", "bs=1", "count=20000").expect_ok()
        result = tracer.stop().expect_ok()
    printed = result.out.count("w\n")
    lost = sum(int(n) for l in result.err.splitlines() if "lost" in l.lower() for n in re.findall(r"\d+", l)[:1])
    expect(printed + lost >= 20000, f"{printed} printed and {lost} reported lost of 20000: {result.err}")
