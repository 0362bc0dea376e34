"""What the processes of btrun may do, and what btrun does for one who is not root."""
import glob
import os
import re
import signal
import subprocess
import time

import guest
from guest import Tracer, btrun, check, expect, expect_equal, run

USER = "65533"
TRACE = ["bpf", "perfmon"]
BITS = {"DAC_READ_SEARCH": 2, "KILL": 5, "SYS_PTRACE": 19, "SYSLOG": 34, "PERFMON": 38, "BPF": 39, "CHECKPOINT_RESTORE": 40}
PARANOID = "/proc/sys/kernel/perf_event_paranoid"
TRACEFS = "/sys/kernel/tracing"


def user_words(*caps):
    """A user of no groups with these capabilities and no others."""
    sets = ",".join(["-all"] + ["+" + cap for cap in caps])
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", f"--inh-caps={sets}",
            f"--ambient-caps={sets}", f"--bounding-set={sets}"]


def as_user(caps, script, *options):
    return run(*user_words(*caps), guest.BUILD + "/btrun", *options, "-e", script)


class Setting:
    """A file of /proc/sys while a check runs."""

    def __init__(self, path, value):
        self.path, self.value = path, value

    def __enter__(self):
        self.before = open(self.path).read()
        guest.write(self.path, self.value)

    def __exit__(self, *error):
        guest.write(self.path, self.before)


class Writing:
    """Somebody writes, so that a probe of ksys_write fires."""

    def __enter__(self):
        self.process = subprocess.Popen(["sh", "-c", "while sleep 0.05; do echo; done"], stdout=subprocess.DEVNULL)

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()


class OpenTracefs:
    """tracefs for the group of the user, as the message says."""

    def __enter__(self):
        run("mount", "-o", f"remount,gid={USER},mode=750", TRACEFS).expect_ok()

    def __exit__(self, *error):
        run("mount", "-o", "remount,gid=0,mode=700", TRACEFS).expect_ok()


def mask(*names):
    return sum(1 << BITS[name] for name in names)


def status_of(pid):
    lines = open(f"/proc/{pid}/status").read().splitlines()
    return {line.split(":")[0]: line.split(":")[1].strip() for line in lines}


def held(pid):
    """The three sets that matter; nothing may be inheritable or ambient."""
    status = status_of(pid)
    for name in ("CapInh", "CapAmb"):
        expect_equal(int(status[name], 16), 0, f"{name} of {status['Name']}")
    return {name: int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")}, status


def staying(want, *args):
    with Tracer(*args) as tracer:
        sets, status = held(tracer.process.pid)
        for name, got in sets.items():
            expect_equal(f"{got:x}", f"{want:x}", f"{name} of btrun {' '.join(args)}")
        expect_equal(status["NoNewPrivs"], "1", f"NoNewPrivs of btrun {' '.join(args)}")
        return tracer.stop().expect_ok()


@check
def keeps_no_capability_to_count():
    result = staying(0, "-e", "kprobe:ksys_write { @[comm] = count(); @t[nsecs] = hist(1); } END { printf(\"end\\n\"); }")
    expect("end\n" in result.out and "@[" in result.out, str(result))


@check
def keeps_no_capability_for_tracefs_events():
    """kprobe_profile is read, and the events are removed, by descriptors from before."""
    result = staying(0, "--attach=tracefs", "-e", "kretprobe:ksys_write { @ = count(); }")
    expect("@: " in result.out and "may have missed" not in result.err, str(result))


@check
def keeps_no_capability_for_names_of_the_kernel():
    result = staying(0, "-e", "kprobe:ksys_write { @[kstack(2)] = count(); }")
    expect(re.search(r"\n    [a-z_0-9.]+\+\d+\n", result.out), str(result))


USERS = mask("DAC_READ_SEARCH", "SYS_PTRACE", "CHECKPOINT_RESTORE")


@check
def keeps_what_names_of_processes_take():
    other = subprocess.Popen([*user_words(), "sh", "-c", "while sleep 0.1; do echo; done"], stdout=subprocess.DEVNULL,
                             start_new_session=True)
    try:
        with Tracer("-e", "tracepoint:syscalls:sys_enter_write /uid == " + USER + "/ { @[ustack] = count(); }") as tracer:
            expect_equal(f"{held(tracer.process.pid)[0]['CapEff']:x}", f"{USERS:x}", "CapEff")
            time.sleep(3)
            result = tracer.stop().expect_ok()
    finally:
        os.killpg(other.pid, signal.SIGKILL)
        other.wait()
    expect(re.search(r"write\+\d+", result.out), f"another user's process has no names: {result}")


@check
def keeps_what_cat_takes():
    secret = guest.temporary("secret", "the secret\n")
    os.chmod(secret, 0o600)
    os.chown(secret, 1234, 1234)
    os.chmod(os.path.dirname(secret), 0o700)
    os.chown(os.path.dirname(secret), 1234, 1234)
    result = staying(USERS | mask("SYSLOG"), "-e", f'END {{ cat("{secret}"); }} interval:s:9 {{ }}')
    expect("the secret\n" in result.out, str(result))


@check
def system_starts_commands_as_before():
    script = 'BEGIN { system("grep -E \\"^(CapEff|NoNewPrivs)\\" /proc/self/status"); exit(); }'
    result = btrun("--unsafe", "-q", "-e", script).expect_ok()
    want = open("/proc/self/status").read()
    for name in ("CapEff", "NoNewPrivs"):
        line = re.search(rf"^{name}:.*$", want, re.M).group(0)
        expect(line in result.out, f"not {line}: {result}")


@check
def command_runs_as_before():
    script = "interval:s:20 { exit(); }"
    result = btrun("-q", "-c", 'grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status', "-e", script).expect_ok()
    for name in ("CapEff", "CapBnd", "NoNewPrivs"):
        line = re.search(rf"^{name}:.*$", open("/proc/self/status").read(), re.M).group(0)
        expect(line in result.out, f"not {line}: {result}")


@check
def command_of_another_user_is_ended():
    started = time.monotonic()
    btrun("-q", "-c", f"setpriv --reuid={USER} --regid={USER} --clear-groups sleep 60", "-e", "interval:s:1 { exit(); }").expect_ok()
    expect(time.monotonic() - started < 40, "the command went on")


@check
def reaper_keeps_nothing():
    with Tracer("--attach=tracefs", "-e", "kprobe:ksys_write { @ = count(); }") as tracer:
        reapers = [path.split("/")[2] for path in glob.glob("/proc/[0-9]*/comm") if open(path).read() == "btrun-reaper\n"]
        expect_equal(len(reapers), 1, "reapers")
        sets, status = held(reapers[0])
        expect_equal(sum(sets.values()), 0, "its capabilities")
        expect_equal(status["NoNewPrivs"], "1", "NoNewPrivs")
        tracer.process.kill()
        tracer.process.wait()
        for _ in range(100):
            if "btrun_" not in open(TRACEFS + "/kprobe_events").read():
                return
            time.sleep(0.1)
        raise guest.Failure("the killed tracer's event is still there")


@check
def verbose_says_what_is_kept():
    result = btrun("-v", "-e", "BEGIN { printf(\"%s\", ustack); exit(); }").expect_ok()
    expect("keeps CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_CHECKPOINT_RESTORE: it prints names" in result.err, str(result))


def compiler_at_work(words):
    """/proc/PID/status and root of a btrun-compile that has shut itself in."""
    script = "BEGIN { " + 'printf("%d", pid); ' * 6000 + "}"
    path = guest.temporary("long.bt", script)
    os.chmod(os.path.dirname(path), 0o755)
    process = subprocess.Popen([*words, guest.BUILD + "/btrun", "--dry-run", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env=dict(os.environ, XDG_CACHE_HOME="/dev/null"))
    try:
        while process.poll() is None:
            for comm in glob.glob("/proc/[0-9]*/comm"):
                try:
                    if open(comm).read() != "btrun-compile\n":
                        continue
                    status = status_of(comm.split("/")[2])
                    if status["Seccomp"] == "2":
                        return status, os.readlink(os.path.dirname(comm) + "/root"), os.listdir(os.path.dirname(comm) + "/fd")
                except OSError:  # it has ended meanwhile
                    pass
            time.sleep(0.002)
    finally:
        process.kill()
        process.wait()
    raise guest.Failure("no compiler was seen under a filter")


@check
def compiler_is_nobody():
    status, root, files = compiler_at_work([])
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        expect_equal(int(status[name], 16), 0, name)
    for name in ("Uid", "Gid"):
        expect_equal(status[name].split(), ["65534"] * 4, name)
    expect_equal(status["Groups"], "", "Groups")
    expect_equal(status["NoNewPrivs"], "1", "NoNewPrivs")
    expect_equal(status["NSpid"].split()[1:], ["1"], "its own number in its PID namespace")
    expect(root.endswith("/fdinfo"), f"its root is {root}")
    expect(len(files) < 10, f"it holds {files}")


@check
def compiler_of_a_user_has_no_capabilities():
    with Setting(PARANOID, "2"):
        status, _, _ = compiler_at_work(user_words(*TRACE))
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        expect_equal(int(status[name], 16), 0, name)
    expect_equal(status["NoNewPrivs"], "1", "NoNewPrivs")


@check
def sandbox_holds_on_this_kernel():
    for words in ([], user_words()):
        result = run(*words, guest.BUILD + "/unit_sandbox_calls").expect_ok()
        expect(" 0 failed" in result.out and not result.out.startswith("0 "), str(result))


KINDS = {  # those that need perf events are not opened by kernel.perf_event_paranoid=3
    "fentry": ("kprobe:ksys_write", False, False),
    "fexit": ("kretprobe:ksys_write", False, False),
    "kprobe": ("kprobe:ksys_write", True, False),
    "tracepoint": ("tracepoint:sched:sched_switch", True, True),
    "raw": ("rawtracepoint:sched_switch", False, False),
    "profile": ("profile:hz:49", True, False),
    "software": ("software:cpu-clock:1000000", True, False),
    "iter": ("iter:task", False, False),
    "begin": ("BEGIN", False, False),
}


def kind_options(kind):
    return ["--attach=perf"] if kind == "kprobe" else []


def hit(kind, caps):
    script = KINDS[kind][0] + ' { printf("hit\\n"); exit(); }'
    with Writing():
        result = as_user(caps, script, "-q", *kind_options(kind)).expect_ok()
    expect("hit\n" in result.out, f"{kind} did not fire for {caps}: {result}")


@check
def user_traces_with_two_capabilities():
    with Setting(PARANOID, "2"), OpenTracefs():
        for kind in KINDS:
            hit(kind, TRACE)
        with Writing():
            result = as_user(TRACE, "kprobe:ksys_wri* { printf(\"hit\\n\"); exit(); }", "-q").expect_ok()
        expect("hit\n" in result.out, str(result))


@check
def user_needs_tracefs_for_tracepoints_only():
    with Setting(PARANOID, "2"):
        for probe in (probe for probe, _, tracefs in KINDS.values() if tracefs):
            as_user(TRACE, probe + " { exit(); }").expect_error(probe, "needs read access to tracefs", "mount -o remount,gid=GROUP")
        hit("kprobe", TRACE)
        hit("tracepoint", [*TRACE, "dac_read_search"])


@check
def user_is_told_of_perf_event_paranoid():
    with Setting(PARANOID, "3"), OpenTracefs():
        for kind, (probe, perf, _) in KINDS.items():
            if perf:
                as_user(TRACE, probe + " { exit(); }", *kind_options(kind)).expect_error(
                    f"cannot attach {probe}", "CAP_SYS_ADMIN only", "sysctl kernel.perf_event_paranoid=2")
        hit("fentry", TRACE)
        hit("raw", TRACE)
        hit("profile", [*TRACE, "sys_admin"])


@check
def user_is_told_of_uprobes():
    """CAP_SYS_ADMIN's since 2025, in the stable kernels too."""
    script = "uprobe:/bin/bash:main { exit(); } interval:s:1 { exit(); }"
    with Setting(PARANOID, "2"):
        result = as_user(TRACE, script)
        if result.status:
            result.expect_error("cannot attach uprobe:/bin/bash:main", "CAP_SYS_ADMIN only probe programs", "cap_sys_admin")
        as_user([*TRACE, "sys_admin"], script).expect_ok()


@check
def user_is_told_what_is_missing():
    for caps, missing in ((["bpf"], "lacks CAP_PERFMON"), (["perfmon"], "lacks CAP_BPF"), ([], "lacks CAP_BPF and CAP_PERFMON")):
        for probe in ("BEGIN", "kprobe:ksys_write", "profile:hz:9"):
            as_user(caps, probe + " { exit(); }").expect_error(missing, "setcap")


@check
def user_without_syslog_sees_numbers():
    with Setting(PARANOID, "2"), Writing():
        result = as_user(TRACE, "kprobe:ksys_write { printf(\"%s\\n\", ksym(reg(\"ip\"))); exit(); }", "-q").expect_ok()
        expect("CAP_SYSLOG" in result.err and re.search(r"^0x[0-9a-f]+", result.out), str(result))
        result = as_user([*TRACE, "syslog"], "kprobe:ksys_write { printf(\"%s\\n\", ksym(reg(\"ip\"))); exit(); }", "-q").expect_ok()
        expect(result.out.startswith("ksys_write"), str(result))


@check
def user_sees_losses():
    with Setting(PARANOID, "2"):
        result = as_user(TRACE, "BEGIN { @[1] = 1; @[2] = 1; @[3] = 1; exit(); }", "-q", ).expect_ok()
        expect("@[3]: 1" in result.out, str(result))
        result = run(*user_words(*TRACE), "env", "BPFTRACE_MAP_KEYS_MAX=1", guest.BUILD + "/btrun", "-q", "-e",
                     "BEGIN { @[1] = 1; @[2] = 1; exit(); }").expect_ok()
        expect("1 updates of @ failed" in result.err, str(result))
