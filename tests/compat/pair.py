"""Runs one case under both tracers at once, and judges it."""
import difflib
import re
import shutil
import subprocess
import tempfile
import time

from normal import normalise
from tracer import Tracer, wait_until

LOST = ("Lost ", "lost ")


class WorkloadError(Exception):
    pass


class Outcome:
    """kind: same, documented, differs, btrun-error, peer-error, skipped; detail: why."""

    def __init__(self, case, kind, detail="", tracers=()):
        self.case, self.kind, self.detail = case, kind, detail
        self.figures = {t.name: {"ready": t.ready_after, "rss": t.rss} for t in tracers}

    @property
    def passed(self):
        return self.kind in ("same", "documented")

    def record(self):
        return {"name": self.case.full_name, "kind": self.kind, "detail": self.detail, "differs": self.case.differs,
                "normalise": self.case.normalise, **self.figures}


class Setting:
    """Where things are, and how patient to be (a guest under TCG is ten times slower)."""

    def __init__(self, build, slow=1, only=None, images=()):
        self.btrun = build + "/btrun"
        self.target = build + "/peer_target"
        self.slow = slow
        self.images = images  # folders: a btrun for each runs NAME.o of it in place of the script
        self.only = only  # "peer" or "btrun": run just that one

    def names(self):
        return {"peer": ["bpftrace"], "btrun": ["btrun"]}.get(self.only, ["bpftrace", "btrun"])


class Place:
    """What one case has for itself: a directory, and a copy of the target, whose probes no other case sees."""

    def __init__(self, case, setting, directory):
        texts = [case.script, case.run or "", *case.args, *case.options]
        self.setting, self.directory, self.target = setting, directory, directory + "/peer_target"
        self.waiting = None
        self.stages = case.workload(self) if case.workload else None
        if any("$TARGET" in t or "{pid}" in t for t in texts):
            shutil.copy(setting.target, self.target)
        if any("{pid}" in t for t in texts):
            self.waiting = subprocess.Popen([self.target, "wait"], stdout=subprocess.DEVNULL)

    def fill(self, text):
        text = text.replace("$TARGET", self.target).replace("$DIR", self.directory)
        return text.replace("{pid}", str(self.waiting.pid if self.waiting else 0))

    def prepare(self):
        """The workload's part before the tracers start."""
        if self.stages:
            next(self.stages, None)

    def remove(self):
        if self.stages:
            self.stages.close()
        if self.waiting:
            self.waiting.kill()
            self.waiting.wait()


def script_file(case, place, name):
    if case.path and not (name == "bpftrace" and case.peer_script):
        return case.path
    text = case.script
    if case.path:
        with open(case.path) as file:
            text = file.read()
        for old, new in case.peer_script:
            if old not in text:
                raise SystemExit(f"{case.full_name}: no {old!r} in {case.path}")
            text = text.replace(old, new)
    path = f"{place.directory}/{case.name}.bt" if not case.path else f"{place.directory}/{case.name}.{name}.bt"
    with open(path, "w") as file:
        file.write(place.fill(text))
    return path


def start(case, setting, place):
    options = [place.fill(o) for o in case.options]
    args = [place.fill(a) for a in case.args]
    env = {"__BPFTRACE_NOTIFY_PROBES_ATTACHED": "1", **case.env}
    programs = {"bpftrace": ["bpftrace", "-B", "line"], "btrun": [setting.btrun]}
    files = {name: [script_file(case, place, name)] for name in setting.names()}
    if setting.images and "btrun" in files:
        files["btrun"] = [f"{folder}/{case.name}.o" for folder in setting.images]
    return [Tracer(name, [*programs[name], *options, file, *args], env) for name in files for file in files[name]]


def ends_itself(case):
    return "exit()" in case.script and not case.run and not case.workload


def carry_out(case, setting, tracers, place):
    """Waits for both, runs the workload, ends both. Returns what went wrong, or None."""
    limit = 30 * setting.slow
    if ends_itself(case):
        for one in tracers:
            if not one.wait(limit):
                return f"{one.name} did not end after {limit} s"
        return None
    if not wait_until(lambda: all([t.poll_ready() for t in tracers]), limit):
        late = [t.name for t in tracers if not t.poll_ready()]
        return f"{' and '.join(late)} not attached after {limit} s"
    if all(t.ended and t.process.returncode for t in tracers):
        return None  # where only btrun fails, the workload still proves itself by bpftrace
    trouble = work(case, setting, place, tracers, limit)
    for one in tracers:
        one.measure()
    for one in tracers:
        one.interrupt()
    for one in tracers:
        if not one.wait(limit):
            trouble = trouble or f"{one.name} did not end {limit} s after SIGINT"
    return trouble


def work(case, setting, place, tracers, limit):
    """The workload; then time for what it made the tracers print."""
    time.sleep(0.05 * setting.slow)
    trouble = None
    try:
        if place.stages:
            trouble = wait_for_lines(next(place.stages, None), tracers, limit)
        elif case.run:
            done = subprocess.run(["bash", "-c", place.fill(case.run)], stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=limit)
            if done.returncode:
                trouble = f"the workload ended with {done.returncode}: {done.stderr[-300:]}"
        if case.seconds:
            time.sleep(case.seconds)
    except subprocess.TimeoutExpired as late:
        trouble = f"the workload was not done after {late.timeout} s"
    except WorkloadError as wrong:
        trouble = f"the workload: {wrong}"
    time.sleep(0.3 if setting.slow == 1 else 1.5)  # both read their buffers now and then
    return trouble


def wait_for_lines(patterns, tracers, limit):
    """Until each tracer that lives has printed every pattern: some print once a second, some late."""
    patterns = [patterns] if isinstance(patterns, str) else patterns or []

    def printed():
        return all(one.ended or all(re.search(p, one.out, re.M) for p in patterns) for one in tracers)
    wait_until(printed, min(limit, 30), 0.2)  # what is missing then shows in the comparison


def judge(case, tracers, trouble):
    """Each btrun beside the one bpftrace: the first result that is no pass, or the last."""
    peers = [t for t in tracers if t.name != "btrun"]
    outcome = None
    for one in [t for t in tracers if t.name == "btrun"] or [None]:
        outcome = judge_pair(case, peers + ([one] if one else []), trouble)
        if not outcome.passed:
            if one and len(tracers) > 2:
                outcome.detail = f"{' '.join(one.command)}: {outcome.detail}"
            break
    return outcome


def judge_pair(case, tracers, trouble):
    by_name = {t.name: t for t in tracers}
    btrun, peer = by_name.get("btrun"), by_name.get("bpftrace")
    if case.refuse:
        return judge_refusal(case, tracers, btrun, peer)
    if trouble:
        return Outcome(case, "peer-error" if "btrun" not in trouble else "btrun-error", trouble, tracers)
    wrong_peer = peer and failed(case, peer)
    if wrong_peer and not case.differs:
        return Outcome(case, "peer-error", wrong_peer, tracers)
    if btrun and failed(case, btrun):
        return Outcome(case, "btrun-error", failed(case, btrun), tracers)
    lines = {t.name: normalise(t.out, case, t) for t in tracers}
    if peer and not case.differs and not any(lines["bpftrace"]):
        return Outcome(case, "peer-error", "bpftrace printed nothing: the case proves nothing", tracers)
    if case.differs:
        return judge_documented(case, lines, wrong_peer, tracers)
    if len(tracers) < 2:
        return Outcome(case, "same", "\n".join(lines[tracers[0].name]), tracers)
    if lines["bpftrace"] == lines["btrun"]:
        return Outcome(case, "same", "", tracers)
    return Outcome(case, "differs", diff(lines), tracers)


def judge_refusal(case, tracers, btrun, peer):
    for one in tracers:
        one.wait(5)
    if peer and case.refuse == "both" and peer.process.returncode == 0:
        return Outcome(case, "peer-error", "bpftrace takes this script", tracers)
    if peer and case.refuse == "btrun" and peer.process.returncode != 0:
        return Outcome(case, "peer-error", "bpftrace refuses this script too", tracers)
    if btrun and btrun.process.returncode == 0:
        return Outcome(case, "differs", "btrun takes a script that it should refuse", tracers)
    if btrun and "error" not in btrun.err.lower():
        return Outcome(case, "btrun-error", "refused without an error message", tracers)
    return Outcome(case, "documented" if case.refuse == "btrun" else "same", "", tracers)


def failed(case, one):
    """Why a tracer's run says nothing of the script, or None."""
    if one.process.returncode != case.status and not (one.ended_by_us and one.process.returncode == -2):
        return one.first_error()
    lost = [l for l in (one.out + one.err).splitlines() if l.startswith(LOST)]
    return lost[0] if lost else None


def judge_documented(case, lines, wrong_peer, tracers):
    """The peer is known to be wrong: btrun must print what is right, and the peer still something else."""
    lines = {name: [l.rstrip() for l in those] for name, those in lines.items()}  # "prints" lines hold no blank at the end
    if "btrun" in lines and lines["btrun"] != case.prints:
        return Outcome(case, "differs", diff({"expected": case.prints, "btrun": lines["btrun"]}), tracers)
    if "bpftrace" in lines and lines["bpftrace"] == case.prints and not wrong_peer:
        return Outcome(case, "differs", f"bpftrace prints the same: {case.differs} is no difference", tracers)
    return Outcome(case, "documented", case.differs, tracers)


def diff(lines):
    (a, left), (b, right) = lines.items()
    return "\n".join(difflib.unified_diff(left, right, a, b, lineterm="", n=2))


def run_case(case, setting):
    with tempfile.TemporaryDirectory(prefix="peer.") as directory:
        place, tracers = Place(case, setting, directory), []
        try:
            try:
                place.prepare()
            except (WorkloadError, subprocess.TimeoutExpired) as wrong:
                return Outcome(case, "peer-error", f"cannot prepare the workload: {wrong}")
            tracers = start(case, setting, place)
            return judge(case, tracers, carry_out(case, setting, tracers, place))
        finally:
            for one in tracers:
                one.remove()
            place.remove()
