"""The syntax tree of a generated script, and its text.

A Node is (op, kids, value, extra). Expressions:
    int     value; extra: how it is written, or None
    str     value: text
    var     value: name without $
    map     value: name without @; kids: keys
    unary   value: - ~ ! +
    binary  value: the operator
    ternary kids: condition, yes, no
    cast    value: a type's name
    step    value: ++ or --; extra: True before, False after; kids: a var or map
    sizeof  kids: an expression, or value: a type's name
    call    value: a function's name; kids: arguments
    tuple   kids: its parts
    member  value: a tuple's part as a number; kids: the tuple
    index   kids: an array, a number
    haskey  kids: a map element
    len     value: a map's name
Statements:
    assign  value: = += ...; kids: target, expression
    expr    kids: an expression, for its effect
    gather  value: count, hist ...; kids: target map, arguments
    printf  value: [literal or Conversion ...]; kids: arguments
    print   kids: an expression; extra: numbers behind it
    show    value: a map's name; extra: numbers behind it (print of a whole map)
    clear, zero  value: a map's name
    delete  kids: a map element
    if      kids: condition, block, block or if or None
    block   kids: statements
    while   kids: condition, block
    unroll  value: rounds; kids: block
    for     value: a variable's name; kids: first, end, block
    each    value: a variable's name; kids: map, block (over its elements)
    break, continue, return
A script is a Node program of probes; probe: value BEGIN or END; kids: predicate or None, block.
"""
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Node:
    op: str
    kids: list = field(default_factory=list)
    value: Any = None
    extra: Any = None

    def copy(self):
        return Node(self.op, [k and k.copy() for k in self.kids], self.value, self.extra)

    def walk(self):
        yield self
        for kid in self.kids:
            if kid:
                yield from kid.walk()


@dataclass(frozen=True)
class Conversion:
    """One conversion of a printf format."""
    letter: str
    flags: str = ""
    width: int = 0
    precision: int = -1
    length: str = ""

    def text(self):
        precision = f".{self.precision}" if self.precision >= 0 else ""
        return f"%{self.flags}{self.width or ''}{precision}{self.length}{self.letter}"


STATEMENTS = {"assign", "expr", "gather", "printf", "print", "show", "clear", "zero", "delete", "if", "block",
              "while", "unroll", "for", "each", "break", "continue", "return"}

LEVELS = [["||"], ["&&"], ["|"], ["^"], ["&"], ["==", "!="], ["<", "<=", ">", ">="], ["<<", ">>"],
          ["+", "-"], ["*", "/", "%"]]
BINDING = {op: level + 2 for level, ops in enumerate(LEVELS) for op in ops}
TERNARY, UNARY, POSTFIX = 1, 20, 30


def quoted(text):
    named = {"\n": "\\n", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
    return '"' + "".join(named.get(c, c) for c in text) + '"'


class Writer:
    """Text of a tree. Maps and printed lines carry the script's number, so that many fit into one image."""

    def __init__(self, number):
        self.number = number
        self.lines = []
        self.depth = 0

    def map_name(self, name):
        return f"@p{self.number}_{name}"

    def line(self, text):
        self.lines.append("\t" * self.depth + text)

    # Expressions: (text, how tightly it binds)

    def expression(self, node, least=0):
        text, binding = getattr(self, "x_" + node.op)(node)
        return f"({text})" if binding < least or (node.extra == "()" and binding < POSTFIX) else text

    def listed(self, nodes):
        return ", ".join(self.expression(n) for n in nodes)

    def x_int(self, node):
        return node.extra or str(node.value), POSTFIX

    def x_str(self, node):
        return quoted(node.value), POSTFIX

    def x_var(self, node):
        return "$" + node.value, POSTFIX

    def x_map(self, node):
        keys = f"[{self.listed(node.kids)}]" if node.kids else ""
        return self.map_name(node.value) + keys, POSTFIX

    def x_unary(self, node):
        operand = self.expression(node.kids[0], UNARY)
        # "- -1" is no "--".
        return node.value + (" " if operand[0] == node.value else "") + operand, UNARY

    def x_binary(self, node):
        binding = BINDING[node.value]
        left = self.expression(node.kids[0], binding)
        right = self.expression(node.kids[1], binding + 1)
        return f"{left} {node.value} {right}", binding

    def x_ternary(self, node):
        condition, yes, no = node.kids
        return (f"{self.expression(condition, TERNARY + 1)} ? {self.expression(yes)} : "
                f"{self.expression(no, TERNARY)}"), TERNARY

    def x_cast(self, node):
        return f"({node.value}){self.expression(node.kids[0], UNARY)}", UNARY

    def x_step(self, node):
        target = self.expression(node.kids[0])
        return (node.value + target, UNARY) if node.extra is True else (target + node.value, POSTFIX - 1)

    def x_sizeof(self, node):
        return f"sizeof({self.listed(node.kids) if node.kids else node.value})", POSTFIX

    def x_call(self, node):
        return f"{node.value}({self.listed(node.kids)})", POSTFIX

    def x_tuple(self, node):
        return f"({self.listed(node.kids)})", POSTFIX

    def x_member(self, node):
        return f"{self.expression(node.kids[0], POSTFIX)}.{node.value}", POSTFIX

    def x_index(self, node):
        return f"{self.expression(node.kids[0], POSTFIX)}[{self.expression(node.kids[1])}]", POSTFIX

    def x_haskey(self, node):
        keys = node.kids[0].kids
        key = self.expression(keys[0]) if len(keys) == 1 else f"({self.listed(keys)})"
        return f"has_key({self.map_name(node.kids[0].value)}, {key})", POSTFIX

    def x_len(self, node):
        return f"len({self.map_name(node.value)})", POSTFIX

    # Statements

    def statement(self, node):
        getattr(self, "s_" + node.op)(node)

    def block(self, head, node, tail=""):
        self.line(head + "{")
        self.depth += 1
        for kid in node.kids:
            self.statement(kid)
        self.depth -= 1
        self.line("}" + tail)

    def s_block(self, node):
        self.block("", node)

    def s_assign(self, node):
        target, value = node.kids
        self.line(f"{self.expression(target)} {node.value} {self.expression(value)};")

    def s_expr(self, node):
        self.line(self.expression(node.kids[0]) + ";")

    def s_gather(self, node):
        self.line(f"{self.expression(node.kids[0])} = {node.value}({self.listed(node.kids[1:])});")

    def s_printf(self, node):
        form = "".join(p.text() if isinstance(p, Conversion) else p.replace("%", "%%") for p in node.value)
        args = "".join(", " + self.expression(k) for k in node.kids)
        self.line(f"printf({quoted(f'{self.number}.' + form)}{args});")

    def s_print(self, node):
        self.line(f"print({self.expression(node.kids[0])});")

    def s_show(self, node):
        self.line(f"print({', '.join([self.map_name(node.value)] + [str(n) for n in node.extra])});")

    def s_clear(self, node):
        self.line(f"{node.op}({self.map_name(node.value)});")

    s_zero = s_clear

    def s_delete(self, node):
        self.line(f"delete({self.expression(node.kids[0])});")

    def s_if(self, node, head=""):
        condition, yes, no = node.kids
        self.block(f"{head}if ({self.expression(condition)}) ", yes)
        if no is None:
            return
        self.lines.pop()
        if no.op == "if":
            self.s_if(no, "} else ")
        else:
            self.block("} else ", no)

    def s_while(self, node):
        self.block(f"while ({self.expression(node.kids[0])}) ", node.kids[1])

    def s_unroll(self, node):
        self.block(f"unroll ({node.value}) ", node.kids[0])

    def s_for(self, node):
        first, end, body = node.kids
        self.block(f"for ${node.value} : {self.expression(first, POSTFIX)}..{self.expression(end, POSTFIX)} ", body)

    def s_each(self, node):
        self.block(f"for (${node.value} : {self.map_name(node.kids[0].value)}) ", node.kids[1])

    def s_break(self, node):
        self.line(node.op + ";")

    s_continue = s_return = s_break

    def program(self, node):
        for probe in node.kids:
            predicate, block = probe.kids
            head = f"{probe.value} /{self.expression(predicate)}/ " if predicate else probe.value + " "
            self.block(head, block)
        return "\n".join(self.lines) + "\n"


def text_of(program, number):
    return Writer(number).program(program)
