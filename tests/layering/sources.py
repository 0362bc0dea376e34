"""What the text of the sources says: includes, members of structs, names of functions, switches."""
import collections
import json
import os
import re
import shlex
import subprocess

SUFFIXES = (".c", ".h", ".l", ".y", ".def", ".inc")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as text:
        return text.read()


def blank(match):
    text = match.group(0)
    return text if text[0] in "\"'" else re.sub(r"[^\n]", " ", text)


def without_comments(text):
    """The text with its comments blanked; lines stay where they are."""
    return re.sub(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*', blank, text, flags=re.S)


def body(text, opened):
    """The place behind the brace or parenthesis that closes the one at opened."""
    pair = {"{": "}", "(": ")"}[text[opened]]
    depth = 0
    for found in re.finditer(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|[' + re.escape(text[opened] + pair) + "]",
                             text[opened:]):
        if found.group(0) == text[opened]:
            depth += 1
        elif found.group(0) == pair:
            depth -= 1
            if depth == 0:
                return opened + found.end()
    return len(text)


class Tree:
    """The files of the rooms below root, and how BUILD compiles them."""

    def __init__(self, root, build, rooms, sharers=10):
        self.root = os.path.abspath(root)
        self.build = os.path.abspath(build) if build else None
        self.rooms = rooms
        self.sharers = sharers  # files that see a struct are not looked into while they are not more
        self.text = {}
        for top in sorted({room.split("/")[0] for room in rooms}):
            for where, folders, names in os.walk(os.path.join(self.root, top)):
                folders.sort()
                for name in sorted(names):
                    if name.endswith(SUFFIXES):
                        path = os.path.join(where, name)
                        self.text[os.path.relpath(path, self.root)] = without_comments(read(path))
        self.commands = self.read_commands()
        self.closures = {}

    def read_commands(self):
        """path below the root -> (the compiler's words, the object)"""
        commands = {}
        path = self.build and os.path.join(self.build, "compile_commands.json")
        for entry in json.loads(read(path)) if path and os.path.exists(path) else []:
            words = shlex.split(entry["command"])
            where = os.path.relpath(os.path.join(entry["directory"], entry["file"]), self.root)
            output = os.path.join(entry["directory"], words[words.index("-o") + 1])
            where = self.written(where)
            if where in self.text:
                commands[where] = (words, output)
        return commands

    def written(self, path):
        """The file that a generated one was made of: build/lexer/lexer.yy.c is lexer/lexer.l."""
        if not self.build:
            return path
        below = os.path.relpath(os.path.join(self.root, path), self.build)
        for made, suffix in ((".yy.c", ".l"), (".tab.c", ".y")):
            if below.endswith(made) and not below.startswith(".."):
                return below[: -len(made)] + suffix
        return path

    def includes(self, path):
        for found in INCLUDE.finditer(self.text[path]):
            yield self.text[path].count("\n", 0, found.start()) + 1, found.group(1), found.group(2)

    def closure(self, path):
        """The files of ours that a file sees, itself among them."""
        if path not in self.closures:
            seen, todo = set(), [path]
            while todo:
                at = todo.pop()
                if at in seen or at not in self.text:
                    continue
                seen.add(at)
                todo += [name for _, quote, name in self.includes(at) if quote == '"']
            self.closures[path] = seen
        return self.closures[path]

    def compiler(self, path):
        """The words that compile a file; of a header, those of a file that sees it."""
        if path in self.commands:
            return self.commands[path][0]
        for other, (words, _) in self.commands.items():
            if path in self.closure(other):
                return words
        return None

    def preprocessed(self, header):
        """A header after the preprocessor, or nothing."""
        words = self.compiler(header)
        if not words:
            return ""
        kept = [w for w in words if re.match(r"-[DI]|-std|-isystem", w) or words[words.index(w) - 1] == "-isystem"]
        done = subprocess.run([words[0], "-E", *kept, "-x", "c", os.path.join(self.root, header)], cwd=self.build,
                              capture_output=True, text=True, errors="replace")
        return done.stdout


def own_parts(tree, header):
    """The preprocessed text of a header without what it includes from others, .def files of ours kept."""
    mine, lines = True, []
    for line in tree.preprocessed(header).split("\n"):
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            where = os.path.relpath(os.path.join(tree.build, marker.group(1)), tree.root)
            mine = where == header or (where.endswith((".def", ".inc")) and not where.startswith(".."))
        elif mine:
            lines.append(line)
    return "\n".join(lines)


def count_members(text):
    """How many names the body of a struct declares; those of unnamed structs and unions in it count too."""
    inner = 0
    while True:  # structs and unions in it, the inmost first
        found = re.search(r"\b(?:struct|union)\b[^{};]*(\{[^{}]*\})", text)
        if not found:
            break
        named = re.match(r"\s*\**\w", text[found.end():]) and not re.match(r"\s*__attribute__", text[found.end():])
        if not named:
            inner += count_members(found.group(1)[1:-1])
        text = text[: found.start()] + ("int" if named else "") + text[found.end():]
    text = re.sub(r"\benum\b[^{};]*\{[^{}]*\}", "int", text)
    while re.search(r"\([^()]*\)", text):
        text = re.sub(r"\([^()]*\)", " ", text)
    declarations = [d for d in text.split(";") if d.strip()]
    return inner + sum(1 + d.count(",") for d in declarations)


def structs(tree):
    """{name: (header, members)} of the structs that headers define."""
    found = {}
    for header in sorted(tree.text):
        if header.endswith(".h"):
            text = own_parts(tree, header)
            for head in re.finditer(r"\bstruct\s+(\w+)\s*\{", text):
                end = body(text, head.end() - 1)
                found[head.group(1)] = (header, count_members(text[head.end():end - 1]))
    return found


def with_marks(text, name):
    """The text of a header in which each member of a struct is deprecated, so that the compiler names its users."""
    head = re.search(rf"\bstruct\s+{name}\s*\{{", text)
    end = body(text, head.end() - 1)
    mark = f' __attribute__((deprecated("layering {name}")))'
    inside, depth, marked = re.sub(r"\benum\b[^{};]*\{[^{}]*\}", "unsigned", text[head.end():end - 1]), 0, ""
    for at, c in enumerate(inside):
        depth += (c in "([") - (c in ")]")
        if c in ",;" and not depth and re.search(r"[\w)\]]\s*$", inside[:at]):
            marked += mark
        marked += c
    return text[: head.end()] + marked + text[end - 1:]


def initialises(text, name):
    """Whether a text gives members of a struct their first values by name, of which the compiler says nothing."""
    return re.search(rf"\bstruct\s+{name}\s*(?:\)|\w+(?:\[\w*\])*\s*=)\s*\{{[\s{{]*(?:\[\w+\]\s*=\s*\{{\s*)?\.", text)


def sharers(tree, name, header, scratch):
    """The files in which members of a struct are accessed, as the compiler says."""
    seeing = [path for path in tree.commands if header in tree.closure(path)]
    if len(seeing) <= tree.sharers:
        return set(seeing)
    marked = os.path.join(scratch, name, header)
    os.makedirs(os.path.dirname(marked), exist_ok=True)
    with open(marked, "w", encoding="utf-8") as out:
        out.write(with_marks(tree.text[header], name))
    users = set()
    for path in seeing:
        words, output = tree.commands[path]
        words = [w for w in words if w not in ("-Werror", "-c", "-o", output) and not w.endswith(".o")]
        done = subprocess.run([words[0], "-I" + os.path.join(scratch, name), *words[1:], "-fsyntax-only", "-O0",
                               "-Wdeprecated-declarations", "-ftrack-macro-expansion=0"], cwd=tree.build, capture_output=True, text=True,
                              errors="replace", env={**os.environ, "LC_ALL": "C"})
        if done.returncode:
            raise RuntimeError(f"{path} with marks in struct {name}: {done.stderr[:2000]}")
        for found in re.finditer(rf"^([^:\n]+):\d+:.*layering {name}\b", done.stderr, re.M):
            users.add(os.path.relpath(os.path.join(tree.build, found.group(1)), tree.root))
    users |= {path for path in seeing if initialises(tree.text[path], name)}
    return {os.path.splitext(user)[0] for user in users}


STATIC = re.compile(r"^(?:inline\s+)?static\s[^;={}()]*?\b(\w+)\(", re.M)


def static_functions(tree):
    """{name: files} of the static functions that are defined, main() left out."""
    found = collections.defaultdict(set)
    for path, text in tree.text.items():
        text = re.sub(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)", "", text)
        for head in STATIC.finditer(text):
            end = body(text, head.end() - 1)
            if re.match(r"\s*\{", text[end:]) and head.group(1) != "main":
                found[head.group(1)].add(path)
    return found


def enumerators(tree):
    """The names that our enums define, in headers and in the files that use them alone."""
    names = set()
    for path in tree.text:
        if path.endswith(".h"):
            text = own_parts(tree, path)
        elif path.endswith(".c"):
            text = tree.text[path]
        else:
            continue
        for head in re.finditer(r"\benum\b\s*\w*\s*\{", text):
            inside = text[head.end():body(text, head.end() - 1) - 1]
            names |= set(re.findall(r"(?:^|,)\s*([A-Za-z]\w*)", re.sub(r"^[ \t]*#.*", "", inside, flags=re.M)))
    return names


def switches(tree):
    """(path, line, what is wrong) of switches that stay silent about a new kind."""
    kinds = enumerators(tree)
    for path, text in sorted(tree.text.items()):
        for head in re.finditer(r"\bswitch\s*\(", text):
            line = text.count("\n", 0, head.start()) + 1
            if re.match(r"\(\s*\(\s*(?:unsigned|int|unsigned int|u?int\d+_t|size_t)\s*\)", text[head.end() - 1:]):
                yield path, line, "a switch over a number that was cast: no warning comes when a kind is added"
            opened = text.find("{", body(text, head.end() - 1))
            inside = text[opened + 1:body(text, opened) - 1]
            inside = re.sub(r"\bswitch\s*\((?:[^()]|\([^()]*\))*\)\s*\{[^{}]*\}", "", inside)
            cases = set(re.findall(r"\bcase\s+(\w+)\s*:", inside))
            if re.search(r"\bdefault\s*:", inside) and cases & kinds:
                yield path, line, f"default: in a switch over kinds ({', '.join(sorted(cases & kinds)[:3])})"
