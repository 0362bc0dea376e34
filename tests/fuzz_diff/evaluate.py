"""What a generated script prints, worked out by itself from the tree."""
from gather import GATHER
from infer import BOOL, COMPARISONS, INT64, UINT64, Types, common, is_int, shape, size_of, type_named, wrap
from tree import Conversion

FUEL = 20000


class Endless(Exception):
    """The script runs too long to be worth a test."""


class Leave(Exception):
    """break, continue, return"""

    def __init__(self, how):
        super().__init__(how)
        self.how = how


def fit(value, t):
    """A value as one of type t."""
    if is_int(t):
        return int(value != 0) if t == BOOL else wrap(value, *shape(t))
    if t[0] == "tuple":
        return tuple(fit(v, p) for v, p in zip(value, t[1]))
    return value


def bytes_of(value, t):
    """An integer or array as it lies in memory."""
    if t[0] == "array":
        return b"".join(bytes_of(v, t[1]) for v in value)
    return wrap(value, shape(t)[0], False).to_bytes(shape(t)[0], "little")


def from_bytes(data, t):
    if t[0] == "array":
        step = size_of(t[1])
        return tuple(from_bytes(data[i * step:(i + 1) * step], t[1]) for i in range(t[2]))
    return fit(int.from_bytes(data, "little"), t)


def divide(a, b, remainder):
    """By zero: 0, and the dividend for a remainder. Otherwise C's: towards zero."""
    if b == 0:
        return a if remainder else 0
    quotient = abs(a) // abs(b)
    if (a < 0) != (b < 0):
        quotient = -quotient
    return a - quotient * b if remainder else quotient


def operate(op, a, b, t):
    """a and b are of type t, which has 64 bits; a shift looks at the low six bits of b."""
    results = {
        "+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "&": lambda: a & b, "|": lambda: a | b,
        "^": lambda: a ^ b, "<<": lambda: a << (b & 63), ">>": lambda: a >> (b & 63),
        "/": lambda: divide(a, b, False), "%": lambda: divide(a, b, True),
    }
    return fit(results[op](), t)


COMPARE = {"==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
           "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}


def digits(value, letter):
    return {"o": "%o", "x": "%x", "X": "%X"}.get(letter, "%d") % value


def print_number(c, value, t):
    """C's rules; without a length an int is taken, or all of a value that is wider."""
    size = {"": max(4, shape(t)[0]), "hh": 1, "h": 2}.get(c.length, 8)
    signed = c.letter in "di"
    value = wrap(value, size, signed)
    text = digits(abs(value), c.letter)
    if c.precision == 0 and value == 0:
        text = ""
    text = text.rjust(c.precision, "0")
    prefix = ""
    if signed:
        prefix = "-" if value < 0 else "+" if "+" in c.flags else " " if " " in c.flags else ""
    elif "#" in c.flags and c.letter == "o" and not text.startswith("0"):
        text = "0" + text
    elif "#" in c.flags and c.letter in "xX" and value:
        prefix = "0" + c.letter
    if "0" in c.flags and "-" not in c.flags and c.precision < 0:
        text = text.rjust(c.width - len(prefix), "0")
    return justify(prefix + text, c)


def justify(text, c):
    return text.ljust(c.width) if "-" in c.flags else text.rjust(c.width)


def convert(c, value, t):
    """One conversion of printf."""
    if c.letter == "c":
        value &= 255
        return justify(chr(value), c) if value else " " * (c.width - 1)
    if c.letter == "s":
        text = plain(value, t)
        return justify(text[:c.precision] if c.precision >= 0 else text, c)
    if c.letter == "p":
        value = wrap(value, 8, False)
        return justify(f"0x{value:x}" if value else "(nil)", c)
    return print_number(c, value, t)


def plain(value, t):
    """As print() and map lines show a value."""
    if t == BOOL:
        return "true" if value else "false"
    if t[0] == "tuple":
        return f"({', '.join(plain(v, p) for v, p in zip(value, t[1]))})"
    if t[0] == "array":
        return f"[{','.join(plain(v, t[1]) for v in value)}]"
    return str(value)


class Evaluator:
    def __init__(self, program, number):
        self.types = Types(program)
        self.number = number
        self.maps = {}
        self.lines = []
        self.part = ""
        self.fuel = FUEL
        for kind in ("BEGIN", "END"):
            for probe in program.kids:
                if probe.value == kind:
                    self.probe(probe)
        for name in self.types.maps:
            self.show(name)

    def probe(self, probe):
        predicate, block = probe.kids
        self.variables = {}
        if predicate and not self.value(predicate):
            return
        try:
            self.run(block)
        except Leave as leave:
            if leave.how != "return":
                raise

    def put(self, text):
        *whole, self.part = (self.part + text).split("\n")
        self.lines += whole

    def type_of(self, node):
        return self.types.results[id(node)]

    def value(self, node):
        self.fuel -= 1
        if self.fuel < 0:
            raise Endless()
        return getattr(self, "v_" + node.op)(node)

    def v_int(self, node):
        return node.value

    v_str = v_int

    def v_var(self, node):
        t = self.types.variable(node).type
        return self.variables.get(self.types.bound[id(node)], zero(t))

    def key(self, node):
        slots = self.types.maps[node.value].keys
        return tuple(fit(self.value(k), s.type) for k, s in zip(self.types.keys_flat(node), slots))

    def elements(self, name):
        return self.maps.setdefault(name, {})

    def v_map(self, node):
        return self.elements(node.value).get(self.key(node), zero(self.types.maps[node.value].value.type))

    def v_unary(self, node):
        value = self.value(node.kids[0])
        if node.value == "!":
            return int(not value)
        return fit({"-": -value, "~": ~value, "+": value}[node.value], self.type_of(node))

    def v_binary(self, node):
        op, (left, right) = node.value, node.kids
        if op in ("&&", "||"):
            decided = bool(self.value(left)) == (op == "||")
            return int(op == "||") if decided else int(self.value(right) != 0)
        a, b = self.value(left), self.value(right)
        types = self.type_of(left), self.type_of(right)
        if op in COMPARISONS:
            if is_int(types[0]):
                a, b = fit(a, common(*types)), fit(b, common(*types))
            return int(COMPARE[op](a, b))
        # A shift's sign is that of what is shifted: the type says it already.
        t = self.type_of(node)
        return operate(op, fit(a, t), fit(b, t), t)

    def v_ternary(self, node):
        condition, yes, no = node.kids
        return fit(self.value(yes if self.value(condition) else no), self.type_of(node))

    def v_cast(self, node):
        kid, to = node.kids[0], type_named(node.value)
        t = self.type_of(kid)
        if t[0] == "agg":
            state = self.elements(kid.value).get(self.key(kid))
            return fit(0 if state is None else GATHER[t[1]].number(state, t), to)
        value = self.value(kid)
        if "array" in (t[0], to[0]):
            return from_bytes(bytes_of(value, t), to)
        return fit(value, to)

    def v_index(self, node):
        array, index = self.value(node.kids[0]), self.value(node.kids[1])
        return array[index]

    def v_haskey(self, node):
        return int(self.key(node.kids[0]) in self.elements(node.kids[0].value))

    def v_len(self, node):
        return len(self.elements(node.value))

    def v_step(self, node):
        target = node.kids[0]
        key = self.key(target) if target.op == "map" else None
        old = self.load(target, key)
        new = fit(old + (1 if node.value == "++" else -1), self.type_of(node))
        self.store(target, key, new)
        return new if node.extra is True else old

    def v_sizeof(self, node):
        return size_of(self.type_of(node.kids[0]) if node.kids else type_named(node.value))

    def v_tuple(self, node):
        return fit(tuple(self.value(k) for k in node.kids), self.type_of(node))

    def v_member(self, node):
        return self.value(node.kids[0])[node.value]

    def v_call(self, node):
        return CALLS[node.value](self, node)

    # Statements

    def run(self, node):
        self.fuel -= 1
        getattr(self, "r_" + node.op)(node)

    def r_block(self, node):
        for kid in node.kids:
            self.run(kid)

    def load(self, target, key):
        if target.op == "var":
            return self.v_var(target)
        return self.elements(target.value).get(key, zero(self.types.maps[target.value].value.type))

    def store(self, target, key, value):
        if target.op == "var":
            self.variables[self.types.bound[id(target)]] = fit(value, self.types.variable(target).type)
        else:
            self.elements(target.value)[key] = fit(value, self.types.maps[target.value].value.type)

    def r_assign(self, node):
        target, expression = node.kids
        value = self.value(expression)
        key = self.key(target) if target.op == "map" else None
        if node.value != "=":
            op, right = node.value[:-1], self.type_of(expression)
            stored = self.types.variable(target) if target.op == "var" else self.types.maps[target.value].value
            t = common(stored.type, stored.type if op in ("<<", ">>") else right)
            value = operate(op, fit(self.load(target, key), t), fit(value, t), t)
        self.store(target, key, value)

    def r_expr(self, node):
        self.value(node.kids[0])

    def r_gather(self, node):
        target = node.kids[0]
        values = [self.value(k) for k in node.kids[1:]]
        key = self.key(target)
        how, elements = GATHER[node.value], self.elements(target.value)
        t = self.types.maps[target.value].value.type
        if key not in elements:
            elements[key] = how.start()
        how.add(elements[key], fit(values[0], INT64 if t[2] else UINT64) if values else None, t)

    def r_printf(self, node):
        args, text = iter(node.kids), f"{self.number}."
        for piece in node.value:
            if isinstance(piece, Conversion):
                arg = next(args)
                value = self.value(arg)
                text += convert(piece, value, self.type_of(arg))
            else:
                text += piece
        self.put(text)

    def r_print(self, node):
        value = self.value(node.kids[0])
        self.put(plain(value, self.type_of(node.kids[0])) + "\n")

    def r_show(self, node):
        if not self.show(node.value, *node.extra):
            self.put("\n")

    def r_clear(self, node):
        self.elements(node.value).clear()

    def r_zero(self, node):
        t = self.types.maps[node.value].value.type
        elements = self.elements(node.value)
        for key in elements:
            elements[key] = GATHER[t[1]].start() if t[0] == "agg" else zero(t)

    def r_delete(self, node):
        self.elements(node.kids[0].value).pop(self.key(node.kids[0]), None)

    def r_if(self, node):
        condition, yes, no = node.kids
        branch = yes if self.value(condition) else no
        if branch:
            self.run(branch)

    def round(self, block):
        """False: the loop ends."""
        try:
            self.run(block)
        except Leave as leave:
            if leave.how == "return":
                raise
            return leave.how == "continue"
        return True

    def r_while(self, node):
        while self.value(node.kids[0]) and self.round(node.kids[1]):
            pass

    def r_unroll(self, node):
        for _ in range(node.value):
            self.run(node.kids[0])

    def r_each(self, node):
        elements = self.elements(node.kids[0].value)
        for key, value in sorted(elements.items()):
            self.variables[self.types.bound[id(node)]] = (key[0] if len(key) == 1 else key, value)
            if not self.round(node.kids[1]):
                break

    def r_for(self, node):
        first, end = self.value(node.kids[0]), self.value(node.kids[1])
        for i in range(first, end):
            self.variables[self.types.bound[id(node)]] = i
            if not self.round(node.kids[2]):
                break

    def r_break(self, node):
        raise Leave(node.op)

    r_continue = r_return = r_break

    def show(self, name, top=0, div=1):
        """print(@name, top, div): numbers by value, the rest by key."""
        info, elements = self.types.maps[name], self.elements(name)
        t = info.value.type
        how = GATHER[t[1]] if t[0] == "agg" else None
        if not elements and not info.keys and t[0] == "agg" and t[1] == "count":
            self.put(f"@p{self.number}_{name}: 0\n")
            return True
        if not elements:
            return False

        def order(item):
            key, value = item
            return how.number(value, t) if how else value if is_int(t) else 0, key

        items = sorted(elements.items(), key=order)
        for key, value in items[-top:] if top else items:
            shown = ", ".join(plain(k, s.type) for k, s in zip(key, info.keys))
            head = f"@p{self.number}_{name}" + (f"[{shown}]" if key else "") + ": "
            if how:
                self.put(head + how.text(value, t, div) + "\n")
            else:
                self.put(head + plain(divide(value, div, False) if is_int(t) else value, t) + "\n")
        return True


def zero(t):
    if t[0] == "tuple":
        return tuple(zero(p) for p in t[1])
    if t[0] == "array":
        return (zero(t[1]),) * t[2]
    return "" if t[0] == "str" else 0


def call_strncmp(evaluator, node):
    a, b, n = (evaluator.value(k) for k in node.kids)
    return int(a[:n] != b[:n])


def call_strcontains(evaluator, node):
    a, b = (evaluator.value(k) for k in node.kids)
    return int(b in a)


def call_bswap(evaluator, node):
    t = evaluator.type_of(node.kids[0])
    return int.from_bytes(bytes_of(evaluator.value(node.kids[0]), t), "big")


CALLS = {"strncmp": call_strncmp, "strcontains": call_strcontains, "bswap": call_bswap}


def expected(program, number):
    """The lines, without empty ones."""
    return [line for line in Evaluator(program, number).lines if line]
