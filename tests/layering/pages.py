"""What the pages for people say of the tree: that it is still so."""
import os
import re

import picture
from sources import read

COLUMNS = 100
FRONT_LINES = 40  # of HACKING.md, which only leads on
PLACED = re.compile(r"`(\w{3,})\(\)`\s+(?:in|of)\s+`([\w./-]+)`|`([\w./-]+)`\s+\(`(\w{3,})\(\)`\)")
SUFFIX = re.compile(r"\.(c|h|def|y|l|py|bt|md|sh|cmake)$")


def pages(root):
    found = [os.path.join(where, name) for where, _, names in os.walk(os.path.join(root, "docs"))
             for name in names if name.endswith(".md")]
    return sorted(os.path.relpath(path, root) for path in found) + ["HACKING.md"]


def outside_code(text):
    """The text without blocks of code, whose lines stay empty."""
    return re.sub(r"^(    .*|```.*?^```)$", "", text, flags=re.M | re.S if "```" in text else re.M)


def quoted(text):
    """(line, word) of what stands in `...`, word for word"""
    for found in re.finditer(r"`([^`]+)`", outside_code(text)):
        for word in found.group(1).split():
            yield text.count("\n", 0, found.start()) + 1, word.strip(",;")


def is_there(root, files, word):
    """Whether a word that names a file or folder names one that exists; True of other words."""
    if not re.fullmatch(r"[\w./@+-]+", word) or word[0] in "/-" or word.startswith("build/"):
        return True
    first = word.split("/")[0]
    if "/" in word:
        return not os.path.isdir(os.path.join(root, first)) or os.path.exists(os.path.join(root, word))
    return not SUFFIX.search(word) or word in files or os.path.exists(os.path.join(root, word))


def misplaced(root, text):
    """(line, function, file) of functions that are said to be in a file, "`f()` in `a.c`" or "`a.c` (`f()`)", and are not."""
    for found in PLACED.finditer(outside_code(text)):
        function, path = found.group(1) or found.group(4), found.group(2) or found.group(3)
        if os.path.isfile(os.path.join(root, path)) and not re.search(rf"\b{function}\(", read(os.path.join(root, path))):
            yield text.count("\n", 0, found.start()) + 1, function, path


def check(root, house, tree):
    """Lines about what the pages have wrong."""
    files = {name for where, folders, names in os.walk(root) if not re.search(r"/(build|\.git)", where[len(root):])
             for name in names}
    words = set()
    for path in tree.text:
        words |= set(re.findall(r"\w+", read(os.path.join(root, path))))
    for path in pages(root):
        text = read(os.path.join(root, path))
        lines = text.split("\n")
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS:
                yield f"{path}:{number}: {len(line)} columns, at most {COLUMNS}"
        if path == "HACKING.md" and len(lines) - 1 > FRONT_LINES:
            yield f"{path}: {len(lines) - 1} lines, at most {FRONT_LINES}: docs/ has room"
        for number, word in quoted(text):
            if not is_there(root, files, word):
                yield f"{path}:{number}: there is no {word}"
            called = re.match(r"(\w{3,})\([^)]*\)$", word)
            if called and called.group(1) not in words:
                yield f"{path}:{number}: there is no {called.group(1)}() in the sources"
        for number, function, file in misplaced(root, text):
            yield f"{path}:{number}: there is no {function}() in {file}"
        for found in re.finditer(r"\]\(([^)#:]+)(?:#[\w-]*)?\)", outside_code(text)):
            if not os.path.exists(os.path.join(root, os.path.dirname(path), found.group(1))):
                yield f"{path}:{text.count(chr(10), 0, found.start()) + 1}: a link to {found.group(1)}, which is not there"
    yield from check_map(root, house, tree)


def check_map(root, house, tree):
    """The map has every room that exists, and the picture has the arrows."""
    page = os.path.join(root, "docs", "architecture.md")
    text = read(page) if os.path.exists(page) else ""
    for room in sorted({os.path.dirname(path) for path in tree.text}):
        if not re.search(rf"^- `{room}/`", text, re.M):
            yield f"docs/architecture.md: no line of the map for `{room}/`"
    drawn = picture.dot(house)
    for name, wanted in (("architecture.dot", drawn), ("architecture.svg", picture.stamp(drawn))):
        path = os.path.join(root, "docs", name)
        have = read(path) if os.path.exists(path) else ""
        if have != wanted if name.endswith(".dot") else wanted not in have:
            yield f"docs/{name}: not as the arrows of rooms.py: docs/draw draws it again"
