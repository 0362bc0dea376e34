"""Types of a tree: what each variable and map holds, what each expression is.

Written from the language page, not from btrun's own analysis. Types: ("int", bytes, signed), ("bool",),
("str", bytes with the NUL), ("tuple", types), ("array", type of its elements, their number), ("agg", how, signed,
numbers that it was made with).
"""
import re

INT64, UINT64, BOOL = ("int", 8, True), ("int", 8, False), ("bool",)
NAMES = {"bool": BOOL}
for _size in (1, 2, 4, 8):
    NAMES[f"int{_size * 8}"] = ("int", _size, True)
    NAMES[f"uint{_size * 8}"] = ("int", _size, False)
COMPARISONS = {"==", "!=", "<", "<=", ">", ">="}


class Invalid(Exception):
    """No tree that btrun should accept."""


def is_int(t):
    return t[0] in ("int", "bool")


def shape(t):
    """(bytes, signed) of an integer."""
    return (1, False) if t == BOOL else (t[1], t[2])


def common(a, b):
    """Arithmetic is done in 64 bits, unsigned only when a side is uint64."""
    return UINT64 if UINT64 in (a, b) else INT64


def size_of(t):
    if t[0] == "str":
        return t[1]
    if t[0] == "array":
        return size_of(t[1]) * t[2]
    return shape(t)[0]


def type_named(name):
    found = re.fullmatch(r"(\w+)\[(\d+)\]", name)
    return ("array", NAMES[found.group(1)], int(found.group(2))) if found else NAMES[name]


def literal_value(node):
    """Of what counts as a literal: the value, else None."""
    if node.op == "int":
        return node.value if node.value < 1 << 63 else node.value - (1 << 64)
    if node.op == "unary" and node.value in "-+":
        inner = literal_value(node.kids[0])
        return inner if inner is None or node.value == "+" else wrap(-inner)
    if node.op == "binary" and node.value in ("+", "-", "*", "<<"):
        a, b = (literal_value(k) for k in node.kids)
        if a is None or b is None or (node.value == "<<" and not 0 <= b < 64):
            return None
        return wrap({"+": a + b, "-": a - b, "*": a * b, "<<": a << (b & 63)}[node.value])
    return None


def wrap(value, size=8, signed=True):
    value &= (1 << 8 * size) - 1
    return value - (1 << 8 * size) if signed and value >> (8 * size - 1) else value


def merge(a, b, literal_a, literal_b):
    """The type that keeps what a and b keep; literal: nothing but literals that are not negative."""
    if a == b:
        return a
    if is_int(a) and is_int(b):
        return merge_integers(a, b, literal_a, literal_b)
    if a[0] == b[0] == "str":
        return max(a, b)
    if a[0] == b[0] == "agg" and a[1] == b[1] and a[3] == b[3]:
        return a[:2] + (a[2] or b[2], a[3])
    if a[0] == b[0] == "tuple" and len(a[1]) == len(b[1]):
        return ("tuple", tuple(merge(x, y, False, False) for x, y in zip(a[1], b[1])))
    raise Invalid(f"{a} and {b} in one place")


def merge_integers(a, b, literal_a, literal_b):
    (size_a, sign_a), (size_b, sign_b) = shape(a), shape(b)
    size = max(size_a, size_b)
    if sign_a == sign_b:
        return ("int", size, sign_a)
    unsigned = size_b if sign_a else size_a
    if unsigned == 8:
        # No integer keeps both; only literals that are not negative leave it unsigned.
        return ("int", 8, not (literal_a if sign_a else literal_b))
    while size <= unsigned:
        size *= 2
    return ("int", size, True)


class Slot:
    """What a variable, a map's value or a key can hold: each assignment widens it."""

    def __init__(self):
        self.type = None
        self.literal = True

    def take(self, t, literal):
        merged = t if self.type is None else merge(self.type, t, self.literal, literal)
        self.literal = self.literal and literal
        changed, self.type = merged != self.type, merged
        return changed


class MapInfo:
    def __init__(self):
        self.keys = None
        self.value = Slot()


class Scopes:
    """Which $x is which: of the block that assigns it first, or where a block reads what only
    blocks in it have assigned, one of the outermost block that reads it."""

    def __init__(self):
        self.parents = {}
        self.scope = None
        self.bindings = []  # [name, scope, merged into]
        self.seen = []  # (node, binding)

    def within(self, scope, outer):
        while scope is not None and scope != outer:
            scope = self.parents[scope]
        return scope == outer

    def enter(self):
        scope = len(self.parents)
        self.parents[scope] = self.scope
        self.scope = scope

    def leave(self):
        self.scope = self.parents[self.scope]

    def visible(self, name):
        for b in self.bindings:
            if b[2] is None and b[0] == name and self.within(self.scope, b[1]):
                return b
        return None

    def bind(self, name):
        self.bindings.append([name, self.scope, None])
        return self.bindings[-1]

    def hoist(self, name, scope):
        inner = [b for b in self.bindings if b[2] is None and b[0] == name and self.within(b[1], scope)]
        if not inner:
            return None
        outer = [name, scope, None]
        for b in inner:
            b[2] = outer
        self.bindings.append(outer)
        return outer

    def read(self, node):
        found, scope = self.visible(node.value), self.scope
        while found is None and scope is not None:
            found = self.hoist(node.value, scope)
            scope = self.parents[scope]
        if found is None:
            raise Invalid(f"${node.value} is read before it is assigned")
        self.seen.append((node, found))

    def write(self, node):
        self.seen.append((node, self.visible(node.value) or self.bind(node.value)))

    def visit(self, node):
        if node is None:
            return
        if node.op == "var":
            self.read(node)
        elif node.op == "assign":
            self.visit(node.kids[1])
            if node.kids[0].op == "var" and node.value == "=":
                self.write(node.kids[0])
            else:
                self.visit(node.kids[0])
        elif node.op in ("block", "for", "each"):
            self.visit_block(node)
        else:
            for kid in node.kids:
                self.visit(kid)

    def visit_block(self, node):
        if node.op == "each":
            for key in node.kids[0].kids:
                self.visit(key)
        elif node.op == "for":
            self.visit(node.kids[0])
            self.visit(node.kids[1])
        self.enter()
        if node.op in ("for", "each"):
            self.seen.append((node, self.bind(node.value)))
        for kid in node.kids[-1:] if node.op in ("for", "each") else node.kids:
            self.visit(kid)
        self.leave()

    def bound(self):
        """id of a node -> a key that stands for its variable"""
        names = {}
        for node, b in self.seen:
            while b[2] is not None:
                b = b[2]
            names[id(node)] = id(b)
        self.keep = self.bindings  # their ids are in use
        return names


class Types:
    """The fixed point of all assignments of a program."""

    def __init__(self, program, constants=None):
        self.variables, self.maps, self.bound = {}, {}, {}
        self.results, self.scopes = {}, []
        for probe in program.kids:
            scopes = Scopes()
            scopes.enter()
            scopes.visit(probe.kids[0])
            scopes.visit(probe.kids[1])
            self.bound.update(scopes.bound())
            self.scopes.append(scopes)
        for self.last in (False, True):
            self.changed = True
            for _ in range(40):
                if not self.changed:
                    break
                self.changed = False
                self.unknown = 0
                for probe in program.kids:
                    for kid in probe.kids:
                        self.statement(kid) if kid and kid.op == "block" else kid and self.condition(kid)
        if self.unknown:
            raise Invalid("something is read that is never assigned")

    @staticmethod
    def demand(node, *ops):
        if node.op not in ops:
            raise Invalid(f"{node.op} where {' or '.join(ops)} belongs")

    def map_info(self, name):
        return self.maps.setdefault(name, MapInfo())

    def variable(self, node):
        return self.variables.setdefault(self.bound[id(node)], Slot())

    def of(self, node):
        """The type of an expression; None while it is not known yet."""
        t = getattr(self, "t_" + node.op)(node)
        self.results[id(node)] = t
        return t

    def want_int(self, node):
        t = self.of(node)
        if t is not None and not is_int(t):
            raise Invalid(f"no integer but {t}")
        return t

    condition = want_int

    def t_int(self, node):
        unsigned = node.value > (1 << 63) - 1 or (node.extra and node.extra != "()" and "u" in node.extra.lower())
        return UINT64 if unsigned else INT64

    def t_str(self, node):
        return ("str", len(node.value) + 1)

    def t_var(self, node):
        t = self.variable(node).type
        self.unknown += t is None
        return t

    def keys(self, node):
        info, kids = self.map_info(node.value), self.keys_flat(node)
        if info.keys is None:
            info.keys = [Slot() for _ in kids]
        if len(info.keys) != len(kids):
            raise Invalid(f"@{node.value} with other keys")
        for slot, key in zip(info.keys, kids):
            t = self.of(key)
            if t is not None:
                self.changed |= slot.take(self.stored(t), (literal_value(key) or -1) >= 0 or literal_value(key) == 0)

    def stored(self, t):
        """Integers in maps and tuples have 64 bits."""
        if is_int(t):
            return UINT64 if t == UINT64 else INT64
        if t[0] == "tuple":
            return ("tuple", tuple(self.stored(p) for p in t[1]))
        return t

    def t_map(self, node):
        self.keys(node)
        t = self.map_info(node.value).value.type
        self.unknown += t is None
        if t and t[0] == "agg":
            raise Invalid("an aggregation is read")
        return t

    def keys_flat(self, node):
        """@m[(a, b)] is @m[a, b]."""
        return node.kids[0].kids if len(node.kids) == 1 and node.kids[0].op == "tuple" else node.kids

    def t_unary(self, node):
        t = self.want_int(node.kids[0])
        if t is None or node.value == "+":
            return t
        if node.value == "!":
            return BOOL
        return INT64 if node.value == "-" else common(t, t)

    def t_binary(self, node):
        a, b = self.of(node.kids[0]), self.of(node.kids[1])
        if node.value in ("&&", "||"):
            if any(t is not None and not is_int(t) for t in (a, b)):
                raise Invalid("no condition")
            return BOOL
        if a is None or b is None:
            return None
        if node.value in COMPARISONS:
            if is_int(a) and is_int(b):
                return BOOL
            if a[0] != b[0] or a[0] == "tuple" or node.value not in ("==", "!=") or (a[0] == "array" and a != b):
                raise Invalid(f"{a} compared with {b}")
            return BOOL
        return self.operation(node.value, a, b, node.kids[1])

    def operation(self, op, a, b, right):
        if a is None or b is None:
            return None
        if not is_int(a) or not is_int(b):
            raise Invalid("no numbers")
        if op in ("/", "%") and literal_value(right) == 0:
            raise Invalid("division by 0")
        return common(a, a) if op in ("<<", ">>") else common(a, b)

    def t_ternary(self, node):
        self.condition(node.kids[0])
        a, b = self.of(node.kids[1]), self.of(node.kids[2])
        if a is None or b is None:
            return None
        if a == b:
            return a
        if is_int(a) and is_int(b):
            return common(a, b)
        return merge(a, b, False, False)

    def t_cast(self, node):
        kid, to = node.kids[0], type_named(node.value)
        if kid.op == "map" and (self.map_info(kid.value).value.type or " ")[0] == "agg":
            self.keys(kid)
            self.results[id(kid)] = t = self.map_info(kid.value).value.type
            if t[1] not in ("count", "sum", "min", "max", "avg") or not is_int(to):
                raise Invalid(f"a cast of {t}")
            return to
        t = self.of(kid)
        if t is None:
            return None
        arrays = "array" in (t[0], to[0])
        if not (is_int(t) or is_int(to)) or "str" in (t[0], to[0]) or "tuple" in (t[0], to[0]):
            raise Invalid(f"a cast of {t} to {to}")
        if arrays and size_of(t) != size_of(to):
            raise Invalid(f"a cast of {t} to {to}")
        return to

    def t_index(self, node):
        t = self.of(node.kids[0])
        self.want_int(node.kids[1])
        if t is None:
            return None
        index = literal_value(node.kids[1])
        if t[0] != "array" or (index is not None and not 0 <= index < t[2]):
            raise Invalid(f"an element of {t}")
        return t[1]

    def t_step(self, node):
        target = node.kids[0]
        self.demand(target, "var", "map")
        if target.op == "map":
            self.keys(target)
            slot = self.map_info(target.value).value
            if slot.type is None:
                self.changed |= slot.take(INT64, False)
            t = slot.type
        else:
            t = self.t_var(target)
        if t is not None and not (is_int(t) and t != BOOL):
            raise Invalid("a step of no integer")
        return t

    def t_sizeof(self, node):
        return None if None in [self.of(k) for k in node.kids] else INT64

    def t_tuple(self, node):
        parts = [self.of(k) for k in node.kids]
        return None if None in parts else self.stored(("tuple", tuple(parts)))

    def t_member(self, node):
        t = self.of(node.kids[0])
        if t is None:
            return None
        if t[0] != "tuple" or node.value >= len(t[1]):
            raise Invalid("no such part")
        return t[1][node.value]

    def t_call(self, node):
        return CALLS[node.value](self, node, [self.of(k) for k in node.kids])

    def t_haskey(self, node):
        """has_key(@m, key): kids: the element"""
        self.demand(node.kids[0], "map")
        self.keys(node.kids[0])
        self.unknown += self.map_info(node.kids[0].value).value.type is None
        return BOOL

    def t_len(self, node):
        self.unknown += self.map_info(node.value).value.type is None
        return INT64

    # Statements

    def statement(self, node):
        handler = getattr(self, "s_" + node.op, None)
        if handler:
            handler(node)
        else:
            for kid in node.kids:
                if kid is not None:
                    self.statement(kid) if kid.op in ("block", "if") else self.of(kid)

    def s_block(self, node):
        for kid in node.kids:
            self.statement(kid)

    def take(self, target, t, value):
        if t is None:
            return
        literal = literal_value(value) is not None and literal_value(value) >= 0
        if target.op == "var":
            slot, t = self.variable(target), self.stored(t) if t[0] == "tuple" else t
        else:
            slot, t = self.map_info(target.value).value, self.stored(t)
        self.changed |= slot.take(t, literal)

    def s_assign(self, node):
        target, value = node.kids
        self.demand(target, "var", "map")
        if node.value == "=":
            if target.op == "map":
                self.keys(target)
            self.take(target, self.of(value), value)
            return
        right = self.of(value)
        if target.op == "map":
            self.keys(target)
            slot = self.map_info(target.value).value
            if slot.type is None and right is not None:
                self.changed |= slot.take(common(right, right), False)
        self.take(target, self.operation(node.value[:-1], self.of(target), right, value), value)

    def s_gather(self, node):
        self.demand(node.kids[0], "map")
        self.keys(node.kids[0])
        signed = False
        for kid in node.kids[1:]:
            t = self.want_int(kid)
            if t is None:
                return
            signed |= t != UINT64
        numbers = tuple(literal_value(k) for k in node.kids[2:])
        if None in numbers:
            raise Invalid("no literal")
        self.changed |= self.map_info(node.kids[0].value).value.take(("agg", node.value, signed, numbers), False)

    def s_show(self, node):
        self.unknown += self.map_info(node.value).value.type is None

    s_clear = s_zero = s_show

    def s_printf(self, node):
        conversions = [p for p in node.value if not isinstance(p, str)]
        for conversion, kid in zip(conversions, node.kids, strict=True):
            t = self.of(kid)
            if t is not None and (not is_int(t) if conversion.letter != "s" else t[0] not in ("str", "bool")):
                raise Invalid(f"{conversion.text()} of {t}")

    def s_delete(self, node):
        self.demand(node.kids[0], "map")
        self.keys(node.kids[0])
        self.unknown += self.map_info(node.kids[0].value).value.type is None

    def s_if(self, node):
        self.condition(node.kids[0])
        for kid in node.kids[1:]:
            if kid:
                self.statement(kid)

    def s_while(self, node):
        self.condition(node.kids[0])
        self.statement(node.kids[1])

    def s_unroll(self, node):
        self.statement(node.kids[0])

    def s_each(self, node):
        info = self.map_info(node.kids[0].value)
        keys = [s.type for s in info.keys or []]
        if not keys or info.value.type is None or None in keys:
            self.unknown += 1
        elif info.value.type[0] == "agg":
            raise Invalid("an aggregation is read")
        else:
            key = keys[0] if len(keys) == 1 else ("tuple", tuple(keys))
            self.changed |= self.variable(node).take(("tuple", (key, info.value.type)), False)
        self.statement(node.kids[1])

    def s_for(self, node):
        self.want_int(node.kids[0])
        self.want_int(node.kids[1])
        self.changed |= self.variable(node).take(INT64, False)
        self.statement(node.kids[2])


def call_text(types, node, arg_types):
    """Of two texts."""
    if any(t is not None and t[0] != "str" for t in arg_types[:2]):
        raise Invalid("no text")
    return None if None in arg_types else INT64 if node.value == "strcontains" else UINT64


def call_bswap(types, node, arg_types):
    [t] = arg_types
    return t and ("int", types.want_int(node.kids[0]) and shape(t)[0], False)


CALLS = {"strncmp": call_text, "strcontains": call_text, "bswap": call_bswap}
