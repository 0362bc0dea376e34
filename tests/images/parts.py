"""The parts of an image, each with a digest: what tests/images/same compares.

A part is a section of the ELF object. Those in which several things stand are taken apart, so
that one of them can change on purpose while the others are compared:

	.btrun      a part for each text at its front and for each table, in the order of image/codec.c; the places in the
	            script are the part "spans", the names of programs and maps in the object the part "names"
	.BTF        types (without names), names
	.BTF.ext    functions, lines (texts of lines included), relocations
	.symtab     without the names, which are .strtab's

With each goes what the section's header says of it; the order of sections only "whole" knows, the digest of the file.
"""
import hashlib
import struct

from image_file import SYMTAB, read_tables, sections, text_at

# What follows struct btf_type by its kind, in 32-bit words: (fixed, each of vlen)
BTF_MORE = {1: (1, 0), 3: (3, 0), 4: (0, 3), 5: (0, 3), 6: (0, 2), 13: (0, 2), 14: (1, 0), 15: (0, 3), 17: (1, 0), 19: (0, 3)}
# Of those words, the ones that are names: of each element, its first
BTF_NAMED = {4, 5, 6, 13, 19}


def digest(value):
    return hashlib.blake2b(value if isinstance(value, bytes) else repr(value).encode(), digest_size=8).hexdigest()


def of_tables(data):
    try:
        return read_tables(data)
    except (ValueError, struct.error) as wrong:
        return {"not-understood": f"{wrong}: tests/images/image_file.py is to follow image/codec.c", "all": data}


def of_btf(data):
    _, _, _, _, begin, length, text_begin, text_length = struct.unpack_from("<HBBIIIII", data)
    texts = data[24 + text_begin:24 + text_begin + text_length]
    at, end, types, names = 24 + begin, 24 + begin + length, [], []
    while at < end:
        name, info, size = struct.unpack_from("<III", data, at)
        kind, vlen = info >> 24 & 31, info & 0xffff
        fixed, each = BTF_MORE.get(kind, (0, 0))
        words = list(struct.unpack_from(f"<{fixed + each * vlen}I", data, at + 12))
        at += 12 + 4 * len(words)
        for i in range(fixed, len(words), each or 1) if kind in BTF_NAMED else ():
            names.append(text_at(texts, words[i]))
            words[i] = 0
        names.append(text_at(texts, name))
        types.append((info, size, words))
    return {"types": types, "names": names}, texts


def of_btf_ext(data, texts):
    """The three lists; the words of each that are offsets of texts are replaced by these."""
    head, = struct.unpack_from("<I", data, 4)
    places, parts = struct.unpack_from(f"<{(head - 8) // 4}I", data, 8), {}
    for name, begin, length, named in zip(("functions", "lines", "relocations"), places[::2], places[1::2], ((), (1, 2), (2,))):
        at, end, found = head + begin, head + begin + length, []
        size = struct.unpack_from("<I", data, at)[0] if length else 0
        at += 4
        while at < end:
            section, n = struct.unpack_from("<II", data, at)
            found.append((text_at(texts, section), n))
            at += 8
            for _ in range(n):
                words = struct.unpack_from(f"<{size // 4}I", data, at)
                found.append([text_at(texts, w) if i in named else w for i, w in enumerate(words)])
                at += size
        parts[name] = found
    return parts


def split(name, kind, body, texts):
    """The parts of a section by name."""
    if name == ".btrun":
        return of_tables(body)
    if name == ".BTF":
        return of_btf(body)[0]
    if name == ".BTF.ext":
        return of_btf_ext(body, texts)
    if kind == SYMTAB:
        return {"": b"".join(b"\0\0\0\0" + body[i + 4:i + 24] for i in range(0, len(body), 24))}
    return {"": body}


def of_sections(data):
    found, seen, all_sections = {}, {}, list(sections(data))
    texts = next((of_btf(body)[1] for name, _, _, body in all_sections if name == ".BTF"), b"\0")
    for name, head, _, body in all_sections:
        seen[name] = seen.get(name, 0) + 1
        label = name if seen[name] == 1 else f"{name}#{seen[name]}"
        for part, value in split(name, head[0], body, texts).items():
            found[f"{label}:{part}" if part else label] = digest((head, value))
    return found


def parts(data):
    """{name: digest} of the image in data. A second section of one name has "#2" behind it."""
    try:
        found = of_sections(data)
    except (struct.error, ValueError, IndexError) as wrong:
        found = {"not-understood": f"{type(wrong).__name__}: {wrong}"}
    return dict(found, whole=digest(data))
