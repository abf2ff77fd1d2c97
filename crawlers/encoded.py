"""The text of a file of records, decoded line by line or chunk by chunk.

The rule to know: bytes in a wrong encoding spoil the record they stand in and no other; a file that is mostly in another
encoding than stated, or reads as Russian in another one, raises CollectError.
"""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from typing import IO, Any, cast

from crawlers.page import CYRILLIC, russian
from crawlers.source import CollectError

LONGEST = 16_000_000
"""Bytes of one record: what is longer is no record of a post."""
TOO_LONG = f"longer than {LONGEST // 1_000_000} MB"
SHOWN = 10_000
"""Characters that are kept of a record that can't be read."""
RUSSIAN = 18.0
"""Common pairs of letters per hundred (`page.russian`) from which on bytes are Russian: it has 29, a wrong encoding at most 16."""
MOST_LINES = 2_000
"""Lines of one CSV record: beyond it a quote was left open."""


@dataclass(frozen=True, slots=True)
class Text:
    """Bytes in an encoding that keeps ASCII, so that lines can be told before they are decoded."""

    stream: IO[bytes]
    encoding: str
    stated: str


def as_text(stream: IO[bytes], encoding: str) -> Text:
    """The stream behind its byte order mark. UTF-16 and UTF-32 are turned into UTF-8 on the way."""
    buffered = io.BufferedReader(cast(Any, stream), buffer_size=1 << 17)
    start = buffered.peek(1 << 16)[: 1 << 16]
    if start.startswith(codecs.BOM_UTF8):
        buffered.read(3)
        return Text(buffered, "utf-8", encoding)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    if encoding.startswith(("utf-16", "utf-32")):
        wide = io.TextIOWrapper(buffered, encoding, errors="replace", newline="")
        return Text(cast(IO[bytes], io.BufferedReader(_Recoded(wide))), "utf-8", encoding)
    _check_encoding(start, encoding)
    return Text(buffered, encoding, encoding)


class _Recoded(io.RawIOBase):
    """Text as UTF-8 bytes."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = self._text.read(1 << 15).encode("utf-8", "replace")
        part, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


def _check_encoding(start: bytes, encoding: str) -> None:
    """Tell a file in another encoding from one with a bad row: most of its lines can't be decoded, or it reads as another one."""
    lines = start.split(b"\n")[:-1] or [start]
    bad = sum(undecodable(line, encoding) for line in lines)
    most = bad >= 3 and bad * 2 >= len(lines)
    if not most and encoding.startswith("utf-8"):
        return
    other = _plainly(start, encoding)
    if most:
        hint = f", perhaps `encoding: {other}`" if other else ""
        raise CollectError(f"{bad} of its first {len(lines)} lines aren't {encoding}: state its `encoding`{hint}")
    if other:
        raise CollectError(f"it is in {other}, not in {encoding}, which the target states: mend its `encoding`")


def _plainly(start: bytes, stated: str) -> str | None:
    """The other encoding that a file is plainly in; None where the one stated may be right."""
    if start.isascii():
        return None
    if not stated.startswith("utf-8") and _is_utf_8(start):
        return "utf-8"
    read = {encoding: russian(start.decode(encoding, "replace")) for encoding in (stated, "utf-8", *CYRILLIC)}
    best = max(read, key=lambda encoding: read[encoding])
    return best if read[best] >= RUSSIAN and read[best] > 2 * read[stated] else None


def _is_utf_8(start: bytes) -> bool:
    """Whether it is, but for a letter that is cut off at the end. What is in another encoding practically never is."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return True


def undecodable(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return True
    return False


class Lines:
    """The lines of a text, decoded one by one, with their numbers; lines can be put back to be read once more."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._back: list[tuple[int, str, str | None]] = []
        self._number = 0
        self.taken: list[tuple[int, str, str | None]] = []
        """Lines given since the last `begin`: number, text, what is wrong with it. Of one that is too long only the start is held."""

    def begin(self) -> None:
        """A record begins with the next line."""
        self.taken = []

    def put_back(self) -> None:
        """All lines of this record but the first are read again."""
        self._back = self.taken[1:] + self._back

    @property
    def wrong(self) -> str | None:
        """What is wrong with the lines of this record, for one of them: too long, or not in the stated encoding."""
        wrong = [wrong for _, _, wrong in self.taken if wrong]
        return TOO_LONG if TOO_LONG in wrong else next(iter(wrong), None)

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MOST_LINES:
            raise csv.Error("a quote is opened and not closed")
        entry = self._back.pop(0) if self._back else self._read()
        self.taken.append(entry)
        if entry[2] == TOO_LONG:
            raise csv.Error(TOO_LONG)
        return entry[1]

    def _read(self) -> tuple[int, str, str | None]:
        line = self._text.stream.readline(LONGEST)
        if not line:
            raise StopIteration
        self._number += 1
        if len(line) == LONGEST and not line.endswith(b"\n"):
            while (more := self._text.stream.readline(LONGEST)) and not more.endswith(b"\n"):
                continue
            return self._number, line[: 4 * SHOWN].decode(self._text.encoding, "replace")[:SHOWN], TOO_LONG
        try:
            return self._number, line.decode(self._text.encoding), None
        except UnicodeDecodeError:
            return self._number, line.decode(self._text.encoding, "replace"), f"not {self._text.stated}"
