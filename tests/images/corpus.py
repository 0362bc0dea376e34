"""The scripts that tests/images/same compiles: all that the tests have, and bpftrace's tools.

They are copied, with what they are compiled with, so that a record of them can be compared with long after the tests have moved.
"""
import ast
import glob
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, ROOT + "/tests/compat")
sys.dont_write_bytecode = True
import cases  # noqa: E402

PROBES = ("begin|end|self|bench|k|kr|kprobe|kretprobe|u|ur|uprobe|uretprobe|t|tracepoint|rt|rawtracepoint|f|fr|fentry|fexit|kfunc|"
          "kretfunc|i|interval|p|profile|s|software|h|hardware|w|watchpoint|aw|asyncwatchpoint|U|usdt|it|iter")
A_SCRIPT = re.compile(rf"^\s*(BEGIN|END|({PROBES})(:[^\n]*)?)\s*[,/{{].*\}}", re.M | re.S)
STATEMENTS = re.compile(r"^[^{}:]*(\$\w+ = |@\w* ?[=+\[]|\bprintf?\().*;\s*$", re.S)
IN_SHELL = re.compile(r"'([^']*\{[^']*\})'")
# What the code of a script can depend on the kernel by
OF_THE_KERNEL = re.compile(r"\b(?!(BEGIN|END|begin|end|i|interval|p|profile|s|software|h|hardware|w|watchpoint|aw|asyncwatchpoint)\b)"
                           rf"({PROBES})\s*:|\b(struct|union|enum|curtask|offsetof|sizeof)\b|#include")
TRACEPOINTS = re.compile(r"\b(t|tracepoint|rt|rawtracepoint)\s*:")
LONG = "BEGIN {\n" + "".join(
    f"@x{i % 5} += {i}; @c[{i % 7}] = count(); @s = sum({i}); @y{i % 3}++; if (@x0 % 2 == 0) {{ @z -= {i}; }}\n"
    for i in range(200)) + "exit(); }\n"


class Script:
    def __init__(self, name, text, options=(), args=(), env=None):
        self.name, self.text, self.options, self.args, self.env = name, text, list(options), list(args), env or {}

    def has(self, pattern):
        return bool(pattern.search(self.text))


def in_files():
    """Each .bt as it stands."""
    paths = glob.glob(ROOT + "/tests/**/*.bt", recursive=True) + glob.glob(ROOT + "/scripts/*.bt")
    for path in sorted(paths, key=lambda path: ("/fuzz/" in path, path)):  # those are copies of golden's
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            yield Script(os.path.relpath(path, ROOT).removeprefix("tests/").removesuffix(".bt"), file.read())
    for path in sorted(glob.glob("/usr/sbin/*.bt")):
        with open(path) as file:
            yield Script("tools/" + os.path.basename(path).removesuffix(".bt"), file.read(), ["--unsafe"])


def filled(text):
    return text.replace("$TARGET", "./target").replace("$DIR", ".").replace("{pid}", "1")


def in_cases():
    for case in cases.load():
        options = ["--unsafe"]
        for i, option in enumerate(case.options):
            if option in ("-I", "--include", "-p"):
                options += [option, filled(case.options[i + 1])]
        yield Script("compat/" + case.full_name, filled(case.script), options, [filled(a) for a in case.args], case.env)


def constant(node):
    """The text of a string, {...} of an f-string being 1, or None."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "1" for v in node.values)
    return None


def quoted(path, text):
    """The strings of a Python or shell file, with their lines."""
    if "python3" in text.split("\n", 1)[0] or path.endswith(".py"):
        for node in ast.walk(ast.parse(text)):
            if constant(node):
                yield node.lineno, constant(node)
    elif text.startswith(("#!/bin/bash", "#!/bin/sh")):
        for found in IN_SHELL.finditer(text):
            yield text.count("\n", 0, found.start()) + 1, found.group(1)


def in_programs():
    """What stands in the tests' programs between quotes and looks like a script, or like its statements."""
    for path in sorted(glob.glob(ROOT + "/tests/**/*", recursive=True)):
        if not os.path.isfile(path) or "/corpus/" in path or path.startswith(HERE):
            continue
        with open(path, errors="replace") as file:
            text = file.read()
        for i, (line, string) in enumerate(quoted(path, text)):
            name = f"{os.path.relpath(path, ROOT).removeprefix('tests/')}-{line}.{i}"
            if A_SCRIPT.search(string):
                yield Script(name, string, ["--unsafe"])
            elif STATEMENTS.match(string):
                yield Script(name, f"BEGIN {{ {string} }}", ["--unsafe"])


def gather():
    """All, each text once."""
    found = {}
    for script in [*in_files(), *in_cases(), *in_programs(), Script("long", LONG)]:
        found.setdefault((script.text, str(script.options), str(script.args), str(script.env)), script)
    return list(found.values())


def write(folder, scripts):
    """The scripts, the BTF of the kernels and the traced program, beneath folder. Names of files are the same everywhere,
    since images have them in them."""
    os.makedirs(folder + "/btf")
    for script in scripts:
        path = f"{folder}/{script.name}.bt"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(script.text)
    for kernel in ("6.1", "6.12"):
        btf = subprocess.run([ROOT + "/tests/vm/btf", kernel], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        with open(btf, "rb") as old, open(f"{folder}/btf/{kernel}", "wb") as new:
            new.write(old.read())
    subprocess.run(["gcc", "-g", "-O1", "-fno-omit-frame-pointer", "-no-pie", "-o", folder + "/target",
                    ROOT + "/tests/compat/target.c"], check=True)
