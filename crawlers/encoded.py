"""The text of a file of records, decoded line by line or chunk by chunk.

The rule to know: bytes in a wrong encoding spoil the record they stand in and no other; a file that is mostly in another
encoding than stated raises CollectError.
"""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from typing import IO, Any, cast

from crawlers.source import CollectError

LONGEST = 16_000_000
"""Bytes of one record: what is longer is no record of a post."""
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
    """Tell a file in another encoding from one with a bad row: most of its lines can't be decoded."""
    lines = start.split(b"\n")[:-1] or [start]
    bad = sum(undecodable(line, encoding) for line in lines)
    if bad >= 3 and bad * 2 >= len(lines):
        other = "windows-1251" if encoding.replace("-", "") == "utf8" else "utf-8"
        hint = f", perhaps `encoding: {other}`" if not any(undecodable(line, other) for line in lines) else ""
        raise CollectError(f"{bad} of its first {len(lines)} lines aren't {encoding}: state its `encoding`{hint}")


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
        self._back: list[tuple[int, str, bool]] = []
        self._number = 0
        self.stated = text.stated
        self.taken: list[tuple[int, str, bool]] = []
        """Lines given since the last `begin`: number, text, whether it is in the stated encoding."""

    def begin(self) -> None:
        """A record begins with the next line."""
        self.taken = []

    def put_back(self) -> None:
        """All lines of this record but the first are read again."""
        self._back = self.taken[1:] + self._back

    @property
    def right(self) -> bool:
        """Whether all lines of this record are in the stated encoding."""
        return all(right for _, _, right in self.taken)

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MOST_LINES:
            raise csv.Error("a quote is opened and not closed")
        entry = self._back.pop(0) if self._back else self._read()
        self.taken.append(entry)
        return entry[1]

    def _read(self) -> tuple[int, str, bool]:
        line = self._text.stream.readline(LONGEST)
        if not line:
            raise StopIteration
        self._number += 1
        if len(line) == LONGEST and not line.endswith(b"\n"):
            while (more := self._text.stream.readline(LONGEST)) and not more.endswith(b"\n"):
                continue
        try:
            return self._number, line.decode(self._text.encoding), True
        except UnicodeDecodeError:
            return self._number, line.decode(self._text.encoding, "replace"), False
