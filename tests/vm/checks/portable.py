"""Images that were made before the guest was started, by tests/vm/make_images: for this kernel, for the other one, and for
one that has every member, constant and parameter elsewhere. They print what the script itself prints here."""
import glob
import os
import re
import shutil

import guest
from guest import Tracer, add_check, btrun, check, expect, expect_equal, run
from checks_image import traces_the_truth
from checks_tcpaccept import expect_backlogs

MADE = f"{guest.OUT}/made"
SERIES = "6.12" if guest.NEW else "6.1"
KINDS = [kernel + permuted for kernel in ("6.1", "6.12") for permuted in ("", "-permuted")]
PORTABLE = guest.HERE + "/scripts/portable.bt"


def image_of(name, kind):
    path = f"{MADE}/{name}.{kind}.o"
    expect(os.path.exists(path), f"make_images has not made {path}")
    return path


def work(directory):
    """Opens, executes and waits, in processes that are known by their names."""
    shutil.copy(shutil.which("cat"), directory + "/portable")
    shutil.copy(shutil.which("sleep"), directory + "/portable-sleep")
    run("bash", "-c", f"ulimit -n 777; exec {directory}/portable /etc/hostname /nowhere/at/all")
    run(directory + "/portable-sleep", "0.01").expect_ok()


def changing(line):
    """Without what a tracer measures itself; the members of a struct in the order of their names, as a permuted one
    has another order."""
    line = re.sub(r"\{ (.*) \}", lambda m: "{ " + ", ".join(sorted(m[1].split(", "))) + " }", line)
    return re.sub(r"^(\d\d:\d\d:\d\d|\d+) +", "", line)


def same_as_script(name, script, keep):
    """The script, compiled here, and its images run at the same time, on the same work."""
    def body():
        directory = os.path.dirname(guest.temporary("x", ""))
        tracers = [Tracer(what) for what in [script, *(image_of(name, kind) for kind in KINDS)]]
        for tracer in tracers:
            tracer.wait_for(guest.READY)
        work(directory)
        outs = [tracer.stop().expect_ok().out.splitlines() for tracer in tracers]
        kept = [sorted(changing(line) for line in out if re.search(keep, line)) for out in outs]
        expect(kept[0], f"the script printed nothing of the work: {outs[0]}")
        for kind, lines in zip(KINDS, kept[1:]):
            expect_equal("\n".join(lines), "\n".join(kept[0]), f"the image made for {kind}")
    return body


for _name, _script, _keep in (("portable", PORTABLE, "."), ("opensnoop", "/usr/sbin/opensnoop.bt", r"\bportable\b"),
                              ("execsnoop", "/usr/sbin/execsnoop.bt", r"portable")):
    add_check(f"portable_{_name}", same_as_script(_name, _script, _keep))


def accepts_of(name, kind):
    def body():
        got, truth = traces_the_truth(image_of(name, kind))
        if name == "ours":
            expect_backlogs(got, truth)
    return body


# inet_csk_accept() changed its parameters in 6.10.
for _kind in KINDS:
    if _kind != SERIES:
        for _name in ("ours", "upstream"):
            add_check(f"portable_tcpaccept_{_name}_{_kind}", accepts_of(_name, _kind))


def forged(*changes):
    """A BTF in which things have names that no kernel has, of the same length."""
    with open("/sys/kernel/btf/vmlinux", "rb") as file:
        btf = file.read()
    for old, new in changes:
        expect_equal(len(old), len(new), f"the length of {new}")
        old, new = b"\0" + old.encode() + b"\0", b"\0" + new.encode() + b"\0"
        expect(old in btf, f"the BTF has no string {old}")
        btf = btf.replace(old, new)
    path = guest.temporary("btf", "")
    with open(path, "wb") as file:
        file.write(btf)
    return path


TASK = "$t = (struct task_struct *)curtask; "
# What another kernel lacks: (what is renamed where the image is made, the script, what the message names).
LACKS = {
    "member": (("static_prio", "static_pri0"), "kprobe:do_filp_open { " + TASK + 'printf("%d", $t->static_pri0); }',
               "struct task_struct.static_pri0"),
    "copied": (("rlim_max", "rlim_m4x"), "kprobe:do_filp_open { " + TASK + "print($t->signal->rlim[0]); }",
               "struct rlimit.rlim_m4x"),
    "struct": (("task_struct", "task_struck"), 'kprobe:do_filp_open { printf("%d", ((struct task_struck *)curtask)->pid); }',
               "struct task_struck.pid"),
    "size": (("task_struct", "task_struck"), 'BEGIN { printf("%d", sizeof(struct task_struck)); }', "struct task_struck"),
    "offset": (("static_prio", "static_pri0"), 'BEGIN { printf("%d", offsetof(struct task_struct, static_pri0)); }',
               "struct task_struct with a member static_pri0"),
    "enum": (("PIDTYPE_PGID", "PIDTYPE_PG1D"), 'BEGIN { printf("%d", PIDTYPE_PG1D); }', "enum constant PIDTYPE_PG1D"),
    "parameter": (("pathname", "pathn4me"), 'fentry:do_filp_open { printf("%p", args->pathn4me); }',
                  "function do_filp_open with a parameter pathn4me"),
    "field": (("target_cpu", "target_cqu"), 'tracepoint:sched:sched_wakeup { printf("%d", args->target_cqu); }',
              "sched_wakeup has no field target_cqu"),
    "tracepoint": (("btf_trace_sched_wakeup", "btf_trace_sched_w4keup"), 'tracepoint:sched:sched_w4keup { @ = count(); }',
                   "sched_w4keup"),
    "function": (("do_filp_open", "do_filp_op3n"), 'fentry:do_filp_op3n { printf("%d", args->dfd); }', "do_filp_op3n"),
}


def lacks(change, script, word):
    def body():
        path, image = guest.temporary("x.bt", "\n\n" + script), guest.temporary("x.o", "")
        btrun("--btf", forged(change), "--emit-elf", image, path).expect_ok()
        result = btrun(image).expect_error(word)
        expect(re.search(r"x\.bt:3:\d+: error: ", result.err), f"the message has no place: {result}")
        expect("hint: " in result.err, f"the message has no remedy: {result}")
        expect(not result.out.strip() or "Attach" in result.out, f"something ran: {result}")
    return body


for _name, (_change, _script, _word) in LACKS.items():
    add_check(f"portable_lacks_{_name}", lacks(_change, _script, _word))


@check
def portable_larger():
    """A member that has 2 bytes on 6.1 and 4 on 6.12: what is made for the smaller one may not cut the larger."""
    path = guest.temporary("x.bt", 'kprobe:tcp_connect { printf("%d\\n", ((struct sock *)arg0)->sk_tsflags); }')
    image = guest.temporary("x.o", "")
    other = {"6.1": "6.12", "6.12": "6.1"}[SERIES]
    btrun("--btf", f"{MADE}/btf.{other}-permuted", "--emit-elf", image, path).expect_ok()
    if guest.NEW:
        btrun("--dry-run", image).expect_error("x.bt:1:", "sk_tsflags of struct sock has 4 bytes", "made for 2")
    else:
        btrun("--dry-run", image).expect_ok()


@check
def portable_smaller():
    """A member that has 4 bytes on 6.1 and 1 on 6.12, with other members behind it: only its own bytes are read."""
    if not guest.NEW:
        raise guest.Skip("se.on_rq is the larger one here")
    image = guest.temporary("x.o", "")
    script = 'BEGIN { printf("%d\\n", ((struct task_struct *)curtask)->se.on_rq); exit(); }'
    btrun("--btf", f"{MADE}/btf.6.1-permuted", "--emit-elf", image, "-e", script).expect_ok()
    expect_equal(btrun("-q", image).expect_ok().out, "1\n")


@check
def portable_pattern():
    """A pattern of tracepoints is expanded where the image runs, not where it was made."""
    image = guest.temporary("x.o", "")
    script = "tracepoint:sched:sched_wake* { @[probe] = count(); } interval:ms:500 { exit(); }"
    btrun("--btf", forged(("btf_trace_sched_wakeup", "btf_trace_sched_w4keup")), "--emit-elf", image, "-e", script).expect_ok()
    result = btrun(image).expect_ok()
    expect("@[tracepoint:sched:sched_wakeup]: " in result.out, f"{result}")


@check
def portable_needs_no_kernel():
    """Compiled without tracefs, BTF and privileges: only the file tells of a kernel."""
    image = guest.temporary("x.o", "")
    os.chmod(os.path.dirname(image), 0o777)
    os.chmod(image, 0o666)
    hidden = "mount -t tmpfs none /sys/kernel && exec setpriv --reuid 65534 --clear-groups --inh-caps=-all --bounding-set=-all \"$@\""
    run("unshare", "-m", "sh", "-c", hidden, "sh", guest.BUILD + "/btrun", "--btf", glob.glob(MADE + "/btf.*")[0], "--emit-elf", image,
        PORTABLE).expect_ok()
    expect(os.path.getsize(image), "an empty image")
