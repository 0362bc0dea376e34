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
def indent(lines, _):
    """A line of "prints" begins with no blank."""
    return each(str.lstrip)(lines)


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


# What only one tool prints: one function each, so that everything else of its lines stays compared.

def number_in(lines, pattern, word="N"):
    """The groups of the pattern become a word; the width of the column too."""
    def mend(match):
        text = match.group(0)
        for i in range(len(match.groups()), 0, -1):
            a, b = match.start(i) - match.start(0), match.end(i) - match.start(0)
            text = text[:a] + word + text[b:]
        return text
    return each(lambda l: re.sub(pattern, mend, l))(lines)


@normaliser
def times_of_events(lines, _):
    """A first column in milliseconds since each tracer's own start."""
    return number_in(lines, r"^(\d+ *)")


@normaliser
def latency_ms(lines, _):
    """gethostlatency: the duration is each tracer's own measurement, to the right of COMM."""
    return number_in(lines, r"^HH:MM:SS  \d+ +\S+( +\d+) ")


@normaliser
def forks(lines, _):
    """pidpersec: the intervals of two tracers begin at different moments, so which forks fall
    into a second differs: three seconds are compared, and that each counted some."""
    return number_in([l for l in lines if l.startswith("Tracing")] +
                     [l for l in lines if re.search(r"@: [1-9]", l)][:3], r"@: (\d+)")


@normaliser
def oom(lines, _):
    """The load averages are read when each tracer prints them."""
    return number_in(lines, r"loadavg: (.*)$")


@normaliser
def loads(lines, _):
    """The kernel updates them every 5 s: two readings may differ, but each is three numbers."""
    return number_in(lines, r"(\d+\.\d\d\d)", "LOAD")


@normaliser
def first_three(lines, _):
    return lines[:4]


@normaliser
def syscall_counts(lines, _):
    """The counts include what ran while only one tracer was attached: to the nearest thousand."""
    return each(lambda l: re.sub(r": (\d+)$", lambda m: f": about {round(int(m[1]), -3)}", l))(lines)


@normaliser
def last_number(lines, _):
    """A duration in the last column."""
    return number_in(lines, r"( *\d+)$")


@normaliser
def one_stack(lines, _):
    """How often a dropped packet is sent again depends on when the client gives up: the first two are compared."""
    starts = [i for i, line in enumerate(lines) if "10.77.0.2" in line]
    if not starts:
        return lines
    titles = [line for line in lines[:starts[0]] if not line.startswith(" ")]  # a stack of another packet may come first
    return titles + lines[starts[0]:starts[2] if len(starts) > 2 else None]


@normaliser
def tls_latency(lines, _):
    """N peer_tls: the duration is each tracer's own measurement."""
    return number_in(lines, r"^N\d+ +peer_tls( +\d+) ")


@normaliser
def tls_function(lines, _):
    """0.17 prints the function's name or its address, as it comes: DIFFERENCES.md, func-address."""
    return number_in(lines, r"(\b0x[0-9a-f]{8,}|\bSSL_\w+)\b")


@normaliser
def bars_gone(lines, _):
    return [line for line in lines if not BAR.match(line)]


@normaliser
def stat_numbers(lines, _):
    """Averages and totals of durations."""
    return each(lambda l: re.sub(r"(average|total) \d+", r"\1 N", l))(lines)


@normaliser
def counts(lines, _):
    """Of one second: when it begins is each tracer's own."""
    return number_in(lines, r"\]: (\d+)$")


@normaliser
def writeback_ms(lines, _):
    return number_in(lines, r"(\d+\.\d+)$")


def normalise(text, case, one):
    """"keep" first: the rest of a machine's events is not the workload's."""
    lines = base(text)
    if case.keep:
        lines = [line for line in lines if re.search(case.keep, line)]
    for name in case.normalise:
        lines = NORMALISERS[name](lines, one)
    return lines
