"""Errors that take a kernel: place, cause, remedy, status 1, nothing left (guest.py looks)."""
import os
import re

import guest
import image_file
from guest import Skip, Tracer, btrun, check, expect, one_liner, run


def located(result):
    expect(re.search(r":\d+:\d+", result.err) and "^" in result.err, f"no place and caret: {result}")


@check
def error_unknown_function():
    script = guest.temporary("u.bt", "BEGIN { }\nkprobe:inet_csk_acept { @ = count(); }\n")
    result = btrun(script).expect_error("inet_csk_acept", "inet_csk_accept")
    expect("u.bt:2:1" in result.err, f"wrong place: {result}")
    located(result)


@check
def function_of_several_names():
    """BTF and ftrace know __x64_sys_getppid, a system call without arguments, as __do_sys_getppid only."""
    for probe in ("kprobe", "fentry", "fexit"):
        result = one_liner(f"{probe}:__x64_sys_getppid {{ @[probe, comm] = count(); }}",
                           "-c", "/usr/bin/python3 -c 'import os; os.getppid()'").expect_ok()
        expect(f"@[{probe}:__x64_sys_getppid, python3]: 1" in result.out, str(result))
    clone = next(f for f in open(guest.TRACING + "/available_filter_functions").read().split() if ".isra." in f)
    one_liner(f"fentry:{clone} {{ @ = count(); }}").expect_error(f"kprobe:{clone} and kretprobe:{clone}")


@check
def functions_that_trampolines_do_not_take():
    """A pattern leaves them out and says so; by name they are an error. 6.1 has one that returns a struct."""
    result = one_liner("fentry:vfs_set* { @[probe] = count(); } interval:ms:100 { exit(); }").expect_ok()
    if not guest.NEW:
        expect("functions that match fentry:vfs_set* can't be traced by it" in result.err, str(result))
        expect(re.search("hint: one is vfs_set_acl_prepare_k.id, which returns a struct", result.err), str(result))
        located(one_liner("fexit:vfs_set_acl_prepare_kgid { @ = count(); }").expect_error("returns a struct"))
    located(one_liner("fentry:_printk { @ = count(); }").expect_error("a variable number of arguments", "kprobe"))


@check
def structs_of_one_name():
    """Drivers have three structs irq_info, with the sizes that the warning says; and there is one struct sock."""
    result = one_liner("BEGIN { $a = (struct irq_info *)0; $b = (struct irq_info *)1; $c = (struct sock *)0; exit(); }").expect_ok()
    expect(len(re.findall(r"warning: the kernel has 3 of struct irq_info, of \d+, \d+, \d+ bytes", result.err)) == 1, str(result))
    expect(result.err.count("warning") == 1, str(result))


@check
def copies_of_a_function_are_told():
    """f.part.0 and the like: calls of them are calls of f, and a probe on f does not see them."""
    functions = open(guest.TRACING + "/available_filter_functions").read().split("\n")
    have = set(functions)
    copied = sorted({f.split(".")[0] for f in functions if re.fullmatch(r"\w+\.(isra|part|constprop)\.\d+", f)} & have)
    expect(len(copied) > 10, f"{copied}")
    for name in copied[:2]:
        for kind in ("kprobe", "kretprobe"):
            result = one_liner(f"{kind}:{name} {{ @ = count(); }} interval:ms:100 {{ exit(); }}").expect_ok()
            expect(f"has made copies of {name} ({name}." in result.err and f"hint: {kind}:{name}.*" in result.err, str(result))
    whole = next(f for f in ("vfs_read", "vfs_write", "vfs_open") if not any(g.startswith(f + ".") for g in functions))
    with Tracer("-e", f"kprobe:{whole} {{ @ = count(); }} fentry:{copied[2]} {{ @f = count(); }}") as tracer:
        result = tracer.stop().expect_ok()
    expect(result.err.count("copies of") == 1 and f"copies of {copied[2]}" in result.err, str(result))


@check
def error_unknown_function_fentry():
    located(one_liner("fentry:ksys_wirte { @ = count(); }").expect_error("ksys_wirte", "ksys_write"))


@check
def error_unknown_function_of_several_warns():
    result = one_liner("kprobe:no_such_function, kprobe:ksys_write { @ = count(); } interval:ms:300 { exit(); }").expect_ok()
    expect("no_such_function" in result.err, f"no warning: {result}")


@check
def error_unknown_tracepoint():
    located(one_liner("tracepoint:syscalls:sys_enter_wirte { @ = count(); }").expect_error("sys_enter_wirte", "sys_enter_write"))


@check
def error_unknown_field():
    located(one_liner("tracepoint:syscalls:sys_enter_write { @ = args.cuont; }").expect_error("cuont", "count"))
    located(one_liner("kprobe:ksys_write { @ = ((struct sock *)arg0)->sk_ack_backlgo; }")
            .expect_error("sk_ack_backlgo", "sk_ack_backlog"))


@check
def error_unknown_struct():
    located(one_liner("kprobe:ksys_write { @ = ((struct sokc *)arg0)->x; }").expect_error("sokc"))


@check
def error_ftrace_disabled():
    """The kernel attaches all the same, and nothing fires."""
    script = "kprobe:ksys_write { @ = count(); } interval:s:1 { exit(); }"
    guest.write("/proc/sys/kernel/ftrace_enabled", "0")
    try:
        for way in ("auto", "fentry", "tracefs", "perf"):
            btrun(f"--attach={way}", "-e", script).expect_error("ftrace is switched off", "kernel.ftrace_enabled=1")
        one_liner("kretprobe:ksys_write { @ = count(); }").expect_error("ftrace is switched off")
        one_liner("kprobe:ksys_wri* { @ = count(); }").expect_error("ftrace is switched off")
        one_liner("tracepoint:syscalls:sys_enter_write { @ = count(); } interval:s:1 { exit(); }").expect_ok()
    finally:
        guest.write("/proc/sys/kernel/ftrace_enabled", "1")
    one_liner(script).expect_ok()


@check
def ftrace_is_switched_off_meanwhile():
    with Tracer("-e", "kprobe:ksys_write { @ = count(); }") as tracer:
        guest.write("/proc/sys/kernel/ftrace_enabled", "0")
        try:
            result = tracer.stop().expect_ok()
        finally:
            guest.write("/proc/sys/kernel/ftrace_enabled", "1")
    expect("kprobe:ksys_write may have missed hits: ftrace is switched off" in result.err, str(result))
    expect("trace the same once more" in result.err, str(result))
    one_liner("kprobe:ksys_write { @ = count(); } interval:ms:100 { exit(); }").expect_ok()


@check
def error_kprobes_disabled():
    path = "/sys/kernel/debug/kprobes/enabled"
    guest.write(path, "0")
    try:
        btrun("--attach=tracefs", "-e", "kprobe:ksys_write { @ = count(); }").expect_error("kprobes/enabled")
    finally:
        guest.write(path, "1")


@check
def error_no_btf():
    """Without /sys/kernel/btf (a tmpfs over it) nothing that needs types can work, and is told why."""
    run("mount", "-t", "tmpfs", "tmpfs", "/sys/kernel/btf").expect_ok()
    try:
        one_liner("kprobe:ksys_write { @ = ((struct sock *)arg0)->sk_ack_backlog; }").expect_error("BTF")
        one_liner("fentry:ksys_write { @ = count(); }").expect_error("BTF")
        result = one_liner('BEGIN { printf("no types\\n"); exit(); }').expect_ok()
        expect(result.out == "no types\n", f"{result}")
    finally:
        run("umount", "/sys/kernel/btf").expect_ok()


@check
def error_not_root():
    # A copy, because nobody may not look into every folder that a build lies in.
    folder = os.path.dirname(guest.temporary("x", ""))
    os.chmod(folder, 0o755)
    for name in ("btrun", "btrun-compile"):
        run("install", "-m", "755", f"{guest.BUILD}/{name}", folder).expect_ok()
    result = run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", folder + "/btrun", "-e",
                 "BEGIN { exit(); }")
    result.expect_error("CAP_BPF")


@check
def error_missing_capability_named():
    result = run("capsh", "--drop=cap_bpf,cap_sys_admin,cap_perfmon", "--", "-c",
                 f"{guest.BUILD}/btrun -e 'kprobe:ksys_write {{ @ = count(); }}'")
    result.expect_error("CAP_BPF")


@check
def error_script_missing():
    btrun("/no/such.bt").expect_error("/no/such.bt")
    btrun("/etc").expect_error("directory")


@check
def error_verifier_names_line():
    """An image in which the call of bpf_get_prandom_u32(), helper 7, is that of a helper which no kernel has."""
    script = guest.temporary("broken.bt", 'BEGIN { }\nkprobe:ksys_write {\n  $x = 1;\n  printf("%d %d\\n", $x, rand);\n}\n')
    image = guest.temporary("broken.o", "")
    btrun("--emit-elf", image, script).expect_ok()
    with open(image, "rb") as file:
        data = file.read()
    call = bytes.fromhex("8500000007000000")
    expect(call in data, "no call of helper 7 in the image")
    with open(image, "wb") as file:
        file.write(image_file.sealed(data.replace(call, bytes.fromhex("85000000ff7f0000"))))
    result = btrun(image)
    result.expect_error("verifier")
    expect("broken.bt:4:" in result.err, f"not the line of rand: {result}")


@check
def error_action_too_large():
    lines = "\n".join(f"  if (arg0 % {n + 3} == {n % 3}) {{ $x += arg1 % {n + 2}; }}" for n in range(3000))
    script = guest.temporary("big.bt", f"BEGIN {{ }}\nkprobe:ksys_write {{\n  $x = 0;\n{lines}\n  @ = $x;\n}}\n")
    result = btrun(script)
    result.expect_error("too large")
    expect("big.bt" in result.err, f"no name of the script: {result}")


@check
def error_kprobe_blacklisted():
    result = one_liner("kprobe:kprobe_dispatcher { @ = count(); }")
    result.expect_error("kprobe_dispatcher")


@check
def error_leaves_nothing_half_attached():
    result = one_liner('BEGIN { printf("begin\\n"); } kprobe:ksys_write { @ = count(); } kprobe:no_such_function_here { @ = count(); }')
    result.expect_error("no_such_function_here")
    expect("begin" not in result.out, f"BEGIN ran before everything was attached: {result}")


@check(last=True)
def error_zz_lockdown():
    try:
        guest.write("/sys/kernel/security/lockdown", "confidentiality")
    except OSError as e:
        raise Skip(f"lockdown can't be set: {e}")
    result = one_liner("kprobe:ksys_write { @ = ((struct sock *)arg0)->sk_ack_backlog; }").expect_error("lockdown")
    result = one_liner('BEGIN { printf("still\\n"); exit(); }').expect_ok()
    expect(result.out == "still\n", f"{result}")
