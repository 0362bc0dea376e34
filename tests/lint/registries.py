"""The registries of language/, held: each row is used, tested and in the manual, and there is no second table."""
import re


def split(text):
    """The columns of a row: what commas part that are in no text and no brackets."""
    columns, depth = [""], 0
    for piece in re.findall(r'"(?:\\.|[^"\\])*"|.', text, re.S):
        depth += (piece in "([{") - (piece in ")]}") if len(piece) == 1 else 0
        if piece == "," and depth == 0:
            columns.append("")
        else:
            columns[-1] += piece
    return [c.strip() for c in columns]


def rows(text, macro):
    """The rows of a .def file, each a list of columns; texts are without their quotes, NULL is None."""
    found = []
    for line in re.findall(rf"^{macro}\((.*)\)", text, re.M):
        found.append([None if c == "NULL" else re.sub(r'\\(.)', r"\1", c[1:-1]) if c.startswith('"') else c for c in split(line)])
    return found


def manual_line(letter, name, argument):
    """The line of btrun(8) that an option's row asks for."""
    names = ([f"Fl {letter}"] if letter else []) + ([f"Fl -{name}"] if name else [])
    if argument and argument.startswith("["):
        names[-1] += f" Op Ar {argument[1:-1].lower()}"
    elif argument:
        names = [n + (f" Ns = Ns Ar {argument.lower()}" if n.startswith("Fl -") else f" Ar {argument.lower()}") for n in names]
    elif len(names) == 2:
        names[1] = names[1][3:]
    return ".It " + " , ".join(names)


def check_programs(check, files, sources, tests):
    kinds = rows(files("language/program_kinds.def"), "PROGRAM")
    probes = rows(files("language/probes.def"), "PROBE")
    made = {p[7] for p in probes} | {p[8] for p in probes}
    check(len(kinds) > 10 and len(probes) > 10, "the rows of programs or probes cannot be read: has their form changed?")
    for kind in kinds:
        check(kind[0] in made, f"no probe becomes a program of the kind {kind[0]}")
    for name in made - {k[0] for k in kinds} - {"none"}:
        check(False, f"a probe becomes a program of the kind {name}, which has no row")
    for probe in probes:
        words = [probe[0]] + probe[1].split()
        check(any(re.search(rf"\b{w}:|\b{w}\b *{{", tests) for w in words), f"probe {probe[0]}: no test uses it")
        check(len(probe[9]) <= 10, f"probe {probe[0]}: the symbol {probe[9]} is longer than 10 characters")


def check_maps(check, files, sources, tests):
    kinds = rows(files("language/map_kinds.def"), "MAP_KIND")
    check(len(kinds) > 10, "the rows of maps cannot be read: has their form changed?")
    everything = "\n".join(sources.values())
    for kind in kinds:
        check(kind[0] == "data" or re.search(rf"\bMAP_{kind[0]}\b", everything), f"nothing makes or asks for a map of the kind {kind[0]}")
    for path, text in sources.items():
        check("BPF_MAP_TYPE_" not in text or path.startswith(("language/", "cli/info", "runtime/run.c", "runtime/info/", "kernel/")),
              f"{path}: decides by the kernel's type of a map, which is a column of language/map_kinds.def")


def check_losses(check, files, sources, tests):
    losses = rows(files("language/loss_counters.def"), "LOSS")
    manual = files("man/btrun.8")
    where = {"PROGRAM": "codegen/", "RUNTIME": "runtime/"}
    check(len(losses) > 10, "the rows of losses cannot be read: has their form changed?")
    for name, of, counts, severity, word, text in losses:
        check(any(re.search(rf"\bLOSS_{name}\b", t) for p, t in sources.items() if p.startswith(where[counts])),
              f"loss {name}: nothing in {where[counts]} counts it")
        if severity != "LOSS":
            continue
        check(not word or f"\n.It {word}\n" in manual, f"loss {name}: man/btrun.8 lacks the line \".It {word}\"")
        part = max(re.split(r"\{\w+\}", text.split(" ({place})")[0]), key=len).strip()
        plain = tests.replace("\\(", "(").replace("\\)", ")")
        check(part in plain or (word and word in plain), f"loss {name}: no test has \"{part}\" or \"{word}\"")


def check_options(check, files, sources, tests):
    options = rows(files("language/options.def"), "OPTION")
    manual, completion = files("man/btrun.8").split("\n"), files("packaging/btrun.bash")
    variables = {v for line in manual if line.startswith(".It Ev") for v in re.findall(r"\w+", line[6:])}
    known = {o[3] for o in options}
    check(len(options) > 30, "the rows of options cannot be read: has their form changed?")
    for name, letter, long, env, config, kind, most, words, usual, need, readers, argument, help, env_help in options:
        letter = letter.strip("'") if letter != "0" else None
        if letter or long:
            line = manual_line(letter, long, argument)
            check(line in manual, f"option {name}: man/btrun.8 lacks the line \"{line}\"")
            check((long and f"--{long}" in tests) or (letter and re.search(rf"[\"' ]-\w*{letter}\b", tests)),
                  f"option {name}: no test uses it")
        if env:
            check(env in variables, f"option {name}: man/btrun.8 lacks a line \".It Ev {env}\"")
            check(env in tests or kind == "NOTHING", f"option {name}: no test sets {env}")
        if words and (letter or long):
            check(f"-W '{words}'" in completion, f"option {name}: packaging/btrun.bash does not complete '{words}'")
    for path, text in sources.items():
        found = re.search(r"getenv\(\"(BPFTRACE|BTRUN)_\w+", text)
        check(not found, f"{path}: reads a variable that is no row of language/options.def: {found.group(0) if found else ''}")
    for variable in variables:
        check(variable in known or not re.match("BPFTRACE_|BTRUN_", variable), f"man/btrun.8: {variable} is no row of language/options.def")


def check_tables(check, sources):
    """A file that has a value for several rows of a registry is a second table of it."""
    for path, text in sources.items():
        if path.startswith("language/"):
            continue
        for prefix in ("PROGRAM", "MAP", "LOSS", "OPTION"):
            listed = set(re.findall(rf"\[{prefix}_[a-z]\w*\]\s*=", text))
            check(len(listed) < 2, f"{path}: a second table of language/: it has {', '.join(sorted(listed))}")


def check_registries(check, read, sources, tests):
    for part in (check_programs, check_maps, check_losses, check_options):
        part(check, read, sources, tests)
    check_tables(check, sources)
