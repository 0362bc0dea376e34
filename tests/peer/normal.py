"""What must differ between two tracers of the same events, taken out of their output.

A normaliser is a function (lines, tracer) -> lines, named in a case's "normalise"
line, so that a case's row shows how strict its comparison is. Without any, the two
outputs must be equal byte by byte but for the header line and blank lines at the end.
"""
import re

NORMALISERS = {}
BAR = re.compile(r"^(\s*[\[(].*?[\])])\s+(\d+)\s+\|([@ ]*)\|$")


def normaliser(function):
    NORMALISERS[function.__name__.replace("_", "-")] = function
    return function


def each(function):
    return lambda lines: [function(line) for line in lines]


def base(text):
    """Both print maps after a blank line or two at the end; how many is not compared."""
    lines = [l for l in text.split("\n") if not re.fullmatch(r"Attaching \d+ probes?\.\.\.", l)]
    lines = [l for l in lines if l.strip() != "__BPFTRACE_NOTIFY_PROBES_ATTACHED"]
    while lines and not lines[-1]:
        lines.pop()
    out = []
    for line in lines:
        if line or (out and out[-1]):
            out.append(line)
    return out


@normaliser
def sort(lines, _):
    """Events of several CPUs, or a map's equal values: any order."""
    return sorted(l for l in lines if l)


@normaliser
def unique(lines, _):
    return list(dict.fromkeys(lines))


@normaliser
def address(lines, _):
    """Addresses that differ between two mappings or two processes."""
    return each(lambda l: re.sub(r"\b(0x)?[0-9a-f]{8,16}\b", "ADDRESS", l))(lines)


@normaliser
def stack_address(lines, _):
    """What the tracer's own frames are called is not the script's event."""
    return each(lambda l: re.sub(r"\+(0x[0-9a-f]+|\d+)\b", "+N", l))(lines)


@normaliser
def tracer(lines, one):
    """BEGIN and END run in the tracer: its pid, its thread ids and its name."""
    def mend(line):
        line = re.sub(rf"\b{one.process.pid}\b", "PID", line)
        return re.sub(r"\b(bpftrace|btrun)\b", "TRACER", line)
    return each(mend)(lines)


@normaliser
def clock(lines, _):
    """HH:MM:SS of two moments."""
    return each(lambda l: re.sub(r"\b\d\d:\d\d:\d\d\b", "HH:MM:SS", l))(lines)


@normaliser
def numbers(lines, _):
    """Durations and ids: only the shape of the line is compared."""
    return each(lambda l: re.sub(r"\b\d+\b", "N", l))(lines)


@normaliser
def buckets(lines, _):
    """Histograms of durations: two tracers can't measure the same, so which maps have one."""
    out = []
    for line in lines:
        line = "(histogram)" if BAR.match(line) else line
        if not out or line != "(histogram)" or out[-1] != line:
            out.append(line)
    return out


@normaliser
def bars(lines, _):
    """The buckets and their counts, but not the bars (whose widths follow the counts)."""
    return each(lambda l: BAR.sub(r"\1 \2", l))(lines)


def normalise(text, names, one):
    lines = base(text)
    for name in names:
        lines = NORMALISERS[name](lines, one)
    return lines
