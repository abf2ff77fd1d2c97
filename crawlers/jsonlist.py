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
        while True:
            try:
                value, end = decoder.raw_decode(self._buffer, self.position)
                if end < len(self._buffer) or self._ended:
                    break
            except (ValueError, RecursionError):
                if self._ended or len(self._buffer) - self.position > LONGEST:
                    return self._unread()
            self._more()
        source = self._buffer[self.position : end]
        line = self.line
        self._pass(end)
        mark = source.encode("utf-8", "surrogateescape")
        if len(mark) > LONGEST or not isinstance(value, dict):
            wrong = TOO_LONG if len(mark) > LONGEST else "not a record but a single value or a list"
            return Row(line, {"line": source[:SHOWN]}, mark, wrong)
        return Row(line, value, mark, f"not {self._text.stated}" if undecodable(mark, "utf-8") else None)

    def _unread(self) -> Row:
        """What is kept of an element that is too long to be held, or broken: its beginning."""
        line, start = self.line, self._buffer[self.position : self.position + SHOWN]
        length = self._pass_element()
        start = start[:length]
        mark = f"{start}{length}".encode("utf-8", "surrogateescape")
        return Row(line, {"line": start}, mark, TOO_LONG if length > LONGEST else "broken JSON")

    def _pass_element(self) -> int:
        """Go to the comma or bracket behind the element that begins here, told by quotes and brackets alone; its length."""
        line, depth, quoted, length = self.line, 0, False, 0
        while True:
            while self._buffer.endswith("\\") and not self._ended:
                self._more()
            for found in _SIGN.finditer(self._buffer, self.position):
                sign = found[0]
                if not depth and not quoted and sign in (",", "]"):
                    length += found.start() - self.position
                    self._pass(found.start())
                    return length
                if sign == '"':
                    quoted = not quoted
                elif not quoted:
                    depth += (sign in ("{", "[")) - (sign in ("}", "]"))
            length += len(self._buffer) - self.position
            self._pass(len(self._buffer))
            if not self._more():
                raise CollectError(f"line {line}: broken JSON")

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
