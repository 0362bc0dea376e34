"""Random, well-typed scripts: Generator(random, features).program() is a tree of tree.py.

Types here are coarse ("int", "str", ("tuple", parts ...), ("array", element, number)): widths and signs follow from what is assigned, and
infer.py works them out. What an expression changes is not named twice in its statement, so
that the order in which a statement evaluates never matters (but for && || ?:).
"""
from evaluate import Endless, expected
from gather import GATHER
from tree import Conversion, Node
from infer import Invalid, literal_value

EDGES = [0, 1, 2, 3, 7, 8, 10, 31, 32, 63, 64, 65, 127, 128, 255, 256, 1000, 32767, 32768, 65535, 65536,
         (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, 10 ** 12, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]
INT_TYPES = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
ARITHMETIC = ["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"]
COMPARE = ["==", "!=", "<", "<=", ">", ">="]
WORDS = ["", "a", "b", "ab", "abc", "Abc", "abcdefg", "abcdefgh", "abcdefghi", "the quick brown fox", "x y",
         "0123456789abcdef", "0123456789abcdeg", "%d", "[", "long enough to need several words of memory"]

# A feature is used when its snippet compiles: (name, script). The language grows, and the scripts with it.
FEATURES = [
    ("while", "BEGIN { $i = 0; while ($i < 3) { $i++; } }"),
    ("jumps", "BEGIN { $i = 0; while ($i < 3) { $i++; if ($i == 1) { continue; } if ($i == 2) { break; } } }"),
    ("unroll", "BEGIN { $i = 0; unroll (3) { $i++; } }"),
    ("for", "BEGIN { for $i : 0..3 { printf(\"%d\", $i); } }"),
    ("each", "BEGIN { @m[1] = 2; for ($kv : @m) { $s = $kv.0 + $kv.1; } }"),
    ("tuple", "BEGIN { $t = (1, \"a\", (2, 3)); print($t.1); @t = $t; print($t); $x = @t.0 + $t.2.1; }"),
    ("tuple_key", "BEGIN { $t = (1, \"a\"); @m[$t, 3] = 1; @n[$t] = 1; print(@m[$t, 3]); }"),
    ("tuple_choice", "BEGIN { $t = (1, \"a\"); $t = pid ? $t : (2, \"b\"); }"),
    ("count", "BEGIN { @c = count(); }"),
    ("sum", "BEGIN { @c = sum(1); }"),
    ("min", "BEGIN { @c = min(1); }"),
    ("max", "BEGIN { @c = max(1); }"),
    ("avg", "BEGIN { @c = avg(1); }"),
    ("stats", "BEGIN { @c = stats(1); }"),
    ("hist", "BEGIN { @h = hist(1); }"),
    ("hist_bits", "BEGIN { @h = hist(1, 2); }"),
    ("lhist", "BEGIN { @h = lhist(1, 0, 10, 2); }"),
    ("gathered", "BEGIN { @c[1] = count(); $x = (int64)@c[1] + 1; }"),
    ("array", "BEGIN { $x = 5; print(((uint8[8])$x)[1]); }"),
    ("array_value", "BEGIN { $a = (uint16[4])5; @a = $a; print($a); print(@a[1]); printf(\"%d\", $a == $a); }"),
    ("strncmp", "BEGIN { $s = \"a\"; printf(\"%d\", strncmp($s, \"b\", 1) == 0); }"),
    ("strcontains", "BEGIN { $s = \"a\"; printf(\"%d\", strcontains($s, \"b\")); }"),
    ("has_key", "BEGIN { @m[1] = 1; printf(\"%d\", has_key(@m, 1)); }"),
    ("len", "BEGIN { @m[1] = 1; printf(\"%d\", len(@m)); }"),
    ("bswap", "BEGIN { $x = (uint16)1; printf(\"%d\", bswap($x)); }"),
    ("let", "BEGIN { let $x = 1; print($x); }"),
    ("char_literal", "BEGIN { $c = 'a'; }"),
    ("bool_cast", "BEGIN { $c = (bool)1; print($c); }"),
    ("return", "BEGIN { return; }"),
    ("show", "BEGIN { @x[1] = 1; } END { print(@x, 1); print(@x); clear(@x); }"),
    ("predicate", "BEGIN { @x = 1; } BEGIN /@x == 1/ { }"),
]


class Frame:
    """The variables that a block can see: name -> coarse type."""

    def __init__(self, outer=None):
        self.names = {}
        self.outer = outer

    def all(self):
        names = dict(self.outer.all()) if self.outer else {}
        names.update(self.names)
        return names


class Generator:
    def __init__(self, random, features, size=14):
        self.r, self.features, self.size = random, features, size
        self.count = 0
        self.maps = {}  # name -> (coarse types of keys, coarse type of the value or an aggregation)
        self.numbers = {}  # name of a map -> what its histogram was made with
        self.pure = False
        self.tuples = []
        self.frame = Frame()
        self.read, self.changed = set(), set()
        self.fixed = set()  # loop counters
        self.loops = 0
        self.printed = 0

    def program(self):
        probes = [self.probe(self.size)]
        if "predicate" in self.features and self.r.random() < 0.3:
            probes.append(self.probe(3, self.clean(lambda: self.condition(2))))
        probes.append(Node("probe", [None, self.end()], "END"))
        return Node("program", probes)

    def probe(self, size, predicate=None):
        self.frame = Frame()
        block = [] if predicate else self.opening()
        self.statements(block, size, 0)
        return Node("probe", [predicate, Node("block", block)], "BEGIN")

    def chance(self, p):
        return self.r.random() < p

    def has(self, feature):
        return feature in self.features

    def name(self, stem):
        self.count += 1
        return f"{stem}{self.count}"

    def clean(self, make):
        """A statement's expressions, with what they read and change kept apart."""
        self.read, self.changed = set(), set()
        return make()

    # Integers

    def literal(self):
        r = self.r
        value = r.choice([lambda: r.choice(EDGES), lambda: r.randrange(10), lambda: r.getrandbits(r.randint(1, 64)),
                          lambda: max(0, r.choice(EDGES) + r.randint(-2, 2)) & ((1 << 64) - 1)])()
        return self.written(value)

    def written(self, value):
        r = self.r
        form = r.randrange(14)
        text = None
        if form == 0:
            text = hex(value)
        elif form == 1:
            text = f"0{value:o}"
        elif form == 2:
            text = f"{value:_}"
        elif form == 3:
            text = f"{value}{r.choice(['u', 'ul', 'ull', 'UL'])}"
        elif form == 4 and value < 1 << 63:
            text = f"{value}{r.choice(['l', 'll', 'LL'])}"
        elif form == 5 and value and value % 100 == 0:
            zeros = len(str(value)) - len(str(value).rstrip("0"))
            text = f"{value // 10 ** zeros}e{zeros}"
        elif form == 6 and 32 < value < 127 and chr(value) not in "'\\" and self.has("char_literal"):
            text = f"'{chr(value)}'"
        return Node("int", [], value, text)

    def integer(self, depth):
        kinds = [(self.literal, 2), (self.variable, 4), (lambda: self.element("int", depth), 3)]
        if depth > 0:
            d = depth - 1
            kinds += [(lambda: self.arithmetic(d), 7), (lambda: self.unary(d), 2), (lambda: self.cast(d), 4),
                      (lambda: self.comparison(d), 2), (lambda: self.logical(d), 2), (lambda: self.choice(d), 2),
                      (self.step, 1), (lambda: self.sizeof(d), 0.3), (lambda: self.part("int", d), 2),
                      (lambda: self.call(d), 1)]
        node = self.pick(kinds)
        if self.chance(0.05) and node.op != "int":
            node.extra = node.extra if node.op == "step" else "()"
        return node

    def pick(self, kinds):
        while True:
            make = self.r.choices([k for k, _ in kinds], [w for _, w in kinds])[0]
            node = make()
            if node is not None:
                return node

    def variable(self, wanted="int"):
        names = [n for n, t in self.frame.all().items() if t == wanted and "$" + n not in self.changed]
        if not names:
            return None
        name = self.r.choice(names)
        self.read.add("$" + name)
        return Node("var", [], name)

    def map_names(self, wanted):
        return [n for n, (_, t) in self.maps.items() if t == wanted and "@" + n not in self.changed]

    def element(self, wanted="int", depth=1):
        names = self.map_names(wanted)
        if not names:
            return None
        return self.element_of(self.r.choice(names), depth)

    def element_of(self, name, depth=1):
        keys, _ = self.maps[name]
        self.read.add("@" + name)
        return Node("map", [self.key(k, depth) for k in keys], name)

    def key(self, kind, depth):
        """Few different keys, so that they meet again."""
        if kind == "int":
            if depth <= 0 or self.chance(0.6):
                return self.written(self.r.randrange(4))
            return Node("binary", [self.integer(depth - 1), self.written(self.r.choice([2, 3, 4]))], "%")
        if kind != "str":
            return self.variable(kind) or Node("tuple", [self.key(k, depth) for k in kind[1:]])
        return self.variable("str") or self.word() if depth <= 0 or self.chance(0.7) else self.text(depth - 1)

    def word(self):
        return Node("str", [], self.r.choice(WORDS))

    def arithmetic(self, depth):
        op = self.r.choice(ARITHMETIC)
        left, right = self.integer(depth), self.integer(depth)
        if op in ("<<", ">>") and self.chance(0.6):
            right = self.written(self.r.randrange(64))
        if op in ("/", "%") and literal_value(right) == 0:
            op = "+"
        return Node("binary", [left, right], op)

    def unary(self, depth):
        return Node("unary", [self.integer(depth)], self.r.choice("--~!+"))

    def cast(self, depth):
        names = INT_TYPES + (["bool"] if self.has("bool_cast") else [])
        return Node("cast", [self.integer(depth)], self.r.choice(names))

    def comparison(self, depth):
        if self.chance(0.2):
            return Node("binary", [self.text(depth), self.text(depth)], self.r.choice(["==", "!="]))
        return Node("binary", [self.integer(depth), self.integer(depth)], self.r.choice(COMPARE))

    def logical(self, depth):
        return Node("binary", [self.condition(depth), self.condition(depth)], self.r.choice(["&&", "||"]))

    def condition(self, depth):
        return self.comparison(depth) if self.chance(0.6) else self.integer(depth)

    def choice(self, depth):
        return Node("ternary", [self.condition(depth), self.integer(depth), self.integer(depth)])

    def part(self, wanted, depth):
        """Of a tuple or an array that a variable or map holds."""
        sources = [(n, t, True) for n, t in self.frame.all().items() if "$" + n not in self.changed]
        sources += [(n, t, False) for n, (_, t) in self.maps.items() if "@" + n not in self.changed]
        found = [(n, is_var, path) for n, t, is_var in sources for path in paths_to(wanted, t)]
        if not found:
            return None
        name, is_var, path = self.r.choice(found)
        self.read.add(("$" if is_var else "@") + name)
        node = Node("var", [], name) if is_var else self.element_of(name, depth)
        for step in path:
            node = Node("member", [node], step[1]) if step[0] == "." else Node("index", [node, self.written(step[1])])
        return node

    def call(self, depth):
        name = self.r.choice(["gathered", "strncmp", "strcontains", "has_key", "len", "bswap"])
        if not self.has(name):
            return None
        if name == "bswap":
            return Node("call", [self.integer(depth)], name)
        if name == "strncmp":
            call = Node("call", [self.text(depth), self.text(depth), Node("int", [], self.r.randint(1, 20))], name)
            return Node("binary", [call, Node("int", [], 0)], self.r.choice(["==", "!="]))
        if name == "strcontains":
            return Node("call", [self.text(depth), self.text(depth)], name)
        return self.of_map(name, depth)

    def of_map(self, name, depth):
        wanted = ("count", "sum", "min", "max", "avg") if name == "gathered" else None
        names = [n for n, (keys, t) in self.maps.items() if keys and "@" + n not in self.changed
                 and (t in wanted if wanted else True)]
        if not names:
            return None
        found = self.r.choice(names)
        self.read.add("@" + found)
        if name == "len":
            return Node("len", [], found)
        element = self.element_of(found, depth)
        if name == "has_key":
            return Node("haskey", [element])
        return Node("cast", [element], "int64")

    def step(self):
        if self.pure:
            return None
        names = ["$" + n for n, t in self.frame.all().items() if t == "int" and n not in self.fixed]
        names += ["@" + n for n in self.map_names("int")]
        names = [n for n in names if n not in self.read and n not in self.changed]
        if not names:
            return None
        name = self.r.choice(names)
        target = Node("var", [], name[1:]) if name[0] == "$" else self.element_of(name[1:], 0)
        self.changed.add(name)
        self.read.discard(name)
        return Node("step", [target], self.r.choice(["++", "--"]), self.chance(0.5))

    def sizeof(self, depth):
        if self.chance(0.5):
            return Node("sizeof", [], self.r.choice(INT_TYPES))
        return Node("sizeof", [self.integer(depth)])

    # Text and tuples

    def text(self, depth):
        kinds = [(self.word, 3), (lambda: self.variable("str"), 3), (lambda: self.element("str", depth), 2),
                 (lambda: self.part("str", depth), 1)]
        if depth > 0:
            kinds.append((lambda: Node("ternary", [self.condition(depth - 1), self.text(depth - 1),
                                                   self.text(depth - 1)]), 1))
        return self.pick(kinds)

    def any(self, kind, depth):
        if kind == "int":
            return self.integer(depth)
        if kind == "str":
            return self.text(depth)
        return self.array(kind, depth) if kind[0] == "array" else self.tuple(kind, depth)

    def tuple(self, kind, depth):
        kinds = [(lambda: Node("tuple", [self.any(k, depth - 1) for k in kind[1:]]), 3),
                 (lambda: self.variable(kind), 3), (lambda: self.element(kind, depth), 2)]
        if self.has("tuple_choice") and depth > 0:
            kinds.append((lambda: Node("ternary", [self.condition(depth - 1), self.any(kind, depth - 1),
                                                   self.any(kind, depth - 1)]), 0.5))
        return self.pick(kinds)

    def array(self, kind, depth):
        _, element, number = kind
        size = int(element.lstrip("uint")) * number
        whole = Node("cast", [self.integer(depth)], f"uint{size}")
        kinds = [(lambda: Node("cast", [whole], f"{element}[{number}]"), 2), (lambda: self.variable(kind), 3),
                 (lambda: self.element(kind, depth), 2)]
        return self.pick(kinds)

    def kind(self, nested=False):
        kinds = [("int", 12), ("str", 3)]
        if self.has("tuple"):
            kinds.append((None, 2 if nested else 3))
        if self.has("array_value") and not nested:
            kinds.append((("array", self.r.choice(["uint8", "int8", "uint16", "int16", "uint32", "int32"]), 0), 1))
        kind = self.r.choices([k for k, _ in kinds], [w for _, w in kinds])[0]
        if kind is None:
            return self.r.choice(self.tuples) if self.tuples and self.chance(0.7) else self.new_tuple(nested)
        if kind[0] == "array":
            bits = int(kind[1].lstrip("uint"))
            return ("array", kind[1], self.r.choice([n // bits for n in (16, 32, 64) if n > bits]))
        return kind

    def new_tuple(self, nested):
        parts = [self.kind(True) if not nested else self.r.choice(["int", "str"]) for _ in range(self.r.randint(2, 3))]
        self.tuples.append(("tuple", *parts))
        return self.tuples[-1]

    def key_kind(self):
        kind = self.kind()
        if isinstance(kind, tuple) and (kind[0] == "array" or not self.has("tuple_key")):
            return "int"
        return kind

    # Statements

    def opening(self):
        """Values that a compiler can't see through: what is read back from maps."""
        block = []
        self.maps["in"] = (["int"], "int")
        for i in range(self.r.randint(2, 4)):
            value = self.literal()
            if self.chance(0.4):
                value = Node("unary", [value], "-")
            block.append(Node("assign", [Node("map", [Node("int", [], i)], "in"), value], "="))
        for i in range(self.r.randint(2, 4)):
            name = self.name("v")
            value = Node("map", [Node("int", [], i)], "in")
            if self.chance(0.6):
                value = Node("cast", [value], self.r.choice(INT_TYPES))
            block.append(Node("assign", [Node("var", [], name), value], "="))
            self.frame.names[name] = "int"
        return block

    def statements(self, block, size, depth):
        for _ in range(size):
            statement = self.pick(self.kinds(depth))
            block.append(statement)
            if statement.op in ("break", "continue", "return"):
                return

    def kinds(self, depth):
        kinds = [(self.printf, 6), (self.assign, 6), (self.assign_map, 4), (self.compound, 4), (self.print, 1),
                 (self.delete, 0.5), (self.step_statement, 1), (self.gather, 0.7)]
        if depth < 3:
            kinds += [(lambda: self.branch(depth + 1), 3), (lambda: self.inner(depth + 1), 0.4)]
        if depth < 2:
            kinds += [(lambda: self.loop_unroll(depth + 1), 0.4 * self.has("unroll")),
                      (lambda: self.loop_while(depth + 1), self.has("while")),
                      (lambda: self.loop_for(depth + 1), self.has("for")),
                      (lambda: self.loop_each(), 0.7 * self.has("each"))]
        return kinds

    def printf(self):
        self.printed += 1
        pieces, args = [f"{self.printed}:"], []
        for _ in range(self.r.randint(1, 4)):
            pieces.append(" ")
            if self.chance(0.2):
                args.append(self.clean(lambda: self.text(1)))
                pieces.append(self.text_conversion())
            else:
                args.append(self.clean(lambda: self.integer(self.r.randint(0, 3))))
                pieces.append(self.conversion())
        pieces.append("\n")
        return Node("printf", args, pieces)

    def flags(self, letters):
        return "".join(f for f in letters if self.chance(0.15))

    def conversion(self):
        r = self.r
        if self.chance(0.5):
            return Conversion(r.choice(["d", "d", "lld", "ld", "u", "llu", "x", "llx"])[-1],
                              length=r.choice(["", "l", "ll"]))
        letter = r.choice("ddiuxXoc" if self.chance(0.9) else "p")
        length = "" if letter in "cp" else r.choice(["", "", "hh", "h", "l", "ll", "j", "z", "t"])
        letters = {"d": "-+ 0", "i": "-+ 0", "u": "-0", "c": "-", "p": "-"}.get(letter, "-#0")
        width = r.choice([0, 0, 1, 5, 12, 25])
        precision = r.choice([-1, -1, 0, 1, 7, 22]) if letter not in "cp" else -1
        return Conversion(letter, self.flags(letters), width, precision, length)

    def text_conversion(self):
        r = self.r
        return Conversion("s", self.flags("-"), r.choice([0, 0, 3, 10, 30]), r.choice([-1, -1, 0, 2, 8, 40]))

    def print(self):
        self.printed += 1
        value = self.clean(lambda: self.any(self.kind(), 2))
        if value.op in ("map", "str", "int"):
            value = Node("binary", [self.integer(0), self.written(1)], "+")
        label = Node("printf", [], [f"{self.printed}: "])
        return Node("block", [label, Node("print", [value])])

    def assign(self):
        kind = self.kind()
        names = [n for n, t in self.frame.all().items() if t == kind and n not in self.fixed]
        name = self.r.choice(names) if names and self.chance(0.6) else None
        self.read, self.changed = {"$" + (name or "")}, set()
        value = self.any(kind, 3)
        if name is None:
            name = self.name("v")
            self.frame.names[name] = kind
        return Node("assign", [Node("var", [], name), value], "=")

    def target_map(self, kinds=None):
        """One of these kinds; None: of any that can be assigned."""
        names = [n for n, (_, t) in self.maps.items() if (t in kinds if kinds else t not in GATHER)]
        if names and self.chance(0.7):
            return self.r.choice(names)
        name = self.name("m")
        keys = [self.key_kind() for _ in range(self.r.choice([0, 1, 1, 2, 3]))]
        self.maps[name] = (keys, self.r.choice(kinds) if kinds else self.kind())
        return name

    def assign_map(self):
        name = self.target_map()
        kind = self.maps[name][1]
        self.read, self.changed = {"@" + name}, set()
        value = self.any(kind, 3)
        return Node("assign", [self.element_of(name), value], "=")

    def compound(self):
        op = self.r.choice(ARITHMETIC)
        names = [n for n, t in self.frame.all().items() if t == "int" and n not in self.fixed]
        if names and self.chance(0.6):
            name = self.r.choice(names)
            target, self.read = Node("var", [], name), {"$" + name}
        else:
            name = self.target_map(("int",))
            target, self.read = None, {"@" + name}
        self.changed = set()
        value = self.integer(2)
        if op in ("/", "%") and literal_value(value) == 0:
            op = "+"
        return Node("assign", [target or self.element_of(name), value], op + "=")

    def step_statement(self):
        step = self.clean(self.step)
        return step and Node("expr", [step])

    def delete(self):
        names = list(self.maps)
        keyed = [n for n in names if self.maps[n][0]]
        return Node("delete", [self.clean(lambda: self.element_of(self.r.choice(keyed)))]) if keyed else None

    def gather(self):
        how = self.r.choice([h for h in GATHER if self.has(h)] or [None])
        if how is None:
            return None
        name = self.target_map((how,))
        if name not in self.numbers:
            self.numbers[name] = self.gather_numbers(how)
        self.read, self.changed = {"@" + name}, set()
        args = [self.integer(2)] if how != "count" else []
        return Node("gather", [self.element_of(name)] + args + [n.copy() for n in self.numbers[name]], how)

    def gather_numbers(self, how):
        if how == "hist" and self.has("hist_bits") and self.chance(0.4):
            return [Node("int", [], self.r.randint(0, 5))]
        if how != "lhist":
            return []
        begin, step = self.r.choice([0, 0, 1, 10, 100, 1024]), self.r.choice([1, 3, 10, 100, 1024])
        return [Node("int", [], n) for n in (begin, begin + step * self.r.randint(1, 12), step)]

    def nested(self, depth, size=None):
        self.frame = Frame(self.frame)
        block = []
        self.statements(block, size or self.r.randint(1, 4), depth)
        self.frame = self.frame.outer
        return Node("block", block)

    def inner(self, depth):
        return self.nested(depth)

    def branch(self, depth):
        condition = self.clean(lambda: self.condition(3))
        yes = self.nested(depth)
        if self.has("return") and self.chance(0.05):
            yes.kids.append(Node("return"))
        no = None
        if self.chance(0.5):
            no = self.branch(depth) if self.chance(0.4) else self.nested(depth)
        elif self.loops and self.has("jumps") and self.chance(0.4):
            yes.kids.append(Node(self.r.choice(["break", "continue"])))
        return Node("if", [condition, yes, no])

    def loop_unroll(self, depth):
        saved, self.loops = self.loops, 0  # a jump in it would leave what surrounds it
        rounds = self.r.randint(1, 4)
        # The verifier walks all ways through all rounds.
        body = self.nested(depth if rounds == 1 else 3, self.r.randint(1, 3))
        self.loops = saved
        return Node("unroll", [body], rounds)

    def loop_body(self, depth):
        self.loops += 1
        body = self.nested(depth, self.r.randint(1, 4))
        self.loops -= 1
        return body

    def loop_while(self, depth):
        """{ $i = 0; while ($i < n) { $i++; ... } }: a counter of its own, counted first."""
        name = self.name("i")
        self.frame = Frame(self.frame)
        self.frame.names[name] = "int"
        self.fixed.add(name)
        body = self.loop_body(depth)
        body.kids.insert(0, Node("expr", [Node("step", [Node("var", [], name)], "++", self.chance(0.5))]))
        bound = self.written(self.r.randint(0, 8))
        condition = Node("binary", [Node("var", [], name), bound], "<")
        if self.chance(0.3):
            condition = Node("binary", [condition, self.clean(lambda: self.condition(1))], "&&")
        self.frame = self.frame.outer
        start = Node("assign", [Node("var", [], name), Node("int", [], 0)], "=")
        return Node("block", [start, Node("while", [condition, body])])

    def loop_for(self, depth):
        first, end = (self.clean(lambda: self.written(self.r.randrange(9))) for _ in range(2))
        name = self.name("i")
        self.frame = Frame(self.frame)
        self.frame.names[name] = "int"
        self.fixed.add(name)
        body = self.loop_body(depth)
        self.frame = self.frame.outer
        return Node("for", [first, end, body], name)

    def loop_each(self):
        """The elements come in any order: only what does not depend on it is done with them."""
        names = [n for n, (keys, t) in self.maps.items() if keys and t not in GATHER]
        sums = [n for n, t in self.frame.all().items() if t == "int" and n not in self.fixed]
        if not names or not sums:
            return None
        name, total, element = self.r.choice(names), self.r.choice(sums), self.name("e")
        keys, value = self.maps[name]
        self.frame = Frame(self.frame)
        self.frame.names[element] = ("tuple", keys[0] if len(keys) == 1 else ("tuple", *keys), value)
        self.read, self.changed, self.pure = set(), {"$" + total, "@" + name}, True
        added = Node("assign", [Node("var", [], total), self.part("int", 1) or self.integer(2)], "+=")
        self.pure, self.frame = False, self.frame.outer
        return Node("each", [Node("map", [], name), Node("block", [added])], element)

    def end(self):
        block = []
        if self.has("show"):
            for name in self.maps:
                if self.chance(0.3):
                    block.append(self.ending(name))
        block.append(Node("printf", [], ["end\n"]))
        return Node("block", block)

    def ending(self, name):
        if self.maps[name][0] and self.chance(0.7):
            numbers = [self.r.randint(1, 4)]
            if self.maps[name][1] in ("int", "sum", "count") and self.chance(0.4):
                numbers.append(self.r.randint(1, 20))
            return Node("show", [], name, numbers)
        kinds = [Node("show", [], name, []), Node("clear", [], name)]
        if self.maps[name][1] in ("int", "count", "sum", "hist", "lhist"):
            kinds.append(Node("zero", [], name))
        return self.r.choice(kinds)


def paths_to(wanted, kind, path=()):
    """The ways to a part of that kind in a tuple or array."""
    if isinstance(kind, str):
        return [path] if path and kind == wanted else []
    if kind[0] == "array":
        return [path + (("[", i),) for i in range(kind[2])] if wanted == "int" else []
    return [p for i, part in enumerate(kind[1:]) for p in paths_to(wanted, part, path + ((".", i),))]


def make(random, features, size=14):
    """A program that is a fair test: it ends, and its types agree."""
    while True:
        program = Generator(random, features, size).program()
        try:
            expected(program, 0)
            return program
        except (Invalid, Endless):
            continue
