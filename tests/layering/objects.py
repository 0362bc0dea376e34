"""What the objects of a build say: which file calls a function of another's or uses its globals."""
import collections
import os
import re
import subprocess


def unit(path):
    """NAME.c, NAME.h and what NAME.l or NAME.y becomes are one unit, NAME."""
    return os.path.splitext(path)[0]


def definitions(objects):
    """{symbol: (object, whether it is a function)} of what objects have for others"""
    done = subprocess.run(["nm", "-A", "-g", "--defined-only", "--format=posix", *objects], capture_output=True,
                          text=True, check=True)
    found = {}
    for line in done.stdout.splitlines():
        where, rest = line.split(": ", 1)
        name, kind = rest.split()[:2]
        if name != "main":
            found[name] = (where, kind in "TW")
    return found


def references(objects):
    """(object, whether it is code that refers, symbol)"""
    done = subprocess.run(["readelf", "-rW", *objects], capture_output=True, text=True, check=True)
    where, section = objects[0], ""
    for line in done.stdout.splitlines():
        if line.startswith("File: "):
            where = line[6:]
        elif line.startswith("Relocation section "):
            section = line.split("'")[1]
        elif ".debug" not in section and re.match(r"[0-9a-f]{12}", line):
            words = line.split()
            if len(words) > 4:
                yield where, ".text" in section, words[4]


class Edges:
    """Which unit points to which, and by what.

    calls: a function of the other's is called, or its address taken by code, or a global used.
    rows: a table names a function of the other's. That is how the rows of the registries bind late:
    it is an arrow between rooms, but no part of a circle.
    late: sources without an object, or with one that is older."""

    def __init__(self, tree):
        objects = {output: path for path, (_, output) in tree.commands.items()}
        self.calls = collections.defaultdict(lambda: collections.defaultdict(set))
        self.rows = collections.defaultdict(lambda: collections.defaultdict(set))
        self.paths = {unit(path): path for path in objects.values()}
        self.late = [path for output, path in objects.items() if not os.path.exists(output) or
                     os.path.getmtime(output) < os.path.getmtime(os.path.join(tree.root, path))]
        self.late += [path for path in tree.text if path.endswith((".c", ".l", ".y")) and path not in tree.commands]
        there = sorted(output for output in objects if os.path.exists(output))
        self.read(there, objects)

    def read(self, there, objects):
        home = definitions(there) if there else {}
        for where, code, name in references(there) if there else []:
            if name not in home:
                continue
            other, function = home[name]
            a, b = unit(objects[where]), unit(objects[other])
            if a != b:
                (self.calls if code or not function else self.rows)[a][b].add(name)


def circles(pointed):
    """The strongly connected components of more than one unit, by Tarjan's way, without recursion."""
    number, low, stack, on, found = {}, {}, [], set(), []
    for start in sorted(pointed):
        if start in number:
            continue
        work = [(start, iter(sorted(pointed[start])))]
        number[start] = low[start] = len(number)
        stack.append(start)
        on.add(start)
        while work:
            at, after = work[-1]
            step = next(after, None)
            if step is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[at])
                if low[at] == number[at]:
                    place = stack.index(at)
                    members = stack[place:]
                    del stack[place:]
                    on -= set(members)
                    if len(members) > 1:
                        found.append(sorted(members))
            elif step not in number:
                number[step] = low[step] = len(number)
                stack.append(step)
                on.add(step)
                work.append((step, iter(sorted(pointed.get(step, ())))))
            elif step in on:
                low[at] = min(low[at], number[step])
    return sorted(found, key=lambda c: (-len(c), c))
