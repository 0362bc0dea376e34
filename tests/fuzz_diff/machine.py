"""Runs programs: natively, or in a VM. An outcome says what went wrong, in a form that can be compared."""
import os
import re
import subprocess
import tempfile

from evaluate import expected
from tree import text_of

EXIT = "BEGIN { exit(); }\n"
TIMEOUT = 60
HERE = os.path.dirname(os.path.abspath(__file__))


class Outcome:
    """failed; kind: wrong, refused, crash ...; key: equal for what looks like the same defect; skipped: more than
    fits into a BPF program, which btrun may say."""

    def __init__(self, kind="", shown="", detail=""):
        self.kind, self.shown, self.failed = kind, shown, bool(kind)
        self.key = (kind, detail)
        self.skipped = not kind and bool(detail)


def shape(text):
    return re.sub(r"\w*\d\w*|\"[^\"]*\"", "#", text)


def message(err):
    """The first error of a run, without names and numbers."""
    line = next((x for x in err.split("\n") if "error" in x), err.split("\n")[0])
    return shape(line)[:120]


NOISE = re.compile(r"lost|dropped|could not|cannot|failed|truncated|did not fit|full")


def judge(status, out, err, wanted):
    """Of a script alone."""
    if status in (124, -9) or status < 0 or status >= 126:
        return Outcome("crash", f"status {status}\n{out}{err}", message(err))
    # The last is the verifier's limit for branches that it has yet to look at (BPF_COMPLEXITY_LIMIT_JMP_SEQ).
    if "is too large for a BPF program" in err or "BPF program is too large" in err or "jumps is too complex" in err:
        return Outcome("", err, "too large")
    if status:
        return Outcome("refused", f"status {status}\n{err[-3000:]}", message(err))
    if lines_of(out) != wanted:
        return Outcome("wrong", out + err)
    noise = [line for line in err.split("\n") if NOISE.search(line) and "warning:" not in line]
    if noise:
        return Outcome("noise", out + err, shape(noise[0]))
    return Outcome()


def items(lines):
    """Map lines with the histogram lines that follow them, by map."""
    found = []
    for line in lines:
        if line.startswith("@") or not found:
            found.append([line])
        else:
            found[-1].append(line)
    return found


def lines_of(out):
    """Lines without empty ones; what maps hold at the end in the order of their names, for that of
    the maps themselves is nobody's promise."""
    lines = [line for line in out.split("\n") if line]
    end = next((i + 1 for i, line in enumerate(lines) if re.fullmatch(r"\d+\.end", line)), len(lines))
    maps = sorted(items(lines[end:]), key=lambda item: re.match(r"@?\w*", item[0]).group())
    return lines[:end] + [line for item in maps for line in item]


def parted(out, count):
    """The output of many scripts in one image, each one's own."""
    parts, number = [[] for _ in range(count)], 0
    for line in out.split("\n"):
        found = re.match(r"(\d+)\.|@p(\d+)_", line)
        if found:
            number = int(found.group(1) or found.group(2))
        if number < count:
            parts[number].append(line)
    return ["\n".join(p) for p in parts]


def wanted_of(program, number):
    return lines_of("\n".join(expected(program, number)))


class Btrun:
    at_once = 1

    def __init__(self, build):
        self.path = os.path.join(os.path.abspath(build), "btrun")

    def command(self, *words):
        try:
            # A string in a script may be cut anywhere: bytes, not text.
            done = subprocess.run([self.path, "-q", *words], capture_output=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired as late:
            return 124, (late.stdout or b"").decode("latin-1"), (late.stderr or b"").decode("latin-1")
        return done.returncode, done.stdout.decode("latin-1"), done.stderr.decode("latin-1")

    def works(self):
        return self.command("-e", EXIT)[0] == 0

    def compiles(self, script):
        return self.command("--dry-run", "-e", script)[0] == 0

    def run_file(self, path):
        return self.command(path)

    def run_text(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".bt") as file:
            file.write(text)
            file.flush()
            return self.command(file.name)

    def emit(self, text, image):
        with tempfile.NamedTemporaryFile("w", suffix=".bt") as file:
            file.write(text)
            file.flush()
            return self.command("--emit-elf", image, file.name)

    def alone(self, program):
        return judge(*self.run_text(text_of(program, 0) + EXIT), wanted_of(program, 0))

    def outcomes(self, programs):
        """In one image; where that fails, each alone."""
        if len(programs) == 1:
            return [self.alone(programs[0])]
        text = "".join(text_of(p, i) for i, p in enumerate(programs)) + EXIT
        status, out, err = self.run_text(text)
        results = []
        for i, (program, part) in enumerate(zip(programs, parted(out, len(programs)))):
            if status == 0 and lines_of(part) == wanted_of(program, i):
                results.append(Outcome())
                continue
            result = self.alone(program)
            if status == 0 and not result.failed:
                result = Outcome("wrong among others", part)
            results.append(result)
        if status and not any(r.failed or r.skipped for r in results):
            results[0] = Outcome("fails among others", f"status {status}\n{err[-3000:]}", message(err))
        return results


class Guest:
    """The same in a VM: images are compiled here, and each boot runs many."""
    at_once = 40

    def __init__(self, btrun, kernel):
        self.btrun, self.kernel = btrun, kernel

    def boot(self, folder, n):
        """Runs 0.image ... in the guest; leaves N.out, N.err, N.status."""
        script = (f"for i in $(seq 0 {n - 1}); do [ -e {folder}/$i.image ] || continue; timeout {TIMEOUT} {self.btrun.path} -q "
                  f"{folder}/$i.image >$BTRUN_VM_OUT/$i.out 2>$BTRUN_VM_OUT/$i.err </dev/null; echo $? >$BTRUN_VM_OUT/$i.status; done")
        vm = os.path.join(HERE, "..", "vm", "run")
        subprocess.run([vm, "--timeout", "900", "--out", folder, self.kernel, "--", "sh", "-c", script],
                       capture_output=True, check=False)

    def run(self, texts):
        """(status, out, err) of each."""
        results = []
        with tempfile.TemporaryDirectory() as folder:
            compiled = [self.btrun.emit(text, f"{folder}/{i}.image") for i, text in enumerate(texts)]
            self.boot(folder, len(texts))
            for i, (status, out, err) in enumerate(compiled):
                if status == 0:
                    files = [f"{folder}/{i}.{suffix}" for suffix in ("status", "out", "err")]
                    status, out, err = (read(f) for f in files)
                    status = int(status) if status.strip() else 126
                results.append((status, out, err))
        return results

    def outcomes(self, programs):
        texts = [text_of(p, 0) + EXIT for p in programs]
        return [judge(*result, wanted_of(p, 0)) for p, result in zip(programs, self.run(texts))]

    def together(self, programs):
        """All in one image. What fails there is run once more, alone; natively too if it fails here as well."""
        text = "".join(text_of(p, i) for i, p in enumerate(programs)) + EXIT
        [(status, out, err)] = self.run([text])
        parts = parted(out, len(programs))
        bad = [i for i, p in enumerate(programs) if status or lines_of(parts[i]) != wanted_of(p, i)]
        if not bad:
            return [Outcome()] * len(programs)
        print(f"{len(bad)} of the image fail (status {status}): each alone\n{err[-2000:]}", flush=True)
        results = [Outcome()] * len(programs)
        alone = self.outcomes([programs[i] for i in bad])
        for i, outcome in zip(bad, alone):
            results[i] = outcome if outcome.failed or status else Outcome("wrong among others", parts[i])
        if status and not any(r.failed or r.skipped for r in results):
            results[0] = Outcome("fails among others", f"status {status}\n{err[-3000:]}", message(err))
        return results


def read(path):
    try:
        with open(path, encoding="latin-1", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""
