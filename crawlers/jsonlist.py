"""Long JSON lists of records, read without ever holding more than one of them and a chunk.

The rule to know: an element that can't be read ends where its brackets close, and the rest goes on; where they never close, the
file ends there with CollectError, and the records before it were given already.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from crawlers.encoded import LONGEST, SHOWN, TOO_LONG, Text, undecodable
from crawlers.source import CollectError

CHUNK = 1_000_000
_SIGN = re.compile(r'\\.|["\[\]{},]', re.DOTALL)
"""What tells where an element ends."""
_BEHIND = frozenset(",:]} \t\r\n")
"""What stands behind a text or a number."""


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
    yield from _elements(chunks, decoder)
    _end(chunks, "list")


def read_lists(text: Text, under: str, owner: str) -> Iterator[Row]:
    """Elements of every list that objects hold under the name `under`, at any depth of one document.

    Each has as `owner` the texts and numbers that stand before the list in the object that holds it.
    """
    decoder = json.JSONDecoder()
    chunks = _Chunks(text)
    if chunks.skip(" \t\r\n") != "{":
        raise CollectError("isn't an export: it must begin with `{`")
    chunks.position += 1
    # What each object around the present place has said so far; None stands for a list.
    around: list[dict[str, Any] | None] = [{}]
    while around:
        name, sign, inner = None, chunks.skip(" \t\r\n,"), around[-1]
        if sign in ("}", "]"):
            chunks.position += 1
            around.pop()
            continue
        if inner is not None:
            name = chunks.plain(decoder)
            sign = chunks.skip(" \t\r\n:")
        if sign not in ("{", "["):
            value = chunks.plain(decoder)
            if inner is not None and isinstance(value, str | int | float):
                inner[str(name)] = value
            continue
        chunks.position += 1
        if sign == "[" and name == under and inner is not None:
            said = {owner: dict(inner)}
            for row in _elements(chunks, decoder):
                yield replace(row, values=row.values | said)
        else:
            around.append({} if sign == "{" else None)
    _end(chunks, "document")


def _elements(chunks: _Chunks, decoder: json.JSONDecoder) -> Iterator[Row]:
    """What stands in the list that has been opened, to its end."""
    while (sign := chunks.skip(" \t\r\n,")) != "]":
        if sign == "":
            raise CollectError(f"line {chunks.line}: the list isn't closed: the file is cut off")
        yield chunks.element(decoder)
    chunks.position += 1


def _end(chunks: _Chunks, what: str) -> None:
    if chunks.skip(" \t\r\n"):
        raise CollectError(f"line {chunks.line}: there is more after the end of the {what}")


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

    def plain(self, decoder: json.JSONDecoder) -> Any:
        """The text, number or word that begins here. Raises CollectError for what is none."""
        # A number may go on beyond the chunk: only the sign behind it tells.
        while (found := self._decoded(decoder)) is None or self._buffer[found[1] : found[1] + 1] not in _BEHIND:
            if len(self._buffer) - self.position > LONGEST:
                raise CollectError(f"line {self.line}: {TOO_LONG}")
            self._more()
            if self._ended:
                raise CollectError(f"line {self.line}: broken JSON, or the file is cut off")
        self._pass(found[1])
        return found[0]

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
                start, tail = start[: passed + rest], self._buffer[self.position : self.position + rest]
                self._pass(self.position + rest)
                mark = f"{start}{passed}{tail}".encode("utf-8", "surrogateescape")
                return Row(line, {"line": start}, mark, TOO_LONG if passed else "broken JSON")
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
