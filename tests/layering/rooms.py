"""The rooms of the house and what each may know: the one description that tests/layering/run holds
the tree to and that docs/draw draws.

A room is a folder, or a folder of a folder ("codegen/bpf"); what lies directly in a folder that has
rooms is a room of its own ("codegen"). "X/*" stands for all rooms in X.
"""

# room: the rooms that it may include from and call into
ROOMS = {
    "base": [],
    "sandbox": [],
    "arch": ["base"],
    "language": ["base"],
    "stdlib": ["base"],
    "kernel": ["base", "arch", "sandbox"],
    "cache": ["base", "kernel"],
    "image": ["base", "language"],
    "lexer": ["base", "kernel"],
    "parser": ["base", "lexer"],
    "analysis": ["base", "arch", "language", "stdlib", "kernel", "lexer", "parser"],
    "codegen/llvm": ["base"],
    "codegen/bpf": ["base", "language", "kernel", "analysis", "image", "codegen/llvm"],
    "codegen/lower": ["base", "language", "parser", "analysis", "codegen/llvm", "codegen/bpf"],
    "codegen": ["base", "language", "kernel", "lexer", "parser", "analysis", "image", "sandbox", "codegen/llvm",
                "codegen/bpf", "codegen/lower"],
    "runtime/symbols": ["base", "kernel"],
    "runtime/print": ["base", "kernel", "language", "image", "runtime/symbols"],
    "runtime/tracer": ["base", "kernel", "language", "runtime/print"],
    "runtime/process": ["base", "kernel", "language", "sandbox", "runtime/print", "runtime/tracer"],
    "runtime/load": ["base", "arch", "kernel", "language", "image", "runtime/tracer"],
    "runtime/attach": ["base", "arch", "kernel", "language", "sandbox", "runtime/symbols", "runtime/print",
                       "runtime/tracer", "runtime/process", "runtime/load"],
    "runtime/events": ["base", "kernel", "language", "runtime/print", "runtime/tracer", "runtime/process",
                       "runtime/attach"],
    "runtime/info": ["base", "kernel", "language", "image", "runtime/tracer", "runtime/process",
                     "runtime/load"],
    "runtime": ["base", "kernel", "language", "runtime/symbols", "runtime/print", "runtime/tracer", "runtime/process",
                "runtime/load", "runtime/attach", "runtime/events", "runtime/info"],
    "headers": ["base", "sandbox"],
    "dwarf": ["base", "arch", "sandbox"],
    "cli": ["base", "arch", "language", "kernel", "cache", "image", "sandbox", "runtime", "runtime/info",
            "runtime/process"],
}

# Rooms whose rows are there before their folders are.
COMING = ["stdlib"]

# The programs, and the rooms of their main().
PROGRAMS = {"btrun-compile": "codegen", "btrun": "cli", "btrun-headers": "headers", "btrun-dwarf": "dwarf"}

# Headers of others that only some rooms may see.
FOREIGN = [
    (r"^(llvm-c|llvm|clang)/|^llvm", ["codegen", "codegen/*"], "LLVM"),
    (r"\.(tab|yy)\.h$", ["lexer", "parser"], "flex and bison output"),
    (r"^bpf/(btf|libbpf)\.h$", ["kernel", "runtime", "runtime/*"], "libbpf"),
    (r"^(dwarf|elfutils/.*)\.h$", ["dwarf"], "libdw"),
    (r"^seccomp\.h$", ["sandbox"], "libseccomp"),
    (r"^capstone/", ["arch", "kernel"], "libcapstone"),
    (r"^(libelf|gelf|elf)\.h$", ["arch", "kernel", "image", "codegen", "codegen/*", "runtime", "runtime/*"], "ELF"),
]

# A circle of files is at most this long, and named below with its reason. A file is NAME.c with
# NAME.h; it points to another when its code calls a function of the other's, takes its address, or
# uses a global. A table that names functions (the rows of the registries) points nowhere.
CIRCLE = 4
CIRCLES = [  # ({files}, reason)
    ({"codegen/lower/expr", "codegen/lower/assign", "codegen/lower/member", "codegen/lower/portable"},
     "an expression holds members, elements of maps and assignments to these, which hold expressions; a struct"
     " that is copied is copied by its members"),
    ({"analysis/builtin", "analysis/expr", "analysis/map", "analysis/operator"},
     "an expression holds calls, keys of maps and operators, and each of these holds expressions"),
]

# A struct of more members is accessed in at most so many files.
MEMBERS = 30
SHARERS = 10

# No name of a static function is defined in so many files.
NAMESAKES = 3

# What is not yet as it should be: the rule and what it is about, with the largest number that still
# passes. The numbers only shrink, and then their rows go.
TODO = {}
