"""What a generated script prints, worked out by itself from the tree."""
from tree import Conversion
from infer import BOOL, COMPARISONS, INT64, NAMES, UINT64, Types, common, is_int, shape, size_of, wrap

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
        return tuple(fit(self.value(k), s.type) for k, s in zip(node.kids, slots))

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
        return fit(self.value(node.kids[0]), NAMES[node.value])

    def v_step(self, node):
        target = node.kids[0]
        key = self.key(target) if target.op == "map" else None
        old = self.load(target, key)
        new = fit(old + (1 if node.value == "++" else -1), self.type_of(node))
        self.store(target, key, new)
        return new if node.extra is True else old

    def v_sizeof(self, node):
        return size_of(self.type_of(node.kids[0]) if node.kids else NAMES[node.value])

    def v_tuple(self, node):
        return tuple(self.value(k) for k in node.kids)

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
        GATHER[node.value][0](self.elements(target.value), key, *values)

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
        self.show(node.value, *node.extra)

    def r_clear(self, node):
        self.elements(node.value).clear()

    def r_zero(self, node):
        t = self.types.maps[node.value].value.type
        elements = self.elements(node.value)
        for key in elements:
            elements[key] = GATHER[t[1]][3](elements[key]) if t[0] == "agg" else zero(t)

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
        if not elements:
            return
        t = info.value.type
        rank, text = (GATHER[t[1]][1:3] if t[0] == "agg" else (None, None))

        def order(item):
            key, value = item
            by = rank(value) if rank else value if is_int(t) else 0
            return by, key

        items = sorted(elements.items(), key=order)
        for key, value in items[-top:] if top else items:
            shown = ", ".join(plain(k, s.type) for k, s in zip(key, info.keys))
            head = f"@p{self.number}_{name}" + (f"[{shown}]" if key else "") + ": "
            if text:
                self.put(head + text(value, div) + "\n")
            else:
                self.put(head + plain(divide(value, div, False) if is_int(t) else value, t) + "\n")


def zero(t):
    if t[0] == "tuple":
        return tuple(zero(p) for p in t[1])
    return "" if t[0] == "str" else 0


# Aggregations: (add, rank for sorting, text, what zero() leaves)

def add_count(elements, key):
    elements[key] = elements.get(key, 0) + 1


def add_hist(elements, key, value, bits=0):
    buckets = elements.setdefault(key, {"bits": bits})
    value = wrap(value)
    bucket = hist_bucket(value, bits)
    buckets[bucket] = buckets.get(bucket, 0) + 1


def hist_bucket(value, bits):
    """(low, high) of the bucket: powers of two, cut into 2^bits parts."""
    if value < 0:
        return -(1 << 63), 0
    if value < 2 << bits:
        return value, value + 1
    step = 1 << (value.bit_length() - 1 - bits)
    low = value // step * step
    return low, low + step


def following(bucket, bits):
    return hist_bucket(bucket[1], bits) if bucket[0] >= 0 else hist_bucket(0, bits)


def bound(value):
    for suffix in ["", "K", "M", "G", "T", "P", "E"]:
        if value % 1024 or value == 0:
            return f"{value}{suffix}"
        value //= 1024
    return None


def hist_text(buckets, div):
    used = sorted(b for b in buckets if b != "bits" and buckets[b])
    if not used:
        return ""
    lines, at, most = [], used[0], max(buckets[b] for b in used)
    while at <= used[-1]:
        n = buckets.get(at, 0)
        low, high = at
        label = "(..., 0)" if low < 0 else f"[{bound(low)}]" if high == low + 1 else f"[{bound(low)}, {bound(high)})"
        lines.append(f"{label:<16}{n // div:>8} |{'@' * (n * 52 // most):<52}|")
        at = following(at, buckets["bits"])
    return "\n" + "\n".join(lines)


def hist_total(buckets):
    return sum(n for b, n in buckets.items() if b != "bits")


GATHER = {
    "count": (add_count, lambda v: v, lambda v, div: str(v // div), lambda old: 0),
    "hist": (add_hist, hist_total, hist_text, lambda old: {"bits": old["bits"]}),
}


def call_strncmp(evaluator, node):
    a, b, n = (evaluator.value(k) for k in node.kids)
    return int(a[:n] != b[:n])


CALLS = {"strncmp": call_strncmp}


def expected(program, number):
    """The lines, without empty ones."""
    return [line for line in Evaluator(program, number).lines if line]


__all__ = ["expected", "Endless", "UINT64", "INT64"]
