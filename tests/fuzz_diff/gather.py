"""The aggregations: what each keeps of the numbers it is given, and how that prints.

A state is a dict; t is ("agg", how, signed, numbers).
"""
from infer import wrap

BAR = 52


def divided(a, b):
    """Towards zero, as C does; 0 by 0."""
    if b == 0:
        return 0
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


class Number:
    """What is one number."""

    def start(self):
        return {"n": 0, "value": 0}

    def add(self, state, value, t):
        state["value"] = wrap(self.joined(state, value), 8, t[2])
        state["n"] += 1

    def number(self, state, t):
        return state["value"]

    def text(self, state, t, div):
        return str(divided(self.number(state, t), div))


class Count(Number):
    def joined(self, state, value):
        return state["value"] + 1


class Sum(Number):
    def joined(self, state, value):
        return state["value"] + value


class Least(Number):
    def joined(self, state, value):
        return min(state["value"], value) if state["n"] else value


class Most(Number):
    def joined(self, state, value):
        return max(state["value"], value) if state["n"] else value


class Average(Sum):
    def number(self, state, t):
        return divided(state["value"], state["n"])


class Statistics(Average):
    def text(self, state, t, div):
        average = divided(self.number(state, t), div)
        return f"count {state['n']}, average {average}, total {divided(state['value'], div)}"


class Histogram:
    """Powers of two, cut into 2^bits parts."""

    def start(self):
        return {}

    def bucket(self, value, t):
        """(low, high): the first value, and the first that is none any more"""
        bits = t[3][0] if t[3] else 0
        if value < 0:
            return -(1 << 63), 0
        if value < 2 << bits:
            return value, value + 1
        step = 1 << (value.bit_length() - 1 - bits)
        low = value // step * step
        return low, low + step

    def add(self, state, value, t):
        bucket = self.bucket(wrap(value), t)
        state[bucket] = state.get(bucket, 0) + 1

    def number(self, state, t):
        return sum(state.values())

    def label(self, bucket, t):
        low, high = bucket
        if low < 0:
            return "(..., 0)"
        return f"[{short(low)}]" if high == low + 1 else f"[{short(low)}, {short(high)})"

    def text(self, state, t, div):
        used = sorted(b for b in state if state[b])
        if not used:
            return ""
        lines, at, most = [], used[0], max(state.values())
        while True:
            n = state.get(at, 0)
            lines.append(f"{self.label(at, t):<16}{n // div:>8} |{'@' * (n * BAR // most):<{BAR}}|")
            if at == used[-1]:
                break
            at = self.bucket(at[1], t)
        return "\n" + "\n".join(lines)


class Linear(Histogram):
    """lhist(value, from, to, step)"""

    def bucket(self, value, t):
        begin, end, step = t[3]
        if value < begin:
            return -(1 << 63), begin
        if value >= end:
            return end, (1 << 63) - 1
        low = begin + (value - begin) // step * step
        return low, low + step

    def label(self, bucket, t):
        low, high = bucket
        begin, end, _ = t[3]
        if low < begin:
            return f"(..., {short(begin)})"
        return f"[{short(low)}, ...)" if low >= end else f"[{short(low)}, {short(high)})"


def short(value):
    """2048 is 2K."""
    sign, value = "-" if value < 0 else "", abs(value)
    for suffix in ["", "K", "M", "G", "T", "P", "E"]:
        if value % 1024 or value == 0:
            break
        value //= 1024
    return f"{sign}{value}{suffix}"


GATHER = {"count": Count(), "sum": Sum(), "min": Least(), "max": Most(), "avg": Average(), "stats": Statistics(),
          "hist": Histogram(), "lhist": Linear()}
