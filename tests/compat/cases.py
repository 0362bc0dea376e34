"""Reads cases/*.cases: the one-liners and small scripts.

A file is a list of cases:

	%% name                 starts a case
	% key: value            what is not the usual
	text of the script, until the next "%%"

Keys, all optional:

	args       positional parameters, in the shell's way
	options    options for both tracers
	env        NAME=VALUE ... for both
	run        a shell command, once both are attached; $TARGET is the program of
	           target.c, $DIR a directory of the case's own
	normalise  normalisers (normal.py), in this order
	needs      "vm": kprobes or kernel memory, so not on a locked-down machine;
	           "6.12": only there
	alone      "yes": not beside another case, whose processes it would see too
	seconds    how long to trace when neither "run" nor exit() says so
	refuse     "both": both must end with an error; "btrun": an error of ours where bpftrace takes
	           it (then "differs" too)
	differs    an anchor of DIFFERENCES.md: bpftrace is wrong here, or cannot do it. Then
	prints     the line that btrun must print; repeat it for more lines
	status     the exit status of both, when not 0

"{pid}" in args, run and options is the pid of a target that waits; "// " comments are the script's own.
"""
import glob
import os
import shlex

HERE = os.path.dirname(os.path.abspath(__file__))
KEYS = {"args", "options", "env", "run", "normalise", "needs", "seconds", "refuse", "differs", "prints", "status",
        "alone"}


class Case:
    def __init__(self, name, family):
        self.name, self.family = name, family
        self.script, self.path = "", None
        self.args, self.options, self.env = [], [], {}
        self.run, self.normalise, self.needs = None, [], []
        self.seconds, self.refuse, self.differs, self.prints = None, None, None, []
        self.status, self.alone = 0, None
        self.workload = None  # of a tool: a generator function of workloads/
        self.keep = None  # of a tool: only lines that match are compared
        self.absent = {}  # of a tool: kernel that lacks what it probes -> who refuses, as "refuse"
        self.peer_script = None  # of a tool that bpftrace can't read: (text, replacement) pairs that it is given

    @property
    def full_name(self):
        return f"{self.family}/{self.name}"

    def set(self, key, value):
        if key in ("args", "options"):
            setattr(self, key, shlex.split(value))
        elif key == "env":
            self.env = dict(word.split("=", 1) for word in shlex.split(value))
        elif key in ("normalise", "needs"):
            setattr(self, key, value.split())
        elif key == "prints":
            self.prints.append(value)
        elif key in ("seconds", "status"):
            setattr(self, key, float(value))
        elif key in KEYS:
            setattr(self, key, value)
        else:
            raise SystemExit(f"{self.full_name}: no key {key!r}")


def read(path):
    family, cases, case = os.path.basename(path).removesuffix(".cases"), [], None
    for line in open(path):
        if line.startswith("%% "):
            case = Case(line[3:].strip(), family)
            cases.append(case)
        elif line.startswith("% ") and not case.script:
            key, _, value = line[2:].rstrip("\n").partition(":")
            case.set(key, value[1:] if value.startswith(" ") else value)
        elif case:
            case.script += line
    names = [c.name for c in cases]
    for name in names:
        if names.count(name) > 1:
            raise SystemExit(f"{path}: two cases named {name}")
    return cases


def load():
    return [case for path in sorted(glob.glob(HERE + "/cases/*.cases")) for case in read(path)]
