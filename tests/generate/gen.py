"""Random, well-typed scripts: Generator(random, features).program() is a tree of tree.py.

Types here are coarse ("int", "str", a tuple of them): widths and signs follow from what is assigned, and
infer.py works them out. What an expression changes is not named twice in its statement, so
that the order in which a statement evaluates never matters (but for && || ?:).
"""
from evaluate import Endless, expected
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
    ("tuple", "BEGIN { $t = (1, \"a\"); print($t.1); @t = $t; print($t); }"),
    ("hist", "BEGIN { @h = hist(1); }"),
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
                      (self.step, 1), (lambda: self.sizeof(d), 0.3)]
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

    def step(self):
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
        kinds = [(self.word, 3), (lambda: self.variable("str"), 3), (lambda: self.element("str", depth), 2)]
        if depth > 0:
            kinds.append((lambda: Node("ternary", [self.condition(depth - 1), self.text(depth - 1),
                                                   self.text(depth - 1)]), 1))
        return self.pick(kinds)

    def any(self, kind, depth):
        if kind == "int":
            return self.integer(depth)
        return self.text(depth) if kind == "str" else self.tuple(kind, depth)

    def tuple(self, kind, depth):
        kinds = [(lambda: Node("tuple", [self.any(k, depth - 1) for k in kind]), 2), (lambda: self.variable(kind), 3)]
        return self.pick(kinds)

    def kind(self):
        return self.r.choices(["int", "str"], [5, 1])[0]

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
                      (lambda: self.loop_for(depth + 1), self.has("for"))]
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

    def target_map(self, kinds=("int", "str")):
        names = [n for n, (_, t) in self.maps.items() if t in kinds]
        if names and self.chance(0.7):
            return self.r.choice(names)
        name = self.name("m")
        keys = [self.kind() for _ in range(self.r.choice([0, 1, 1, 2, 3]))]
        self.maps[name] = (keys, self.r.choice(list(kinds)))
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
        how = self.r.choice(["count"] + [h for h in ("hist",) if self.has(h)])
        name = self.target_map((how,))
        self.read, self.changed = {"@" + name}, set()
        args = [self.integer(2)] if how != "count" else []
        return Node("gather", [self.element_of(name)] + args, how)

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
        body = self.nested(depth, self.r.randint(1, 3))
        self.loops = saved
        return Node("unroll", [body], self.r.randint(1, 4))

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
            if self.maps[name][1] == "int" and self.chance(0.4):
                numbers.append(self.r.randint(1, 20))
            return Node("show", [], name, numbers)
        return self.r.choice([Node("show", [], name, []), Node("clear", [], name), Node("zero", [], name)])


def make(random, features, size=14):
    """A program that is a fair test: it ends, and its types agree."""
    while True:
        program = Generator(random, features, size).program()
        try:
            expected(program, 0)
            return program
        except (Invalid, Endless):
            continue
