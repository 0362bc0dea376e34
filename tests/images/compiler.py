"""Scripts compiled by the programs of a build: for which kernels, in which ways, and what came out."""
import atexit
import fnmatch
import multiprocessing
import os
import platform
import shutil
import subprocess
import sys
import tempfile

from parts import parts

PROGRAMS = ("btrun", "btrun-compile", "btrun-headers", "btrun-dwarf")
ONE_FORM = ("one-kind", "one-form")  # what the option is called now, and was: the first that the compiler knows
WAYS = ("portable", "native", "one-form")
LIMIT = 120  # seconds of a compile
SHIM = """#!/bin/sh
for word do
	case $word in --portable | --open-parameters) ;; *) set -- "$@" "$word" ;; esac
	shift
done
exec %s %s "$@"
"""


def refuse(why):
    print(f"same: {why}\n0 passed, 1 failed")
    sys.exit(1)


class Compiler:
    """A build's programs, in a folder for each way."""

    def __init__(self, build, scripts, keep=None):
        self.scripts, self.keep, self.work = os.path.abspath(scripts), keep, tempfile.mkdtemp(prefix="same.")
        atexit.register(shutil.rmtree, self.work, True)
        missing = [p for p in PROGRAMS if not os.access(f"{build}/{p}", os.X_OK)]
        if missing:
            refuse(f"{build} has no {' and no '.join(missing)}")
        for way in WAYS:
            os.mkdir(f"{self.work}/{way}")
            for program in PROGRAMS:  # as they are now: a build may go on beside this
                shutil.copy(f"{build}/{program}", f"{self.work}/{way}/{program}")
        for way, option in (("native", ""), ("one-form", "--" + self.one_form())):
            with open(f"{self.work}/{way}/btrun-compile", "w") as file:
                file.write(SHIM % (f"{self.work}/portable/btrun-compile", option))

    def one_form(self):
        with open(f"{self.work}/portable/btrun-compile", "rb") as file:
            data = file.read()
        known = [name for name in ONE_FORM if name.encode() + b"\0" in data]
        return known[0] if known else refuse(f"btrun-compile has none of the options {ONE_FORM}: has it been renamed?")

    def compile(self, job):
        """(label, the parts of what came out); the messages as they are."""
        script, kernel, way = job
        image = f"{self.work}/{os.getpid()}.o"
        command = [f"{self.work}/{way}/btrun", "-q", "--emit-elf", image, *script["options"],
                   *(["--btf", "btf/" + kernel] if kernel != "here" else []), script["name"] + ".bt", *script["args"]]
        env = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": "/dev/null", **script["env"]}
        try:
            done = subprocess.run(command, cwd=self.scripts, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=LIMIT)
        except subprocess.TimeoutExpired:
            return label(job), {"status": f"not done after {LIMIT} s"}
        found = {"status": str(done.returncode), "messages": done.stdout.decode(errors="replace")}
        if os.path.exists(image):
            found.update(parts(self.take(image, job)))
        return label(job), found

    def take(self, path, job):
        """The image's bytes; the file is away."""
        with open(path, "rb") as file:
            data = file.read()
        if self.keep:
            shutil.copy(path, f"{self.keep}/{label(job).replace('/', '_').replace(' ', '.')}.o")
        os.remove(path)
        return data

    def run(self, jobs):
        """{label: parts}. The long ones come first, so that no CPU waits at the end."""
        jobs = sorted(jobs, key=lambda job: -job[0]["size"])
        with multiprocessing.Pool(os.cpu_count()) as pool:
            return dict(pool.imap_unordered(self.compile, jobs, chunksize=4))


def label(job):
    return f"{job[0]['name']} {job[1]} {job[2]}"


def kernels():
    return ["6.1", "6.12"] + (["here"] if os.path.exists("/sys/kernel/tracing/events") else [])


def this_kernel():
    return f"{platform.release()} {platform.version()}"


def tells(script, kernel, way):
    """Whether this compile shows what no other one does: a script without a word of a kernel gives the same for each, and native
    the same as one-form; "here" is for what tracefs says; what native has more than one-form does not depend on the kernel."""
    if kernel == "6.1":
        return script["kernels"] or way != "native"
    return script["tracepoints"] if kernel == "here" else script["kernels"] and way != "native"


def is_wanted(job, only, full):
    script, kernel, way = job
    return (full or tells(script, kernel, way)) and (
        not only or any(fnmatch.fnmatchcase(text, p) for text in (script["name"], label(job)) for p in only))


def jobs_of(scripts, only, full):
    jobs = [(script, kernel, way) for script in scripts for kernel in kernels() for way in WAYS]
    return [job for job in jobs if is_wanted(job, only, full)]
