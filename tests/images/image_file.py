"""How an image lies in its file: the one place of the tests that knows image/file.c and the order of image/codec.c."""
import struct
import zlib

SYMTAB, NOBITS, REL = 2, 8, 9  # types of sections
VERSION = 8  # where the format's version stands in .btrun
SEAL = 20  # bytes at the end: 8 of magic, the object's size, its CRC-32

# A letter for each field: s text, n name in the object, b byte, u 32 bits, q 64 bits, S span, [...] list.
TEXTS = ("script-name", "script-text", "compiler", "machine", "kernel", "kernel-id")
TABLES = {
    "types": "subbuusqqq[uuuus]",
    "records": "uu[sSsuqq[uubbb]]",
    "maps": "snuususS",
    "attaches": "ssSubssqsssqqqussbbub",
    "programs": "nsuubu[uu]",
    "counters": "suuuS",
    "slots": "suusS",
    "parameters": "susssuuuS",
}
RELOCS = "susssuuuuS"


def sealed(data):
    """An altered image's bytes with the seal that belongs to them."""
    body = bytes(data[:-SEAL])
    return body + bytes(data[-SEAL:-12]) + len(body).to_bytes(8, "little") + zlib.crc32(body).to_bytes(4, "little")


def text_at(table, offset):
    return table[offset:table.index(b"\0", offset)]


class Tables:
    """Reads .btrun; spans and names are put aside."""

    def __init__(self, data):
        self.data, self.at, self.spans, self.names = data, 0, [], []

    def number(self, code):
        value, = struct.unpack_from("<" + code, self.data, self.at)
        self.at += struct.calcsize("<" + code)
        return value

    def text(self):
        n = self.number("I")
        self.at += n
        if self.at > len(self.data):
            raise ValueError("cut off")
        return self.data[self.at - n:self.at]

    def value(self, letter):
        if letter == "S":
            self.spans.append((self.number("I"), self.number("I")))
        elif letter == "n":
            self.names.append(self.text())
        else:
            return self.text() if letter == "s" else self.number({"b": "B", "u": "I", "q": "Q"}[letter])
        return None

    def row(self, form):
        values, i = [], 0
        while i < len(form):
            if form[i] == "[":  # it stands last
                values.append(self.rows(form[i + 1:form.rindex("]")]))
                break
            values.append(self.value(form[i]))
            i += 1
        return values

    def rows(self, form):
        return [self.row(form) for _ in range(self.number("I"))]


def read_tables(data):
    """What the section .btrun says, by name."""
    t = Tables(data)
    found = {"magic": t.row("q"), "version": t.number("I")}
    found.update({name: t.text() for name in TEXTS})
    found["live-offset"] = t.number("I")
    if found["version"] >= 7:  # where exit(), clear() and zero() are noted
        found["exit-offset"], found["undone-offset"] = t.number("I"), t.number("I")
    if found["version"] >= 9:  # maps with two halves: their bits and arrays
        found["generations-offset"] = t.number("I")
    # Before 8 a map's kind was only: for each CPU?
    maps = "snuubS" if found["version"] < 8 else "snuusS" if found["version"] < 9 else TABLES["maps"]
    found.update({name: t.rows(form) for name, form in dict(TABLES, maps=maps).items()})
    found["fixed"], found["relocations"] = t.number("I"), t.rows(RELOCS)
    if t.at != len(data):
        raise ValueError("something follows")
    return dict(found, spans=t.spans, names=t.names)


def sections(data):
    """(name, what its header says but for places, its place, bytes) of each."""
    table, = struct.unpack_from("<Q", data, 0x28)
    size, count, names = struct.unpack_from("<HHH", data, 0x3a)
    rows = [struct.unpack_from("<IIQQQQIIQQ", data, table + i * size) for i in range(count)]
    called = [text_at(data, rows[names][4] + row[0]).decode() for row in rows]
    for name, (_, kind, flags, _, offset, length, link, info, align, each) in zip(called[1:], rows[1:]):
        head = (kind, flags, called[link], called[info] if kind == REL else info, align, each)
        yield name, head, offset, b"\0" * length if kind == NOBITS else bytes(data[offset:offset + length])


def place_of(data, section):
    """Where the section's bytes begin in the file."""
    return next(place for name, _, place, _ in sections(data) if name == section)
