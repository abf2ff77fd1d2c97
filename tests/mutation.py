"""Answers made wrong: bytes, pieces, encodings, values of JSON, elements of markup, parts of packed files.

The rule to know: the same seed and the same `Random` always give the same answer.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

LARGEST = 600_000
"""Bytes of an answer; what grows beyond is cut."""
DEEP = 3_000
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, -(10**30), 1.5, 1e308, float("inf"), float("nan"), "", " ", "0", "-1", "1e400",
    "abc", "\0", "\ud800", "нет", "https://[", "javascript:alert(1)", "//", "2026-13-45T99:99:99Z", "9" * 5_000, "я" * 3_000, [],
    {}, [None], [[]],
    {"id": None}, {"": ""}, [{}], "<p>", "&#x110000;", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "[id1|", "%s%d", "²", "١٢",
)  # fmt: skip
"""Values of wrong types, or of no sense."""
PIECES = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"]]>", b"<!--", b"<![CDATA[", b"&#0;", b"&#55296;", b"&amp", b"</", b"<a href='http://['>",
    b"<base href='http://['>", b"<!DOCTYPE x [<!ENTITY a 'b'>]>&a;", b"https://a.example:99999999/", b"\r", b'"', b"\\u0000", b"\\ud800",
    b"\xd0", b"\x1f\x8b", b";", b"\t", b"=", b"NaN", b"-", b"2026-02-30", b"9" * 21, b"\xc2\xb2", "٣".encode(), b"{", b"}", b"[", b"]",
    b",", b":", b"\n\n", b"PK\x03\x04",
)  # fmt: skip
"""What parsers stumble over."""
ENCODINGS = ("windows-1251", "koi8-r", "utf-16", "utf-32", "utf-8-sig", "ibm866", "utf-7")

_NUMBER = re.compile(rb"\d+")
_ELEMENT = re.compile(rb"<(\w+)[^<>]*>[^<>]*(?:<(?!/\1)[^<>]*>[^<>]*){0,30}</\1>")


def mutated(seed: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    """The seed with one to four things wrong with it."""
    content = seed
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        content = chance.choice(_WAYS if not content.startswith(b"PK") else (*_WAYS[:3], *[_within_zip] * 9))(content, others, chance)
    return content[:LARGEST]


def _span(content: bytes, chance: Random) -> tuple[int, int]:
    first = chance.randrange(len(content) + 1)
    return first, min(len(content), first + chance.choice((1, 2, 8, 64, 1_000)))


def _flip(content: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 3, 20))):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _cut(content: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _remove(content: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    first, end = _span(content, chance)
    return content[:first] + content[end:]


def _double(content: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    first, end = _span(content, chance)
    return content[:first] + content[first:end] * chance.choice((2, 2, 50)) + content[end:]


def _swap(content: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    (a, b), (c, d) = sorted((_span(content, chance), _span(content, chance)))
    return content if c < b else content[:a] + content[c:d] + content[b:c] + content[a:b] + content[d:]


def _insert(content: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    at = chance.randrange(len(content) + 1)
    return content[:at] + chance.choice(PIECES) + content[at:]


def _splice(content: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    other = chance.choice(others) if others else content
    return content[: chance.randrange(len(content) + 1)] + other[chance.randrange(len(other) + 1) :]


def _recode(content: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    return content.decode("utf-8", "replace").encode(chance.choice(ENCODINGS), "replace")


def _number(content: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    found = list(_NUMBER.finditer(content))
    if not found:
        return content
    one = chance.choice(found)
    return content[: one.start()] + chance.choice((b"0", b"-1", b"9" * 400, b"1e400", b"0.5", b"", b"99")) + content[one.end() :]


def _nest(content: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    opened, closed = chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"<div>", b"</div>"), (b"<a><b>", b"</b></a>"), (b"(", b")")))
    at, depth = chance.randrange(len(content) + 1), chance.choice((5, 100, DEEP))
    return content[:at] + opened * depth + (closed * depth if chance.random() < 0.5 else b"") + content[at:]


def _pack(content: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return gzip.compress(content, mtime=0)
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return content


def _element(content: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    """An element of markup taken out, doubled, or put elsewhere."""
    found = list(_ELEMENT.finditer(content))
    if not found:
        return _insert(content, others, chance)
    one, place = chance.choice(found), chance.choice(found).start()
    if chance.random() < 0.4:
        return content[: one.start()] + content[one.end() :]
    return content[:place] + one[0] * chance.choice((1, 2, 30)) + content[place:]


def _json(content: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    """A value of JSON replaced, taken out, doubled, or put in the place of another one."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return _flip(content, others, chance)
    holders = list(_holders(document))
    for _ in range(chance.choice((1, 1, 3, 10))):
        if holders:
            _changed(*chance.choice(holders), chance, holders)
    try:
        return json.dumps(document, ensure_ascii=chance.random() < 0.5).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        return content


def _holders(value: Any) -> Any:
    """Every place of a document: what holds it, and its name or position there."""
    todo = [value]
    while todo:
        each = todo.pop()
        if isinstance(each, dict | list):
            for key, inner in list(each.items() if isinstance(each, dict) else enumerate(each)):
                yield each, key
                todo.append(inner)


def _changed(holder: Any, key: Any, chance: Random, holders: list[tuple[Any, Any]]) -> None:
    try:
        match chance.randrange(6):
            case 0:
                del holder[key]
            case 1:
                other, name = chance.choice(holders)
                holder[key] = json.loads(json.dumps(other[name]))
            case 2 if isinstance(holder, list):
                holder += [holder[key]] * chance.choice((1, 2, 40))
            case _:
                holder[key] = chance.choice(ODD)
    except (KeyError, IndexError, ValueError, RecursionError):
        pass  # it was taken out before, or holds itself by now


def _within_zip(content: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    """One part of a packed workbook made wrong."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = {name: packed.read(name) for name in packed.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, EOFError, zlib.error, NotImplementedError, RuntimeError):
        return content
    name = chance.choice(list(parts))
    parts[name] = chance.choice(_WAYS)(parts[name], (), chance)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as copy:
        for each, part in parts.items():
            copy.writestr(each, part[:LARGEST])
    return made.getvalue()


_WAYS: tuple[Callable[[bytes, tuple[bytes, ...], Random], bytes], ...] = (
    _flip, _cut, _remove, _double, _swap, _insert, _splice, _recode, _number, _nest, _pack, *[_element] * 3, *[_json] * 6,
)  # fmt: skip
