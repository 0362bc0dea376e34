"""same --self-test: what is altered is seen, and named."""
import argparse
import contextlib
import io
import os
import shutil
import tempfile

from compiler import ONE_FORM, PROGRAMS, Compiler, label
from image_file import sections


class Altering(Compiler):
    """Of one image a byte in the middle of a section is another."""
    where, section = "tools/tcpaccept 6.1 one-form", None

    def take(self, path, job):
        data = bytearray(super().take(path, job))
        if label(job) == self.where:
            data[next(at + len(body) // 2 for name, _, at, body in sections(data) if name == self.section)] ^= 1
        return bytes(data)


class Deaf(Compiler):
    """Messages have lost their hints."""

    def compile(self, job):
        name, found = super().compile(job)
        return name, {part: value.replace("hint: ", "") if part == "messages" else value for part, value in found.items()}


def heard(function, *args):
    """(status, what it printed)"""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            status = function(*args)
        except SystemExit as end:
            status = end.code
    return status, out.getvalue().splitlines()


def check_ways(known):
    """The heard() of a check that each way made what it is for: a renamed option of the compiler would go unseen."""
    forms = {way: {part.split("/")[0] for part in known[f"tools/tcpaccept 6.1 {way}"] if "/" in part and part[0] != "."}
             for way in ("portable", "native", "one-form")}
    relocated = known["tools/tcpaccept 6.1 portable"][".BTF.ext:relocations"]
    right = ("kretprobe" in forms["portable"] & forms["native"] and "fexit" in forms["native"] & forms["one-form"] and
             "kretprobe" not in forms["one-form"] and relocated != known["tools/tcpaccept 6.1 native"][".BTF.ext:relocations"])
    return 0 if right else 1, [str(forms)]


def checks(build, folder, known, run):
    """(name, status, what has to be among the lines, what was heard)"""
    refused = sum("whole" not in found for found in known.values())
    total = len(known)
    yield "ways", 0, [], check_ways(known)
    yield "nothing is altered", 0, [f"{total} passed, 0 failed"], run()
    for section in [part for part in known[Altering.where] if part[0] != "." and "/" in part] + [".text", ".maps", ".rel.BTF"]:
        Altering.section = section
        lines = [f"{Altering.where}: {section}", f"{total - 1} passed, 1 failed"]
        yield f"a byte of {section}", 1, lines, run(Altering)
    yield "a byte of what is left out", 0, [f"{total} passed, 0 failed"], run(Altering, leave_out=["btf"])
    yield "messages", 1, [f"{total - refused} passed, {refused} failed"], run(Deaf)
    os.mkdir(folder + "/build")
    yield "no compiler", 1, ["0 passed, 1 failed"], run(by=folder + "/build")
    for program in PROGRAMS:
        shutil.copy(f"{build}/{program}", f"{folder}/build/{program}")
    with open(folder + "/build/btrun-compile", "w") as file:
        file.write("#!/bin/sh\nexit 1 # " + "\0".join(ONE_FORM) + "\0")
    yield "a compiler that refuses all", 1, ["nothing was compiled"], run(by=folder + "/build")


def self_test(build, record, against, load):
    """record and against do what the options of these names do; load reads a record."""
    folder = tempfile.mkdtemp(prefix="same.")
    options = argparse.Namespace(only=["tools/tcpaccept", "golden/analysis/names"], leave_out=[], keep=None, full=False)

    def run(compiler=Compiler, by=build, leave_out=()):
        return heard(against, folder, by, argparse.Namespace(**{**vars(options), "leave_out": leave_out}), compiler)

    heard(record, folder, build, options)
    known = load(folder)["results"]
    failed = passed = 0
    for name, status, lines, (got, out) in checks(build, folder, known, run):
        right = got == status and not set(lines) - set(out)
        passed, failed = passed + right, failed + (not right)
        if not right:
            print(f"{name}: failed: status {got}:", *out, sep="\n    ")
    shutil.rmtree(folder)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0
