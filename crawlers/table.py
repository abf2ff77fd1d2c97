"""A file of records: CSV, JSON, JSON Lines, Parquet or a workbook of Excel, each also packed by gzip, read row by row.

The rule to know: what is wrong with one row stays with that row, with its line; only a file that as a whole is not what it
should be raises CollectError. Memory does not grow with the file.
"""

from __future__ import annotations

import csv
import gzip
import json
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, cast

from crawlers.cell import plain
from crawlers.encoded import LONGEST, SHOWN, TOO_LONG, Lines, as_text
from crawlers.header import Wanted
from crawlers.jsonlist import Row, read_list, read_lists
from crawlers.source import CollectError
from crawlers.workbook import read_workbook

Format = Literal["csv", "json", "jsonl", "parquet", "xlsx"]

EXTENSIONS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}
CHUNK = 1_000_000
ROWS = 500
ANY = Wanted()


def format_of(path: Path, stated: Format | None = None) -> Format:
    """What a file is, by what the target states or by its extension. Raises CollectError where neither tells."""
    if stated is not None:
        return stated
    extension = Path(path.name.removesuffix(".gz")).suffix.lower()
    if extension not in EXTENSIONS:
        raise CollectError(f"{path.name}: its extension doesn't tell what it is: state `format` (csv, json, jsonl, parquet or xlsx)")
    return EXTENSIONS[extension]


def read_rows(
    path: Path,
    form: Format,
    *,
    encoding: str = "utf-8",
    delimiter: str = ",",
    wanted: Wanted = ANY,
    lists: tuple[str, str] | None = None,
) -> Iterator[Row]:
    """The rows of a file. Of CSV, Parquet and workbooks what is needed of `wanted` must be there. Raises CollectError.

    Of JSON with `lists`, the rows are those of the lists of this name, see `read_lists`.
    """
    with _opened(path) as stream:
        try:
            if form in ("parquet", "xlsx"):
                with _whole(stream) as file:
                    yield from _parquet(file, wanted) if form == "parquet" else read_workbook(file, wanted)
                return
            text = as_text(stream, encoding)
            if form == "csv":
                yield from _csv(Lines(text), "\t" if path.name.removesuffix(".gz").endswith(".tsv") else delimiter, wanted)
            elif form == "jsonl":
                yield from _jsonl(Lines(text))
            else:
                yield from read_list(text) if lists is None else read_lists(text, *lists)
        except CollectError as error:
            raise CollectError(f"{path.name}: {error}") from error
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise CollectError(f"{path.name}: the packed file is damaged or cut off ({error}): get it again") from error
        except OSError as error:
            raise CollectError(f"{path.name}: can't be read: {error.strerror or error}") from error


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """The file's bytes, unpacked where it is packed, whatever its name says."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise CollectError(f"{path.name}: can't be read: {error.strerror}") from error
    with file:
        start = file.read(2)
        file.seek(0)
        if not start:
            raise CollectError(f"{path.name}: the file is empty")
        if start == b"\x1f\x8b":
            with gzip.open(file) as unpacked:
                yield cast(IO[bytes], unpacked)
        else:
            yield file


@contextmanager
def _whole(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """The stream as a file that can be read at any place."""
    if not isinstance(stream, gzip.GzipFile):
        yield stream
        return
    with tempfile.TemporaryFile() as whole:
        while part := stream.read(CHUNK):
            whole.write(part)
        whole.seek(0)
        yield whole


def _csv(lines: Lines, delimiter: str, wanted: Wanted) -> Iterator[Row]:
    csv.field_size_limit(LONGEST)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number, header = wanted.header(_titles(lines, reader))
    hint = next((f"; or is the delimiter {other!r}?" for other in ";\t|," if len(header) == 1 and other in header[0]), "")
    wanted.check(header, number=number, hint=hint)
    while True:
        lines.begin()
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield _bad_csv(lines)
            lines.put_back()
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        if values:
            yield _csv_row(lines, header, values)


def _titles(lines: Lines, reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Rows in which a header may stand, with their lines. Raises CollectError where already the first can't be read."""
    first = True
    while True:
        lines.begin()
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if first:
                raise CollectError(f"line 1: the header can't be read: {error}") from error
            return
        first = False
        yield lines.taken[0][0], values


def _csv_row(lines: Lines, header: list[str], values: list[str]) -> Row:
    error = lines.wrong
    if error is None and len(values) != len(header):
        error = f"{len(values)} columns, the header has {len(header)}"
    return Row(lines.taken[0][0], dict(zip(header, values, strict=False)), "\x1f".join(values).encode("utf-8", "replace"), error)


def _bad_csv(lines: Lines) -> Row:
    reason = "a quote is opened and not closed" if len(lines.taken) > 1 else "quotes that don't fit"
    return _unread(lines, TOO_LONG if lines.wrong == TOO_LONG else reason)


def _unread(lines: Lines, reason: str) -> Row:
    """What is kept of a record that can't be read: its first line."""
    number, text, _ = lines.taken[0]
    return Row(number, {"line": text[:SHOWN]}, text.encode("utf-8", "replace"), reason)


def _jsonl(lines: Lines) -> Iterator[Row]:
    while True:
        lines.begin()
        try:
            text = next(lines)
        except StopIteration:
            return
        except csv.Error:
            yield _unread(lines, TOO_LONG)
            continue
        if text.strip():
            yield _json_row(lines, text)


def _json_row(lines: Lines, text: str) -> Row:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _unread(lines, lines.wrong or "broken JSON")
    if not isinstance(value, dict):
        return _unread(lines, lines.wrong or "not a record but a single value or a list")
    return Row(lines.taken[0][0], value, text.encode("utf-8", "replace"), lines.wrong)


def _parquet(file: IO[bytes], wanted: Wanted) -> Iterator[Row]:
    import pyarrow  # type: ignore[import-untyped]  # takes a while to import, and only Parquet needs it
    import pyarrow.parquet  # type: ignore[import-untyped]

    try:
        table = pyarrow.parquet.ParquetFile(file)
        header = wanted.named(table.schema_arrow.names)
        wanted.check(header)
        number = 0
        for batch in table.iter_batches(batch_size=ROWS):
            for record in batch.to_pylist():
                number += 1
                values = {name: plain(value) for name, value in zip(header, record.values(), strict=True)}
                yield Row(number, values, json.dumps(values, ensure_ascii=False).encode("utf-8", "replace"))
    except (pyarrow.ArrowException, ValueError) as error:
        raise CollectError(f"isn't Parquet, or is damaged: {str(error).splitlines()[0]}") from error
