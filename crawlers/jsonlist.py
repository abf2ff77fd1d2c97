"""One long JSON list of records, read without ever holding more than one of them and a chunk.

The rule to know: after a broken element nobody can tell where the next begins, so that the file ends there with CollectError;
the records before it were given already.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from crawlers.encoded import LONGEST, Text, undecodable
from crawlers.source import CollectError

CHUNK = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One record, or what is wrong with it."""

    line: int
    """Line where it begins; number of the row in Parquet."""
    values: dict[str, Any]
    mark: bytes
    """Its bytes, to tell whether a file was appended to or replaced."""
    error: str | None = None


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
            except (ValueError, RecursionError) as error:
                if self._ended or len(self._buffer) - self.position > LONGEST:
                    raise CollectError(f"line {self.line}: broken JSON; what stands before was taken") from error
            self._more()
        source = self._buffer[self.position : end]
        line, self.position = self.line, end
        self.line += source.count("\n")
        mark = source.encode("utf-8", "surrogateescape")
        if not isinstance(value, dict):
            return Row(line, {"line": source[:10_000]}, mark, "not a record but a single value or a list")
        return Row(line, value, mark, f"not {self._text.stated}" if undecodable(mark, "utf-8") else None)

    def _more(self) -> bool:
        """Read on; False at the end."""
        chunk = self._text.stream.read(CHUNK)
        self._ended = not chunk
        self._buffer = self._buffer[self.position :] + self._decoder.decode(chunk, final=self._ended)
        self.position = 0
        return not self._ended or bool(self._buffer)
