"""The sample unit: with its capabilities alone, and under a systemd of the guest's own with all of its options."""
import os
import shutil
import signal
import subprocess
import tempfile
import time

import guest
from guest import READY, Skip, check, expect, run
import checks_tcpaccept as tcpaccept

UNIT = guest.ROOT + "/packaging/btrun@.service"
UNITS = "/run/systemd/system"
# They go through all of the file system and all devices: minutes here.
MASKED = ["systemd-tmpfiles-setup.service", "systemd-tmpfiles-setup-dev.service", "systemd-udevd.service", "systemd-udevd-control.socket",
          "systemd-udevd-kernel.socket", "systemd-udev-trigger.service", "systemd-journald.service", "systemd-journald.socket",
          "systemd-journald-dev-log.socket", "systemd-journald-audit.socket", "systemd-journal-flush.service", "tmp.mount"]


def bounded(*args, **more):
    """btrun as root with the unit's capabilities and no more."""
    with open(UNIT) as file:
        (line,) = [l for l in file if l.startswith("CapabilityBoundingSet=")]
    names = line.strip().partition("=")[2].split()
    keep = ",".join("+" + n.removeprefix("CAP_").lower() for n in names)
    return ["setpriv", "--no-new-privs", f"--bounding-set=-all,{keep}", f"--inh-caps=-all,{keep}", guest.BUILD + "/btrun", *args]


@check
def service_capabilities_suffice():
    """tcpaccept as a script and as an image; return probes through tracefs."""
    image = tempfile.mktemp()
    guest.btrun("--emit-elf", image, tcpaccept.OURS).expect_ok()
    for what in (tcpaccept.OURS, image):
        process = subprocess.Popen(bounded(what), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env={**os.environ, READY: "1"})
        out = ""
        while READY not in out:
            line = process.stdout.readline()
            expect(line, f"it ended: {process.stderr.read() if not line else ''}")
            out += line
        truth = tcpaccept.Server("--threads", "5", "--queue", "3").finish()
        process.send_signal(signal.SIGINT)
        rest, err = process.communicate(timeout=60)
        expect(process.returncode == 0, err)
        lines = [l for l in (out + rest).splitlines(True) if READY not in l]
        tcpaccept.expect_same(tcpaccept.lines_of("".join(lines)), truth, err)
    os.unlink(image)
    script = "kretprobe:vfs_read { @ = count(); } interval:ms:300 { exit(); }"
    with Perf():
        done = run(*bounded("-v", "--attach=tracefs", "-e", script)).expect_ok()
    expect("tracefs" in done.err and "@: " in done.out, done)
    run(*bounded("-e", script)).expect_error("interval:ms:300")


class Perf:
    """Debian's kernels ask for CAP_SYS_ADMIN for all that is a perf event."""

    def __enter__(self):
        with open("/proc/sys/kernel/perf_event_paranoid") as file:
            self.before = file.read()
        write("/proc/sys/kernel/perf_event_paranoid", "2")

    def __exit__(self, *error):
        write("/proc/sys/kernel/perf_event_paranoid", self.before)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


class Systemd:
    """A manager that is the first process of its own namespace, with none of the system's units to start."""

    def __init__(self):
        with open(UNIT) as file:
            text = file.read()
        expect(text.count("/usr/sbin/btrun ") == 1, "the unit starts another program")
        write(UNITS + "/btrun@.service", text.replace("/usr/sbin/btrun ", guest.BUILD + "/btrun "))
        for target in ("sysinit", "basic", "only"):
            write(f"{UNITS}/{target}.target", "[Unit]\nDescription=nothing\nDefaultDependencies=no\n")
        for name in MASKED:
            os.symlink("/dev/null", f"{UNITS}/{name}")
        self.process = subprocess.Popen(
            ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--cgroup", "--mount-proc", "/lib/systemd/systemd", "--system",
             "--unit=only.target", "--log-target=null", "--show-status=no"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={"container": "lxc", "PATH": os.environ["PATH"]})
        self.manager = None

    def within(self):
        return ["nsenter", "-t", self.manager, "-p", "-m", "-C", "--"]

    def inside(self, *command):
        """nsenter leaves a child behind when it is killed: the time limit is the child's."""
        return run(*self.within(), "timeout", "-s", "KILL", "50", *command, timeout=60)

    def __enter__(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            time.sleep(0.5)
            children = run("pgrep", "-P", str(self.process.pid)).out.split()
            self.manager = children[0] if children else None
            if children and self.inside("systemctl", "is-system-running").out.strip() == "running":
                return self
        self.__exit__()
        raise Skip("systemd does not come up in a minute: nothing of btrun was started")

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(UNITS)

    def add(self, name, source, options=""):
        """The script in place, with what it prints in files."""
        shutil.copy(source, f"/etc/btrun/{name}")
        write(f"{UNITS}/btrun@{name}.service.d/test.conf",
              f"[Service]\nStandardOutput=append:/run/{name}.out\nStandardError=append:/run/{name}.err\n{options}")

    def start(self, name):
        done = self.inside("systemctl", "start", f"btrun@{name}")
        if done.status != 0:
            how = self.show(name, "ExecMainStatus"), run("df", "-h", "/", "/run").out, run("free", "-m").out
            raise guest.Failure("\n".join([str(done), read(f"/run/{name}.err"), "its status, and what room there is:", *how]))

    def show(self, name, what):
        return self.inside("systemctl", "show", "-p", what, "--value", f"btrun@{name}").out.strip()

    def stop(self, name):
        self.inside("systemctl", "stop", f"btrun@{name}").expect_ok()
        expect(self.show(name, "Result") == "success", self.show(name, "Result"))
        return read(f"/run/{name}.out"), read(f"/run/{name}.err")


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except FileNotFoundError:
        return ""


@check(alone=True)
def service_under_systemd():
    """A script, the same from its cache, an image, and a return probe that is made through tracefs. In ./check --full: on a busy
    machine systemd itself does not always come up in the guest, and on 6.1 never (it hangs in a write to cgroup.subtree_control)."""
    os.makedirs("/etc/btrun", exist_ok=True)
    image, probe = tempfile.mktemp(), tempfile.mktemp()
    guest.btrun("--emit-elf", image, tcpaccept.OURS).expect_ok()
    write(probe, 'kretprobe:vfs_read { @reads = count(); } END { printf("%s\\n", comm); }')
    with Systemd() as systemd:
        systemd.add("tcpaccept.bt", tcpaccept.OURS)
        systemd.add("tcpaccept", image)
        systemd.add("probe.bt", probe, f"ExecStart=\nExecStart={guest.BUILD}/btrun -v --attach=tracefs /etc/btrun/%i\n")
        for name in ("tcpaccept.bt", "tcpaccept.bt", "tcpaccept"):
            for kind in ("out", "err"):
                write(f"/run/{name}.{kind}", "")
            systemd.start(name)
            expect("Attached" in systemd.show(name, "StatusText"), systemd.show(name, "StatusText"))
            # btrun tells processes by their numbers in its namespace.
            truth = tcpaccept.Server("--threads", "5", "--queue", "3", within=systemd.within()).finish()
            out, err = systemd.stop(name)
            tcpaccept.expect_same(tcpaccept.lines_of(out), truth, err)
            mode = os.stat("/var/cache/btrun").st_mode & 0o777
            expect(mode == 0o700 and len(os.listdir("/var/cache/btrun")) > 0, f"the cache: {mode:o}")
        with Perf():
            systemd.start("probe.bt")
            out, err = systemd.stop("probe.bt")
        expect("tracefs" in err and "@reads: " in out and "\nbtrun" in "\n" + out, f"{out}\n{err}")
    for path in (image, probe):
        os.unlink(path)
