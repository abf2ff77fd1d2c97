"""One long JSON list of records, read without ever holding more than one of them and a chunk.

The rule to know: an element that can't be read ends where its brackets close, and the rest goes on; where they never close, the
file ends there with CollectError, and the records before it were given already.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from crawlers.encoded import LONGEST, SHOWN, TOO_LONG, Text, undecodable
from crawlers.source import CollectError

CHUNK = 1_000_000
_SIGN = re.compile(r'\\.|["\[\]{},]', re.DOTALL)
"""What tells where an element ends."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record, or what is wrong with it."""

    line: int
    """Line where it begins; number of the row in Parquet."""
    values: dict[str, Any]
    mark: bytes
    """Its bytes, to tell whether a file was appended to or replaced."""
    error: str | None = None
    without: tuple[str, ...] = ()
    """Columns that the file seems not to have."""


def read_list(text: Text) -> Iterator[Row]:
    """Elements of one long list, without ever holding more than one of them and a chunk."""
    decoder = json.JSONDecoder()
    chunks = _Chunks(text)
    first = chunks.skip(" \t\r\n")
    if first == "{":
        raise CollectError("is a single record, not a list of records; if each line is a record, state `format: jsonl`")
    if first != "[":
        raise CollectError("isn't JSON: it must begin with `[`")
    chunks.position += 1
    while (sign := chunks.skip(" \t\r\n,")) != "]":
        if sign == "":
            raise CollectError(f"line {chunks.line}: the list isn't closed: the file is cut off")
        yield chunks.element(decoder)
    chunks.position += 1
    if chunks.skip(" \t\r\n"):
        raise CollectError(f"line {chunks.line}: there is more after the end of the list")


class _Chunks:
    """A text read in chunks, with the place that is reached in it."""

    def __init__(self, text: Text) -> None:
        self._decoder = codecs.getincrementaldecoder(text.encoding)(errors="surrogateescape")
        self._text = text
        self._buffer = ""
        self._ended = False
        self.position = 0
        self.line = 1

    def skip(self, signs: str) -> str:
        """The next sign that is none of these; an empty string at the end."""
        while True:
            while self.position < len(self._buffer) and self._buffer[self.position] in signs:
                self.line += self._buffer[self.position] == "\n"
                self.position += 1
            if self.position < len(self._buffer):
                return self._buffer[self.position]
            if not self._more():
                return ""

    def element(self, decoder: json.JSONDecoder) -> Row:
        """The element that begins here."""
        found = self._decoded(decoder)
        if found is None or found[1] == len(self._buffer):
            # Broken, or not all of it is read yet.
            if len(self._buffer) - self.position < SHOWN:
                self._more()
            line, start = self.line, self._buffer[self.position : self.position + SHOWN]
            passed, rest = self._read_whole()
            found = None if passed else self._decoded(decoder)
            if found is None:
                self._pass(self.position + rest)
                mark = f"{start[: passed + rest]}{passed + rest}".encode("utf-8", "surrogateescape")
                return Row(line, {"line": start[: passed + rest]}, mark, TOO_LONG if passed else "broken JSON")
        value, end = found
        line, source = self.line, self._buffer[self.position : end]
        self._pass(end)
        mark = source.encode("utf-8", "surrogateescape")
        if len(mark) > LONGEST or not isinstance(value, dict):
            wrong = TOO_LONG if len(mark) > LONGEST else "not a record but a single value or a list"
            return Row(line, {"line": source[:SHOWN]}, mark, wrong)
        return Row(line, value, mark, f"not {self._text.stated}" if undecodable(mark, "utf-8") else None)

    def _decoded(self, decoder: json.JSONDecoder) -> tuple[Any, int] | None:
        """The value that begins here and where it ends; None where it is broken or cut off by the end of the buffer."""
        try:
            return decoder.raw_decode(self._buffer, self.position)
        except (ValueError, RecursionError):
            return None

    def _read_whole(self) -> tuple[int, int]:
        """Read on to the comma or bracket behind the element that begins here, told by quotes and brackets alone.

        How much of it was passed by because it is too long to be held, and how long the rest is that begins here now.
        """
        line, depth, quoted, passed, length = self.line, 0, False, 0, 0
        while True:
            while self._buffer.endswith("\\") and not self._ended:
                self._more()
            for found in _SIGN.finditer(self._buffer, self.position + length):
                sign = found[0]
                if not depth and not quoted and sign in (",", "]"):
                    return passed, found.start() - self.position
                if sign == '"':
                    quoted = not quoted
                elif not quoted:
                    depth += (sign in ("{", "[")) - (sign in ("}", "]"))
            length = len(self._buffer) - self.position
            if self._ended and (depth or quoted):
                raise CollectError(f"line {line}: broken JSON")
            if self._ended:
                return passed, length
            if length > LONGEST:
                self._pass(len(self._buffer))
                passed, length = passed + length, 0
            self._more()

    def _pass(self, end: int) -> None:
        """Go on to a place in the buffer."""
        self.line += self._buffer.count("\n", self.position, end)
        self.position = end

    def _more(self) -> bool:
        """Read on; False at the end."""
        chunk = self._text.stream.read(CHUNK)
        self._ended = not chunk
        self._buffer = self._buffer[self.position :] + self._decoder.decode(chunk, final=self._ended)
        self.position = 0
        return not self._ended or bool(self._buffer)
