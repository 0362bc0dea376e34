"""Trees that are wrong on purpose, one offence each, and some that are right by a hair: the check has
to tell them apart."""
import json
import os
import subprocess
import tempfile
import types

import picture

MANY = " ".join(f"int m{i};" for i in range(27)) + " struct { int u, v; }; long w; union { long q; char x[8]; } y;"
BIG = "struct big { " + MANY + " };\n"

# What the check is run with: four rooms, and limits as in rooms.py.
HOUSE = types.SimpleNamespace(
    ROOMS={"low": [], "mid": ["low"], "top/in": ["low"], "top": ["low", "mid", "top/in"], "late/in": []},
    COMING=["mid", "top/in", "top", "late/in"], PROGRAMS={"program": "top"}, FOREIGN=[(r"^llvm-c/", ["top/*"], "LLVM")],
    CIRCLE=4, CIRCLES=[], MEMBERS=30, SHARERS=10, NAMESAKES=3, TODO={})


def named(*circle):
    return types.SimpleNamespace(**{**vars(HOUSE), "CIRCLES": [(set(circle), "for the example")]})


# The same, but that "mid" is said to come, and nothing else.
LATE = types.SimpleNamespace(**{**vars(HOUSE), "ROOMS": {"low": [], "mid": ["low"]}, "COMING": ["mid"]})


def ring(names):
    """Files that call each other in a ring."""
    return {f"{name}.c": f"void f{i}(void);\nvoid f{(i + 1) % len(names)}(void);\n"
            f"void f{i}(void)\n{{\n\tf{(i + 1) % len(names)}();\n}}\n" for i, name in enumerate(names)}


# Ways to access a member.
USES = ["return b->u;", "return b->v;", "return b->w;", "return b->y.x[1];", "*b = (struct big){ .m3 = 1 };\n\treturn 0;"]


def users(n):
    """n files that access a member of a struct of 31, and the rest of a dozen that only pass it on."""
    files = {"low/big.h": BIG}
    for i in range(12):
        use = USES[i % len(USES)] if i < n else "return b != 0;"
        files[f"low/u{i}.c"] = f'#include "low/big.h"\nint u{i}(struct big *b);\nint u{i}(struct big *b)\n{{\n\t{use}\n}}\n'
    return files


def three(name, files):
    return {f"low/s{i}.c": f"static int {name}(int a)\n{{\n\treturn a;\n}}\nint g{i}(int a);\nint g{i}(int a)\n"
            f"{{\n\treturn {name}(a);\n}}\n" for i in range(files)}


def paged(**changes):
    """A file, pages that are right about it, and changes of theirs."""
    drawn = picture.dot(HOUSE)
    files = {"low/a.h": "int call(void);\n", "docs/architecture.md": "# Map\n\n- `low/`: [here](more.md), `low/a.h`.\n",
             "docs/more.md": "`call()` of `a.h`, `no/folder.h` of others\n\n    `code.c`\n", "HACKING.md": "[docs](docs/more.md)\n",
             "docs/architecture.dot": drawn, "docs/architecture.svg": picture.stamp(drawn)}
    return files | {{"map": "docs/architecture.md", "page": "docs/more.md", "front": "HACKING.md",
                     "dot": "docs/architecture.dot", "svg": "docs/architecture.svg"}[k]: v for k, v in changes.items()}


KINDS = "enum kind { KIND_A, KIND_B };\nint f(enum kind k);\nint f(enum kind k)\n{\n"

# what it is: (files, the house, a piece of the line that must come; None: nothing must)
CASES = {
    "an include upwards": ({"low/a.h": '#include "mid/a.h"\n', "mid/a.h": "\n"}, HOUSE, "low/a.h:1: low/ is below"),
    "an include downwards": ({"mid/a.h": '#include "low/a.h"\n', "low/a.h": "\n"}, HOUSE, None),
    "a row of a room that comes": ({"low/a.h": "\n"}, LATE, None),
    "a row without a folder": ({"mid/a.h": '#include "low/a.h"\n'}, LATE, "a row for low/, which is not there"),
    "a room that has come": ({"low/a.h": "\n", "mid/a.h": '#include "low/a.h"\n'}, LATE, "mid/ is there, and comes no more"),
    "an arrow that nobody needs": ({"mid/a.h": "\n", "low/a.h": "\n"}, HOUSE, "arrows that nobody needs: mid -> low"),
    "an include between rooms": ({"top/in/a.h": '#include "top/a.h"\n', "top/a.h": "\n"}, HOUSE, "top/in/ is below"),
    "an include into a room of one's own": ({"top/a.h": '#include "top/in/a.h"\n', "top/in/a.h": "\n"}, HOUSE, None),
    "a folder that is no room": ({"top/out/a.h": "\n"}, HOUSE, "top/out/ is no room"),
    "an include of no room": ({"low/a.h": '#include "tests/unit/test.h"\n'}, HOUSE, "tests/unit/ is no room"),
    "a name that is not from the top": ({"low/a.h": '#  include "b.h"\n', "low/b.h": "\n"}, HOUSE, "not named from the top"),
    "a header of others": ({"low/a.h": "#include <llvm-c/Core.h>\n"}, HOUSE, "LLVM in low/"),
    "a header of others where it may be": ({"top/in/a.h": "#include <llvm-c/Core.h>\n"}, HOUSE, None),
    "what a room keeps to itself": ({"mid/a.h": '#include "low/private.h"\n', "low/private.h": "\n"}, HOUSE,
                                    "belongs to low/ alone"),
    "an include in a comment": ({"low/a.h": '/*\n#include "mid/a.h"\n*/\n'}, HOUSE, None),
    "a call upwards without an include": ({"low/a.c": "void up(void);\nvoid a(void);\nvoid a(void)\n{\n\tup();\n}\n",
                                           "mid/b.c": "void up(void);\nvoid up(void)\n{\n}\n"}, HOUSE, "low/a.c: uses up"),
    "a table upwards": ({"low/a.c": "void up(void);\nvoid (*const a[])(void) = { up };\n",
                         "mid/b.c": "void up(void);\nvoid up(void)\n{\n}\n"}, HOUSE, "low/a.c: has a row that names up"),
    "a circle of two": (ring(["low/a", "low/b"]), HOUSE, "circle in low: 2 files: low/a low/b"),
    "a circle with a name": (ring(["low/a", "low/b"]), named("low/a", "low/b"), None),
    "a name without its circle": (ring(["low/a", "low/b", "low/c"]), named("low/a", "low/b"), "circle in low: 3 files"),
    "a name that is left over": ({"low/a.h": "\n"}, named("low/a", "low/b"), "there is none of low/a low/b"),
    "a circle of five with a name": (ring([f"low/{c}" for c in "abcde"]), named(*[f"low/{c}" for c in "abcde"]),
                                     "circle in low: 5 files"),
    "a circle by a global": ({"low/a.c": "extern int b;\nint a;\nint f(void);\nint f(void)\n{\n\treturn b;\n}\n",
                              "low/b.c": "extern int a;\nint b;\nint g(void);\nint g(void)\n{\n\treturn a;\n}\n"}, HOUSE,
                             "circle in low: 2 files"),
    "a circle by a table": ({"low/a.c": "void f(void);\nvoid (*a[])(void) = { f };\n",
                             "low/b.c": "extern void (*a[])(void);\nvoid f(void);\nvoid f(void)\n{\n\ta[0]();\n}\n"},
                            HOUSE, None),
    "a struct of 31 in eleven files": (users(11), HOUSE, "files that share struct big: low/big.h: 31 members, accessed in 11"),
    "a struct of 31 in ten files": (users(10), HOUSE, None),
    "a static name in three files": (three("take", 3), HOUSE, "namesakes: static take() in low/s0.c low/s1.c low/s2.c"),
    "a static name in two files": (three("take", 2), HOUSE, None),
    "a static main() in three files": ({f"low/m{i}.h": "static int main(void)\n{\n\treturn 0;\n}\n" for i in range(3)},
                                       HOUSE, None),
    "rooms that may know each other": ({"low/a.h": "\n"}, types.SimpleNamespace(**{**vars(HOUSE), "ROOMS": {
        "low": ["mid"], "mid": ["top/*"], "top/in": ["low"], "top": []}}), "rooms that may know each other: low and mid, top/in"),
    "pages that are right": (paged(), HOUSE, None),
    "a file that is not there": (paged(page="see\n`low/b.h`\n"), HOUSE, "docs/more.md:2: there is no low/b.h"),
    "a name of a file that is not there": (paged(page="`b.h`\n"), HOUSE, "docs/more.md:1: there is no b.h"),
    "a function that is not there": (paged(page="`cell()`\n"), HOUSE, "docs/more.md:1: there is no cell()"),
    "a function that is elsewhere": (paged(page="the `call()`\nin `HACKING.md`, `call()` in `low/a.h`\n"), HOUSE,
                                     "more.md:1: there is no call() in HACKING.md"),
    "a link to nothing": (paged(page="[x](less.md)\n"), HOUSE, "docs/more.md:1: a link to less.md"),
    "a wide page": (paged(page="x" * 101), HOUSE, "docs/more.md:1: 101 columns"),
    "a long first page": (paged(front="x\n" * 41), HOUSE, "HACKING.md: 41 lines"),
    "a room without its line of the map": (paged(map="- `mid/`\n"), HOUSE, "no line of the map for `low/`"),
    "a picture of other arrows": (paged(dot="digraph {}"), HOUSE, "docs/architecture.dot: not as the arrows"),
    "a picture that was not drawn again": (paged(svg="<svg/>"), HOUSE, "docs/architecture.svg: not as the arrows"),
    "a source that nothing compiles": ({"low/a.l": "%%\n"}, HOUSE, "low/a.l: no object of it"),
    "a cast in a switch": ({"low/a.c": KINDS + "\tswitch ((int)k) {\n\tcase KIND_A:\n\t\treturn 1;\n\t}\n\treturn 0;\n}\n"},
                           HOUSE, "silent switches: low/a.c:5: a switch over a number"),
    "a default of kinds": ({"low/a.c": KINDS + "\tswitch (k) {\n\tcase KIND_A:\n\t\treturn 1;\n\tdefault:\n\t\treturn 0;\n\t}\n}\n"},
                           HOUSE, "silent switches: low/a.c:5: default: in a switch"),
    "a default of letters": ({"low/a.c": "int f(int c);\nint f(int c)\n{\n\tswitch (c) {\n\tcase 'a':\n\t\treturn 1;\n"
                                         "\tdefault:\n\t\treturn 0;\n\t}\n}\n"}, HOUSE, None),
}


def build(root, files):
    """Writes files and compiles those that are C."""
    commands = []
    for path, text in files.items():
        os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
        with open(os.path.join(root, path), "w", encoding="utf-8") as out:
            out.write(text)
        if path.endswith(".c"):
            words = ["cc", "-I" + root, "-fno-pic", "-o", path.replace("/", "_") + ".o", "-c", os.path.join(root, path)]
            commands.append({"directory": os.path.join(root, "build"), "file": os.path.join(root, path),
                             "command": " ".join(words)})
    os.makedirs(os.path.join(root, "build"))
    with open(os.path.join(root, "build", "compile_commands.json"), "w", encoding="utf-8") as out:
        json.dump(commands, out)
    for command in commands:
        subprocess.run(command["command"], shell=True, cwd=command["directory"], check=True)
    return os.path.join(root, "build")


def missed(check):
    """Lines about the cases that the check takes for what they are not."""
    lines = []
    for what, (files, house, expected) in CASES.items():
        there = {os.path.dirname(path) for path in files}
        if house is not LATE:
            house.COMING = [room for room in house.ROOMS if room not in there]
        with tempfile.TemporaryDirectory() as root:
            _, wrong, _ = check(root, build(root, files), house)
        if expected is None and wrong:
            lines.append(f"its own example, {what}, was found to be wrong: {wrong[0]}")
        elif expected and not any(expected in line for line in wrong):
            lines.append(f"its own example, {what}, was not found to be wrong: {wrong}")
    return lines
