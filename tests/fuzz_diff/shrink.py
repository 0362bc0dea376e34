"""Makes a failing program small: drops statements, takes parts of expressions for the whole."""
from evaluate import Endless, expected
from tree import STATEMENTS, Conversion, Node
from infer import Invalid

PLAIN = {"%d", "%s"}


def valid(program):
    try:
        expected(program, 0)
        return True
    except (Invalid, Endless):
        return False


def chunks(items):
    """Halves, quarters ... single ones, to leave out."""
    size = len(items)
    while size:
        for begin in range(0, len(items), size):
            yield items[:begin] + items[begin + size:]
        size //= 2


def is_end_mark(node):
    return node.op == "printf" and node.value == ["end\n"]


def with_kids(node, kids):
    return Node(node.op, kids, node.value, node.extra)


def without_argument(node):
    """printf with one conversion less."""
    places = [i for i, p in enumerate(node.value) if isinstance(p, Conversion)]
    for n, place in enumerate(places):
        yield Node("printf", node.kids[:n] + node.kids[n + 1:], node.value[:place] + node.value[place + 1:])
        conversion = node.value[place]
        if conversion.text() not in PLAIN:
            simple = Conversion("s" if conversion.letter == "s" else "d")
            yield Node("printf", node.kids, node.value[:place] + [simple] + node.value[place + 1:])


def variants_of_statement(node):
    if node.op == "block":
        yield from (with_kids(node, kids) for kids in chunks(node.kids) if not any(
            is_end_mark(k) and k not in kids for k in node.kids))
        for i, kid in enumerate(node.kids):
            if kid.op == "block":
                yield with_kids(node, node.kids[:i] + kid.kids + node.kids[i + 1:])
    elif node.op == "printf":
        yield from without_argument(node)
    elif node.op == "if":
        condition, yes, no = node.kids
        yield yes
        if no:
            yield no if no.op == "block" else Node("block", [no])
            yield with_kids(node, [condition, yes, None])
    elif node.op in ("while", "unroll", "for", "each"):
        yield node.kids[-1]
    if node.op == "unroll" and node.value > 1:
        yield Node("unroll", node.kids, 1)
    if node.op == "assign" and node.value != "=":
        yield Node("assign", node.kids, "=")


def variants_of_expression(node):
    if node.op != "int" or node.value not in (0, 1):
        yield Node("int", [], 0)
        yield Node("int", [], 1)
    if node.op == "int" and node.value > 1:
        yield from (Node("int", [], n) for n in (2, node.value & 0xff, node.value >> 1) if n < node.value)
    if node.op == "int" and node.extra:
        yield Node("int", [], node.value)
    if node.op == "str" and node.value:
        yield from (Node("str", [], t) for t in ("", "a", node.value[:len(node.value) // 2]))
    elif node.op != "str":
        yield Node("str", [], "a")
    yield from (k for k in node.kids)
    if node.extra == "()":
        yield Node(node.op, node.kids, node.value)


def variants(node):
    if node.op == "program":
        yield from (with_kids(node, kids) for kids in chunks(node.kids) if any(p.value == "END" for p in kids))
    elif node.op == "probe":
        if node.kids[0]:
            yield Node("probe", [None, node.kids[1]], node.value)
    elif node.op in STATEMENTS:
        yield from variants_of_statement(node)
    else:
        yield from variants_of_expression(node)


def paths(node, path=()):
    yield path
    for i, kid in enumerate(node.kids):
        if kid:
            yield from paths(kid, path + (i,))


def at(node, path):
    for i in path:
        node = node.kids[i]
    return node


def replaced(node, path, new):
    if not path:
        return new.copy()
    kids = [replaced(k, path[1:], new) if i == path[0] else k and k.copy() for i, k in enumerate(node.kids)]
    return Node(node.op, kids, node.value, node.extra)


def size(node):
    """What shrinking makes smaller: nodes, then what is written in them."""
    weight = 0
    for n in node.walk():
        written = len(n.extra) if isinstance(n.extra, str) else 0
        weight += 100 + min(40, len(str(n.value))) + written
    return weight


def smaller_at(program, place):
    """Programs that differ at one place, in the order of its variants."""
    for new in variants(at(program, place)):
        smaller = replaced(program, place, new)
        if size(smaller) < size(program) and valid(smaller):
            yield smaller


def shrink(program, still_fails, many, budget):
    """still_fails(programs) gives a list of booleans; so many programs are asked about at once, budget in all."""
    improved = True
    while improved and budget > 0:
        improved, i, asked = False, 0, []
        places = list(paths(program))
        while i < len(places) and budget > 0:
            asked += smaller_at(program, places[i])
            i += 1
            if len(asked) < many and i < len(places):
                continue
            found = first_failing(asked, still_fails, many)
            budget -= len(asked)
            asked = []
            if found:
                # The same place again: what stands there now may get smaller too.
                program, improved, i = found, True, max(0, i - 1)
                places = list(paths(program))
    return program


def first_failing(asked, still_fails, many):
    for begin in range(0, len(asked), many):
        part = asked[begin:begin + many]
        failing = [p for p, fails in zip(part, still_fails(part)) if fails]
        if failing:
            return min(failing, key=size)
    return None
